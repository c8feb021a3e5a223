# To be sourced with bash's -e: a virtual screen with a window manager, and `finally COMMAND` for
# what is to be ended with the script. WORK is a folder for what they write.

endings=()
finally() { endings+=("$*"); }
end() {
    for ((index = ${#endings[@]} - 1; index >= 0; index--)); do
        eval "${endings[$index]}" || true
    done
}
trap end EXIT

# Xvfb picks a free display and says which.
Xvfb -displayfd 3 -screen 0 1280x900x24 3>"$WORK/display" 2>/dev/null &
finally kill $!
for _ in $(seq 100); do [ -s "$WORK/display" ] || sleep 0.1; done
DISPLAY=:$(cat "$WORK/display")
export DISPLAY
# Everything that a host keeps stays below the folder.
mkdir -p "$WORK/home" "$WORK/runtime"
chmod 700 "$WORK/runtime"
export HOME=$WORK/home XDG_RUNTIME_DIR=$WORK/runtime
openbox >/dev/null 2>&1 &
finally kill $!
sleep 1

# wait_for SECONDS COMMAND: until it succeeds.
wait_for() {
    local left=$(($1 * 2))
    shift
    until eval "$*" >/dev/null 2>&1; do
        ((left-- > 0)) || return 1
        sleep 0.5
    done
}
say() { echo "$*" | tee -a "$WORK/said"; }
