#!/usr/bin/env bash
# A host that is a Python package: its script, on a virtual screen. Called by `cargo xtask hosts`
# with the amount and the package's name.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/display.sh"
export PYTHONDONTWRITEBYTECODE=1
said=$("$PYTHON" "$here/in_$2.py" "$THIRD_STREAM_VST3" "$WORK") || say "wrong: it ended with $?"
while read -r line; do [ -z "$line" ] || say "$line"; done <<<"$said"
