#!/usr/bin/env bash
# The player's window in a virtual X server: its picture as docs/player.png, and whether play and
# stop do what they should.
#
#     tests/window/player.sh [FILE.png]
#
# Needs Xvfb, a software OpenGL, ImageMagick and xdotool (Debian: apt-get install xvfb
# libgl1-mesa-dri imagemagick xdotool). PLAYER names a built player; screen.sh says which variables
# it hears besides.
set -euo pipefail
cd "$(dirname "$0")/../.."
picture=${1:-docs/player.png}
player=${PLAYER:-}
if [ -z "$player" ]; then
    cargo build --release --package third-stream-player --bin play
    player=target/release/play
fi
WINDOW=none # the host of the editor's window is not needed here
SCREEN=960x644
source tests/window/screen.sh
pictures=$(mktemp -d)
trap 'kill $server; rm -rf "$display" "$pictures"' EXIT

shot() { import -window root -strip "PNG24:$pictures/$1.png"; }
# How many pixels of the strip's right end (the bar's number) or of the rolls differ.
differ() {
    compare -metric AE -extract "$3" "$pictures/$1.png" "$pictures/$2.png" null: 2>&1 || true
}
fail() {
    echo "$1" >&2
    cp "$pictures"/*.png "${TMPDIR:-/tmp}" 2>/dev/null || true
    exit 1
}

"$player" &
playing=$!
sleep "${WAIT:-8}"
kill -0 $playing 2>/dev/null || fail "the player has ended"
shot opened
colours=$(identify -format '%k' "$pictures/opened.png")
[ "$colours" -gt 50 ] || fail "nothing is drawn: $colours colours"
# Play.
xdotool mousemove 56 586 click 1
sleep 5
shot playing
[ "$(differ opened playing 200x30+860+572)" != 0 ] || fail "the position stands after Play"
# Stop: then nothing moves.
xdotool mousemove 56 586 click 1
sleep 1
shot stopped
sleep 1
shot still
[ "$(differ stopped still 200x30+860+572)" = 0 ] || fail "the position moves after Stop"
cp "$pictures/playing.png" "$picture"
kill $playing
echo "wrote $picture"
