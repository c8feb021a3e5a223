#!/usr/bin/env bash
# The editor's live window, drawn by OpenGL in a virtual X server, as docs/editor-window.png.
#
#     tests/window/picture.sh [FILE.png]
#
# Needs Xvfb, a software OpenGL and ImageMagick (Debian: apt-get install xvfb libgl1-mesa-dri
# imagemagick). THIRD_STREAM_CLAP names a plugin that is there already.
set -euo pipefail
cd "$(dirname "$0")/../.."
picture=${1:-docs/editor-window.png}

if [ -z "${THIRD_STREAM_CLAP:-}" ]; then
    cargo xtask bundle
    export THIRD_STREAM_CLAP="target/bundled/Third Stream.clap"
fi
window=${WINDOW:-}
if [ -z "$window" ]; then
    cargo build --release --package third-stream-tests --bin window
    window=target/release/window
fi

# As large as the editor. Xvfb picks a free display and says which.
display=$(mktemp)
Xvfb -displayfd 3 -screen 0 960x560x24 3>"$display" 2>/dev/null &
server=$!
trap 'kill $server; rm -f "$display"' EXIT
until [ -s "$display" ]; do sleep 0.1; done
DISPLAY=:$(cat "$display")
export DISPLAY

"$window" 12 &
sleep 8
import -window root -strip "PNG24:$picture"
wait $!
echo "wrote $picture"
