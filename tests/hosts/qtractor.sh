#!/usr/bin/env bash
# qtractor, on a JACK server without a sound card and a stand-in for ALSA's sequencer, plays the
# clip through the built CLAP, exports it, and saves and opens the session; listeners in front of
# the plugin and behind it write down what reaches it and what leaves it. Called by `cargo xtask hosts`, which puts clip.mid and a saved
# state into WORK and looks there for playback, export and said.
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
source ./display.sh
cd "$WORK"
for name in listener sequencer; do
    ${CC:-cc} -O1 -shared -fPIC -o "$name.so" "$here/qtractor/$name.c"
done
cp listener.so listener.clap

server=third-stream-$$
jackd -n "$server" -r -d dummy -r 48000 -p 1024 >jackd.log 2>&1 &
finally kill $!
export JACK_DEFAULT_SERVER=$server
sleep 2

knob=$(awk "BEGIN { print 0.5 + $1 / 200 }")
cat >session.qtr <<SESSION
<!DOCTYPE qtractor-session>
<session name="session">
<properties><sample-rate>48000</sample-rate><tempo>132</tempo><ticks-per-beat>960</ticks-per-beat>
<beats-per-bar>4</beats-per-bar><beat-divisor>2</beat-divisor></properties>
<devices><audio-engine><audio-bus name="Master" mode="duplex"><channels>2</channels></audio-bus>
</audio-engine><midi-engine><midi-bus name="Master" mode="duplex"/></midi-engine></devices>
<tracks><track name="clip" type="midi">
<properties><input-bus>Master</input-bus><output-bus>Master</output-bus>
<midi-channel>0</midi-channel></properties><state><gain>1</gain></state>
<clips><clip name="clip"><properties><name>clip</name><start>0</start><offset>0</offset>
<length>1920000</length><gain>1</gain></properties>
<midi-clip><filename>clip.mid</filename><track-channel>0</track-channel></midi-clip></clip></clips>
<plugins>
<plugin type="CLAP"><filename>$WORK/listener.clap</filename><index>1</index>
<label>Listener in front</label><activated>true</activated></plugin>
<plugin type="CLAP"><filename>$THIRD_STREAM_CLAP</filename><index>0</index>
<label>Third Stream</label><activated>true</activated>
<configs><config key="state">$(cat state)</config></configs>
<params><param name="Genre" index="0">$knob</param></params></plugin>
<plugin type="CLAP"><filename>$WORK/listener.clap</filename><index>0</index>
<label>Listener behind</label><activated>true</activated></plugin>
</plugins></track></tracks></session>
SESSION

export THIRD_STREAM_HEARD=$WORK/heard
window() { xdotool search --name "$1" 2>/dev/null | tail -n 1; }
host=
open() {
    : >heard
    : >heard.front
    LD_PRELOAD=$WORK/sequencer.so qtractor session.qtr >>qtractor.log 2>&1 &
    host=$!
    wait_for 60 '[ -n "$(window "session.qtr")" ]'
    # Time for its messages, and for the engine to load its weights.
    sleep 6
    main=$(window "session.qtr")
}
finally '[ -z "$host" ] || kill "$host"'
# Until the song has come to beat 82 since line $1 of what is heard.
played() { tail -n "+$1" heard | awk '$2 == "here" && $1 >= 82 { found = 1 } END { exit !found }'; }

open
say "version: $(qtractor --version 2>/dev/null | grep -io 'qtractor [0-9.]*' | head -n 1 | cut -d' ' -f2)"
press() {
    xdotool windowactivate --sync "$1"
    sleep 1
    xdotool key "$2"
}
press "$main" space
wait_for 120 played 1 || say "wrong: the song did not come to its end"
press "$main" space
sleep 1
cp heard playback
cp heard.front playback.front

# Export: the dialog's list of buses is clicked, the rest is as it is.
after=$(($(wc -l <heard) + 1))
front=$(($(wc -l <heard.front) + 1))
press "$main" alt+t
sleep 1
xdotool key x
sleep 1
xdotool key Return
if wait_for 20 '[ -n "$(window "Export Audio")" ]'; then
    dialog=$(window "Export Audio")
    sleep 1
    xdotool mousemove --window "$dialog" 262 138 click 1
    sleep 1
    press "$dialog" Return
    begin=$(date +%s%N)
    wait_for 120 played "$after" || say "wrong: the export did not come to its end"
    took=$((($(date +%s%N) - begin) / 100000000))
    tail -n "+$after" heard >export
    tail -n "+$front" heard.front >export.front
    say "beside: exported in $((took / 10)).$((took % 10)) s"
else
    say "wrong: there was no dialog for the export"
fi
sleep 1

# The signal by which sessions are saved.
state() { sed -n '/key="state"/,/<\/config>/p' session.qtr | tr -d ' \n'; }
kill -USR1 "$host"
sleep 3
state >state.first
kill "$host"
wait "$host" || true
open
case $(xdotool getwindowname "$main") in
*modified*) say "state: modified when it is opened" ;;
*) say "state: not modified when it is opened" ;;
esac
kill -USR1 "$host"
sleep 3
state >state.second
if [ -s state.first ] && cmp -s state.first state.second; then
    say "state: the same when it is saved again"
else
    say "wrong: another state when it is saved again"
fi
