#!/usr/bin/env bash
# Ardour itself, in a virtual X server and on a JACK server without a sound card: opens the session
# that run.sh has made (in WORK, which is Ardour's home, too), opens the plugin's window from the
# mixer, plays with it open, and closes it, three times. Called by run.sh with Ardour's folders in
# the environment; says what was seen in WORK/said. PICTURE names a file for a picture of the screen.
set -euo pipefail
cd "$(dirname "$0")"
ardour=$1
home=$HOME
source ../hosts/display.sh
export HOME=$home

server=third-stream-$$
jackd -t 20000 -n "$server" -r -d dummy -r 48000 -p 1024 >"$WORK/jackd.log" 2>&1 &
finally kill $!
export JACK_DEFAULT_SERVER=$server
sleep 2

version=${ardour##*/ardour}
# The mark that Ardour was run before: without it, it asks its first questions.
mkdir -p "$HOME/.config/ardour$version"
touch "$HOME/.config/ardour$version/.a$version"
GTK_PATH=/etc/ardour$version "$ardour"/ardour-"$version"* --no-announcements --no-splash \
    "$HOME/session" session >"$WORK/window.log" 2>&1 &
host=$!
finally kill $host

window() { xdotool search --onlyvisible --name "$1" 2>/dev/null | tail -n 1; }
at() { xdotool mousemove "$1" "$2" sleep 0.5 click "${3:-1}"; }
# The session was made on another device: Ardour asks whether that is meant, and for its audio
# system, the second of which is JACK; then there is a button to connect.
connect() {
    at 650 329
    xdotool sleep 1 key Down sleep 1 key Return sleep 2
    at 932 634
    sleep 3
}
for _ in $(seq 20); do
    sleep 3
    [ -z "$(window "^session - Ardour")" ] || break
    if [ -n "$(window "Audio/MIDI Setup")" ]; then connect; else xdotool key Return; fi
done
main=$(window "^session - Ardour")
[ -n "$main" ] || { say "wrong: the session did not open in Ardour's window"; exit 1; }
sleep 5
xdotool windowactivate "$main" sleep 1 key alt+m sleep 3

opened=0 closed=0
for turn in 1 2 3; do
    for attempt in 1 2 3; do
        # The plugin's slot in the first strip of the mixer.
        xdotool windowactivate "$main" sleep 1 mousemove 335 206 click --repeat 2 --delay 60 1
        wait_for 10 '[ -n "$(window "^clip: Third Stream")" ]' && break
        import -window root "$WORK/screen.png" 2>/dev/null || true
    done
    [ -n "$(window "^clip: Third Stream")" ] || continue
    opened=$((opened + 1))
    sleep 2
    xdotool windowactivate "$main" sleep 1 key space sleep 8
    [ -z "${PICTURE:-}" ] || [ $turn != 1 ] || import -window "$(window "^clip: Third Stream")" "$PICTURE"
    xdotool key space sleep 1
    wmctrl -c "clip: Third Stream" || true
    wait_for 20 '[ -z "$(window "^clip: Third Stream")" ]' && kill -0 "$host" && closed=$((closed + 1))
done
say "window: opened $opened and closed $closed times of 3, the song playing"
