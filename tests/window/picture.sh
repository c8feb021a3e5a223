#!/usr/bin/env bash
# The editor's live window, drawn by OpenGL in a virtual X server, in a window of a small host.
#
#     tests/window/picture.sh [FILE.png]
#
# Needs Xvfb, a software OpenGL and ImageMagick (Debian: apt-get install xvfb libgl1-mesa-dri
# imagemagick). screen.sh says which variables it hears.
set -euo pipefail
cd "$(dirname "$0")/../.."
picture=${1:-editor-window.png}
source tests/window/screen.sh
"$window" 12 &
sleep 8
import -window root -strip "PNG24:$picture"
wait $!
echo "wrote $picture"
