#!/usr/bin/env bash
# How often the editor's window is drawn, and what CPU time the process takes for it, while the song
# stands and while it plays by the clock: in a virtual X server with a software OpenGL.
#
#     tests/window/measure.sh [SECONDS]      of each (20)
#
# Needs Xvfb and a software OpenGL (Debian: apt-get install xvfb libgl1-mesa-dri). screen.sh says
# which variables it hears.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/window/screen.sh
"$window" "${1:-20}" --measure
