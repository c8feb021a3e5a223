-- Makes a session with three MIDI tracks: the clip, what leaves the plugin, what should leave it.
-- run.sh puts the clips into it, because Lua has no way to import a file.
local folder = arg[1]

AudioEngine:set_backend("None (Dummy)", "", ""):set_device_name("Silence")
AudioEngine:start(false)
local session = create_session(folder, "session", 48000)
for _, name in ipairs { "clip", "result", "expected" } do
	local midi = ARDOUR.ChanCount(ARDOUR.DataType("midi"), 1)
	session:new_midi_track(midi, midi, true, ARDOUR.PluginInfo(), nil, nil, 1, name,
		ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
end
session:save_state("")
close_session()
quit()
