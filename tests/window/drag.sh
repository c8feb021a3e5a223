#!/usr/bin/env bash
# Drags a phrase out of the editor's live window onto a window that takes files, in a virtual X
# server: within the editor nothing is dropped, on the other window the file's name arrives, the
# file is a MIDI file, and an editor that closes in the middle of a drag ends well.
#
#     tests/window/drag.sh
#
# Needs Xvfb, a software OpenGL and xdotool (Debian: apt-get install xvfb libgl1-mesa-dri xdotool);
# without Xvfb or xdotool it says so and passes without having looked. screen.sh says which
# variables it hears; SECONDS_OPEN is how long the editor is open (20), WAIT how long it takes to
# come (8).
set -euo pipefail
cd "$(dirname "$0")/../.."
for need in Xvfb xdotool; do
    command -v $need >/dev/null || { echo "skipped: $need is not installed"; exit 0; }
done
SCREEN=1200x560
source tests/window/screen.sh
home=$(mktemp -d)
trap 'kill $server; rm -rf "$display" "$home"' EXIT
said=$home/said
fail() {
    echo "$1; the target said:" >&2
    cat "$said" >&2
    exit 1
}
# From "Save MIDI", held, to a place, in steps as a hand would.
drag_to() {
    xdotool mousemove 704 24 sleep 0.2 mousedown 1 sleep 0.2 mousemove 720 30 sleep 0.1
    xdotool mousemove 720 60 sleep 0.1 mousemove 800 120 sleep 0.2
    xdotool mousemove "$1" "$2" sleep 0.2 mousemove "$(($1 + 5))" "$2" sleep 0.5
}
count() { find "$home/Third Stream" -name 'Phrase*.mid' 2>/dev/null | wc -l; }

# The plugin finds no folder for music in an empty home, and saves there.
HOME=$home XDG_CONFIG_HOME=$home/.config "$window" "${SECONDS_OPEN:-20}" --drop >"$said" &
opened=$!
sleep "${WAIT:-8}"
kill -0 $opened 2>/dev/null || fail "the window has ended"

drag_to 500 300
xdotool mouseup 1
sleep 0.5
[ "$(count)" = 1 ] || fail "no drag began: $(count) files"
[ ! -s "$said" ] || fail "the target was told of a drag that stayed in the editor"

drag_to 1080 180
xdotool mouseup 1
sleep 1
[ "$(count)" = 2 ] || fail "$(count) files after two drags"
uri=$(sed -n 's/^dropped //p' "$said")
[ "$uri" = "file://$home/Third%20Stream/Phrase%202.mid" ] || fail "dropped: '$uri'"
[ "$(head -c 4 "$home/Third Stream/Phrase 2.mid")" = MThd ] || fail "no MIDI file"

xdotool mousemove 704 24 sleep 0.2 click 1 sleep 0.5
[ "$(count)" = 3 ] || fail "a click saves no more"

# Held over the target until the editor closes.
drag_to 1080 180
wait $opened || fail "the host ended with an error"
[ "$(grep -c ^dropped "$said")" = 1 ] || fail "dropped without letting go"
[ "$(tail -n 1 "$said")" = left ] || fail "the target was not told that the editor closed"
echo "dragged: $uri"
