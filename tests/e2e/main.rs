//! Tests on the built plugin, in small CLAP and VST3 hosts: what a musician's host does, and what
//! must hold whatever it does.
//!
//! They need the built bundles; `cargo xtask check` builds them with the real-time checks on and
//! says where they are. Without them they pass without having looked.

#![expect(
    clippy::unwrap_used,
    reason = "what a test builds on is a test's own failure"
)]

mod as_played;
mod expected;
mod golden;
mod in_place;
mod lifecycle;
mod music;
mod network;
#[cfg(target_os = "linux")]
mod own_weights;
mod passing;
mod realtime;
mod rendering;
mod short_of_memory;
mod stage;
mod together;
mod transport;
mod values;
mod vst3;

use std::io::Write as _;

#[test]
fn the_plugin_under_test_is_there() {
    if third_stream_tests::host::plugin_under_test().is_none() {
        // Past the test runner, which shows nothing of a test that passes.
        let _ = writeln!(
            std::io::stderr(),
            "the tests on the built plugin were skipped; `cargo xtask check` runs them"
        );
        return;
    }
    let library = third_stream_tests::host::load_plugin_under_test().unwrap();
    assert_eq!(library.name(), "Third Stream");
}
