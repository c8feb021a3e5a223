# To be sourced in the repository's root: the built plugin, the built host of a window, and a screen
# in memory that is as large as the editor, or as SCREEN says.
#
# THIRD_STREAM_CLAP names a plugin that is there already, WINDOW the built host.

if [ -z "${THIRD_STREAM_CLAP:-}" ]; then
    cargo xtask bundle
    export THIRD_STREAM_CLAP="target/bundled/Third Stream.clap"
fi
window=${WINDOW:-}
if [ -z "$window" ]; then
    cargo build --release --package third-stream-tests --bin window
    window=target/release/window
fi

# Xvfb picks a free display and says which.
display=$(mktemp)
Xvfb -displayfd 3 -screen 0 "${SCREEN:-960x560}x24" 3>"$display" 2>/dev/null &
server=$!
trap 'kill $server; rm -f "$display"' EXIT
until [ -s "$display" ]; do sleep 0.1; done
DISPLAY=:$(cat "$display")
export DISPLAY
