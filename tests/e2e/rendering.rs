//! A bounce is identical to the playback, whatever the block size.

use third_stream_tests::clip;
use third_stream_tests::host::{Blocks, Pace, Setup};
use third_stream_tests::song::Script;

use crate::expected::assert_equal;
use crate::stage::plugin;

/// The clip, once through, with the knob on the move.
fn script() -> Script {
    let moves = (0..80).map(|beat| {
        let beat = f64::from(beat);
        (beat + 0.13, (beat / 11.0).sin())
    });
    Script::once(clip::song().knob(moves), 80.0)
}

#[test]
fn the_output_does_not_depend_on_the_block_size() {
    let Some(plugin) = plugin() else { return };
    let bounced = plugin.bounce(&[], &script());
    assert!(bounced.notes().len() > 300);
    let random = Blocks::random(6, 900);
    for blocks in [
        Blocks::Fixed(32),
        Blocks::Fixed(441),
        Blocks::Fixed(4096),
        random,
    ] {
        let setup = Setup::in_blocks(blocks.clone());
        let again = plugin.perform(&[], &script(), &setup);
        assert_equal(&bounced, &again, &format!("{blocks:?}"));
    }
}

#[test]
fn a_bounce_is_identical_to_the_playback() {
    let Some(plugin) = plugin() else { return };
    let bounced = plugin.bounce(&[], &script());
    let setup = Setup::paced(Pace::RealTime { group: 16.0 });
    let mut instance = plugin.instance(&[]);
    instance.wait_until_ready(&setup).unwrap();
    let played = instance.perform(&script(), &setup).unwrap();
    assert_equal(&bounced, &played, "playback");
}

/// Hosts that export by playing as fast as they can, and do not tell the plugin.
#[test]
fn an_export_that_is_not_announced_is_the_playback() {
    let Some(plugin) = plugin() else { return };
    let setup = Setup {
        pace: Pace::Rushed,
        blocks: Blocks::Fixed(4096),
        ..Setup::default()
    };
    let mut instance = plugin.instance(&[]);
    instance.wait_until_ready(&setup).unwrap();
    let rushed = instance.perform(&script(), &setup).unwrap();
    let bounced = plugin.bounce(&[], &script());
    assert_equal(&bounced, &rushed, "an export");
    // Nothing hangs, nothing is lost: drums and the rest of the trio sound on.
    let notes = rushed.notes();
    let drums = notes.iter().filter(|note| note.channel == 9).count();
    let played = clip::song().notes;
    assert_eq!(
        drums,
        played.iter().filter(|note| note.channel == 9).count()
    );
    assert!(notes.len() * 3 > played.len());
}
