-- Plays the clip through the plugin in real time, records what leaves it on another track, and
-- compares that with what the tests' own host got. The last line says how it went.
local folder, amount = arg[1], tonumber(arg[2])

-- Beats from the song's start to where the result begins, and beats to play.
local DELAY, BEATS, TEMPO = 16, 82, 132
-- Beats that count as the same: hosts count in samples.
local NEAR = 0.01

AudioEngine:set_backend("None (Dummy)", "", ""):set_device_name("Silence")
AudioEngine:start(false)
local session = load_session(folder, "session")
assert(session, "the session was not loaded")

local tracks = {}
for route in session:get_routes():iter() do
	tracks[route:name()] = route
end

local plugin = ARDOUR.LuaAPI.new_plugin(session, "Third Stream", ARDOUR.PluginType.VST3, "")
assert(not plugin:isnil(), "Ardour does not know the plugin")
tracks.clip:add_processor_by_index(plugin, 0, nil, true)
-- The knob, in percent: Ardour speaks in the plugin's own values.
assert(ARDOUR.LuaAPI.set_processor_param(plugin, 0, amount))

-- Behind it, for the export, which nothing records.
local listener = ARDOUR.LuaAPI.new_plugin(session, "urn:third-stream:listener",
	ARDOUR.PluginType.LV2, "")
assert(not listener:isnil(), "Ardour does not know the listener")
tracks.clip:add_processor_by_index(listener, 1, nil, true)

local out = tracks.clip:output():midi(0)
local into = tracks.result:input():midi(0)
tracks.result:input():disconnect_all(nil)
assert(out:connect(into:name()) == 0, "the tracks were not connected")
tracks.result:to_track():rec_enable_control():set_value(1, PBD.GroupControlDisposition.NoGroup)

-- Time for the engine to load its weights.
sleep(3)
session:goto_start(false)
sleep(1)
session:maybe_enable_record(false)
session:request_roll(ARDOUR.TransportRequestSource.TRS_UI)
-- Its engine without a sound card may be slower than the clock on the wall.
local last = BEATS * 60 / TEMPO * session:nominal_sample_rate()
for _ = 1, 4 * math.ceil(BEATS * 60 / TEMPO) do
	if session:transport_sample() >= last then break end
	sleep(1)
end
session:request_stop(false, false, ARDOUR.TransportRequestSource.TRS_UI)
sleep(3)

-- Beats as a number: Ardour writes them as beats and ticks of 1/1920.
local function number(beats)
	local whole, ticks = tostring(beats):match("^(-?%d+):(-?%d+)$")
	return tonumber(whole) + tonumber(ticks) / 1920
end

-- The notes of a track: key, channel, start and length in beats.
local function notes(track)
	local list = {}
	for region in track:to_track():playlist():region_list():iter() do
		local model = region:to_midiregion():model()
		local start = number(region:position():beats())
		for note in ARDOUR.LuaAPI.note_list(model):iter() do
			table.insert(list, {
				key = note:note(),
				channel = note:channel(),
				velocity = note:velocity(),
				on = start + number(note:time()),
				length = number(note:length()),
			})
		end
	end
	return list
end

local found, wanted = notes(tracks.result), notes(tracks.expected)

-- A velocity may be one less: Ardour cuts off the fraction that the tests' host rounds.
local function same(a, b)
	local louder = b.velocity - a.velocity
	return a.key == b.key and a.channel == b.channel and (louder == 0 or louder == 1)
		and math.abs(a.on - b.on - DELAY) < NEAR and math.abs(a.length - b.length) < 2 * NEAR
end

-- Each expected note takes one that was recorded; what is left on either side is wrong.
local missing = {}
for _, note in ipairs(wanted) do
	local match
	for index, other in ipairs(found) do
		if same(other, note) then match = index break end
	end
	if match then table.remove(found, match) else table.insert(missing, note) end
end
local function list(title, notes, later)
	for index = 1, math.min(#notes, 20) do
		local note = notes[index]
		print(string.format("%s: key %d channel %d velocity %d at %.4f for %.4f beats", title,
			note.key, note.channel, note.velocity, note.on + later, note.length))
	end
end
list("missing", missing, DELAY)
list("not expected", found, 0)
print(string.format("Ardour at %d %%: %d of %d notes as expected, %d missing, %d not expected",
	amount, #wanted - #missing, #wanted, #missing, #found))
local good = #missing + #found == 0 and #wanted > 0
tracks.result:to_track():rec_enable_control():set_value(0, PBD.GroupControlDisposition.NoGroup)
session:save_state("")
os.exit(good and 0 or 1)
