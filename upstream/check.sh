#!/usr/bin/env bash
# Applies each patch to its crate as crates.io has it, in order, and runs the tests that it brings:
# its tests alone must fail (or abort), with the rest of the patch they must pass.
#   upstream/check.sh
# Needs xvfb-run for baseview's windows. The first run needs the network, for the crates' own tests.
set -euo pipefail
cd "$(dirname "$0")/.."
patches=$PWD/upstream
work=$PWD/target/upstream
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$work/target}

# The crates' sources, in a workspace of their own with the versions that the plugin is built with.
mkdir -p "$work"
manifests=$(cargo metadata --locked --format-version 1 | grep -o '"manifest_path":"[^"]*"' | cut -d'"' -f4)
for crate in nice-plug-0.4.2 baseview-0.4.2 nice-plug-egui-0.6.0; do
    manifest=$(grep "/$crate/Cargo.toml$" <<<"$manifests")
    rm -rf "${work:?}/${crate%-*}"
    cp -r "$(dirname "$manifest")" "$work/${crate%-*}"
done
cat >"$work/Cargo.toml" <<'TOML'
[workspace]
resolver = "2"
members = ["nice-plug", "baseview", "nice-plug-egui"]
[patch.crates-io]
nice-plug = { path = "nice-plug" }
baseview = { path = "baseview" }
nice-plug-egui = { path = "nice-plug-egui" }
TOML
[ -e "$work/Cargo.lock" ] || cp Cargo.lock "$work"

# run CRATE [TEST]: the crate's tests, also those that need an X server.
run() {
    local cargo=(cargo test --quiet --manifest-path "$work/Cargo.toml" --package "$1" --lib)
    [ "$1" = baseview ] && cargo+=(--features opengl)
    "${cargo[@]}" --no-run 2>&1 &&
        timeout 120 xvfb-run -a -s -noreset "${cargo[@]}" -- --include-ignored "${@:2}" 2>&1
}

# verdict CRATE TEST: what came of that one test.
verdict() {
    case $(run "$1" "$2") in
        *"ok. 1 passed"*) echo passes ;;
        *"FAILED. 0 passed; 1 failed"*) echo fails ;;
        *SIGABRT*) echo aborts ;;
        *) echo "did-not-run" ;;
    esac
}

bad=0
for crate in nice-plug baseview nice-plug-egui; do
    cd "$work/$crate"
    for patch in "$patches/$crate"/*.patch; do
        files=$(sed -n 's,^+++ b/,,p' "$patch")
        mended=$(grep -v '/tests\.rs$' <<<"$files" || true)
        rm -rf "$work/saved"
        for file in $files; do
            mkdir -p "$work/saved/before/$(dirname "$file")" "$work/saved/after/$(dirname "$file")"
            [ ! -e "$file" ] || cp "$file" "$work/saved/before/$file"
        done
        patch --quiet --strip 1 --fuzz 0 <"$patch"
        tests=$(awk '/^\+#\[test\]/ { test = 1 } /^\+fn / && test { print substr($2, 1, index($2, "(") - 1); test = 0 }' "$patch")
        # The patch that only brings tests has nothing to fail without.
        [ "${patch##*/00-}" = "$patch" ] || { run "$crate" >/dev/null || bad=1; continue; }

        for file in $mended; do
            cp "$file" "$work/saved/after/$file"
            # The file as it was, with the line that declares its tests.
            { cat "$work/saved/before/$file"
              grep -q '^mod tests;' "$work/saved/before/$file" || grep -B 1 '^mod tests;' "$work/saved/after/$file" || true
            } >"$file"
        done
        without=$(for test in $tests; do verdict "$crate" "$test"; done)
        for file in $mended; do cat "$work/saved/after/$file" >"$file"; done
        with=$(for test in $tests; do verdict "$crate" "$test"; done)
        paste <(echo "$tests") <(echo "$without") <(echo "$with") | while IFS=$'\t' read -r test a b; do
            echo "$crate/$(basename "$patch" .patch): $test: without $a, with $b"
        done
        [ -n "$tests" ] && [ -z "$(grep -vE '^(fails|aborts)$' <<<"$without")$(grep -v '^passes$' <<<"$with")" ] || bad=1
    done
    echo "$crate, all patches:$(run "$crate" | sed -n 's/^test result: \([^;]*;[^;]*\);.*/ \1/p')"
done
[ "$bad" = 0 ] || { echo "a patch does not do what it says"; exit 1; }
