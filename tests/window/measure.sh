#!/usr/bin/env bash
# How often the editor's window is drawn, and what CPU time the process takes for it, while the song
# stands and while it plays by the clock: in a virtual X server with a software OpenGL.
#
#     tests/window/measure.sh [SECONDS]      of each (20)
#
# Needs Xvfb and a software OpenGL (Debian: apt-get install xvfb libgl1-mesa-dri).
# THIRD_STREAM_CLAP names a plugin that is there already, WINDOW the built host.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-20}

if [ -z "${THIRD_STREAM_CLAP:-}" ]; then
    cargo xtask bundle
    export THIRD_STREAM_CLAP="target/bundled/Third Stream.clap"
fi
window=${WINDOW:-}
if [ -z "$window" ]; then
    cargo build --release --package third-stream-tests --bin window
    window=target/release/window
fi

display=$(mktemp)
Xvfb -displayfd 3 -screen 0 960x560x24 3>"$display" 2>/dev/null &
server=$!
trap 'kill $server; rm -f "$display"' EXIT
until [ -s "$display" ]; do sleep 0.1; done
DISPLAY=:$(cat "$display")
export DISPLAY
"$window" "$seconds" --measure
