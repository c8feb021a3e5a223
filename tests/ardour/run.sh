#!/usr/bin/env bash
# Ardour plays the clip through the built VST3, and what it records must be the notes that the
# tests' own host got. In real time, about a minute; no sound card and no display.
#
#     tests/ardour/run.sh [AMOUNT]      the knob towards classic, 0 to 100 % (100)
#
# Needs Ardour 7 or newer (Debian: apt-get install ardour) and a C compiler. THIRD_STREAM_VST3 names
# a bundle that is there already, PLAY the command that stands for `cargo xtask play`, WORK an empty
# folder that stays: `cargo xtask hosts` looks there for what should leave the plugin
# (expected.mid) and for what left it as it played and in an export (playback, export: in seconds).
# Where Xvfb, openbox, xdotool, wmctrl and jackd are installed, Ardour's own window is tried, too.
set -euo pipefail
amount=${1:-100}
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

ardour=$(ls -d /usr/lib/ardour[0-9]* | tail -n 1)
version=${ardour##*/ardour}
export LD_LIBRARY_PATH=$ardour ARDOUR_DLL_PATH=$ardour
export ARDOUR_DATA_PATH=/usr/share/ardour$version ARDOUR_CONFIG_PATH=/etc/ardour$version

bundle=${THIRD_STREAM_VST3:-}
if [ -z "$bundle" ]; then
    cargo xtask bundle
    bundle="target/bundled/Third Stream.vst3"
fi

# Ardour keeps everything below HOME.
work=${WORK:-}
if [ -z "$work" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
fi
trap 'echo "line $LINENO failed" >&2' ERR
play=(${PLAY:-cargo xtask play})
play+=(--one-track --view never)
# As played, a file comes out as it went in: this only puts all channels into one track.
rm -f "$work/clip.mid" "$work/expected.mid"
"${play[@]}" tests/fixtures/clip.mid --amount 0 --out "$work/clip.mid"
"${play[@]}" "$work/clip.mid" --amount "$amount" --out "$work/expected.mid"
export HOME=$work
mkdir "$work/.vst3"
# With its own time: Ardour takes a plugin that is as new as the scan for a changed one.
cp -rp "$bundle" "$work/.vst3/"
"$ardour/ardour-vst3-scanner" --quiet "$work/.vst3/Third Stream.vst3"

mkdir -p "$work/.lv2"
cp -r "$here/listener.lv2" "$work/.lv2/"
${CC:-cc} -O1 -shared -fPIC -o "$work/.lv2/listener.lv2/listener.so" "$here/listener.c"
export LV2_PATH=$work/.lv2

session=$work/session
"$ardour/luasession" "$here/session.lua" "$session"
cp "$work/clip.mid" "$work/expected.mid" "$session/interchange/session/midifiles/"

# The two clips as sources and regions of 64 beats (of 1,920 ticks), at the clip's tempo.
file=$session/session.ardour
region() {
    echo "<Region name=\"$1\" id=\"$3\" type=\"midi\" source-0=\"$2\" master-source-0=\"$2\"" \
        "start=\"b0\" length=\"b122880@b0\" sync-position=\"b0\" ancestral-start=\"b0\"" \
        "ancestral-length=\"b122880@b0\" stretch=\"1\" shift=\"1\" layering-index=\"0\"" \
        "opaque=\"1\" muted=\"0\" locked=\"0\" video-locked=\"0\" automatic=\"0\"" \
        "whole-file=\"0\" import=\"0\" external=\"0\" sync-marked=\"0\" hidden=\"0\"" \
        "left-of-split=\"0\" right-of-split=\"0\" position-locked=\"0\" valid-transients=\"0\"" \
        "tags=\"\" contents=\"0\" region-group=\"0\" first-edit=\"nothing\"/>"
}
sed -i -e 's|npm="120" enpm="120"|npm="132" enpm="132"|' \
    -e 's|<Sources/>|<Sources><Source name="clip.mid" type="midi" flags="" id="90001"/><Source name="expected.mid" type="midi" flags="" id="90002"/></Sources>|' \
    "$file"
for name in clip expected; do
    [ "$name" = clip ] && source=90001 || source=90002
    sed -i "s|\(<Playlist [^>]*name=\"$name\"[^>]*[^/]\)/>|\1>$(region $name $source ${source}1)</Playlist>|" "$file"
done

failed=0
THIRD_STREAM_HEARD=$work/playback "$ardour/luasession" "$here/play.lua" "$session" "$amount" |
    tee "$work/played" || failed=$?
{
    echo "version: $(ls "$ardour" | sed -n 's/^ardour-\([0-9.]*\).*/\1/p' | head -n 1)"
    echo "state: the export is of the saved session"
    echo "beside: recorded $(sed -n 's/^Ardour at.*: \(.*\) notes as expected.*/\1/p' "$work/played")"
} >"$work/said"
# Exports the session, as fast as it goes; the plugin is not told. Ardour's tool ends with an abort
# or with nothing now and then, also without the plugin in the session: then once more.
for _ in 1 2 3; do
    rm -f "$work/export"
    if THIRD_STREAM_HEARD=$work/export "$ardour/utils/ardour$version-export" \
        --output "$work/export.wav" "$session" session && [ -s "$work/export" ]; then
        break
    fi
    echo "beside: an export of Ardour's held nothing or was aborted, and was done again" >>"$work/said"
done
[ -s "$work/export" ] || { echo "wrong: three exports held nothing" >>"$work/said"; failed=1; }
# Its window, where there is what a screen of its own needs.
for need in Xvfb openbox xdotool wmctrl jackd; do
    if ! command -v $need >/dev/null; then
        echo "window: not tried, there is no $need" >>"$work/said"
        exit $failed
    fi
done
WORK=$work "$here/window.sh" "$ardour"
exit $failed
