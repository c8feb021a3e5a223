//! Drum parts by every way in which a file marks them.

use super::*;
use crate::smf::Exclusive;
use crate::smf::tests::file;
use crate::song::{PartSelection, Song};

/// System exclusive messages with delta time 0.
const GS_DRUMS_11: [u8; 13] = [
    0, 0xf0, 10, 0x41, 16, 0x42, 0x12, 0x40, 0x1a, 0x15, 1, 0x10, 0xf7,
];
const GS_RESET: [u8; 13] = [
    0, 0xf0, 10, 0x41, 16, 0x42, 0x12, 0x40, 0, 0x7f, 0, 0x41, 0xf7,
];
const XG_DRUMS_11: [u8; 11] = [0, 0xf0, 8, 0x43, 0x10, 0x4c, 0x08, 10, 7, 2, 0xf7];
const GM_ON: [u8; 8] = [0, 0xf0, 5, 0x7e, 0x7f, 9, 1, 0xf7];

/// A quarter of key 60 (96 ticks) on channel 11.
const HIT: [u8; 7] = [0, 0x9a, 60, 80, 96, 60, 0];

/// Which of the hits in a track, in their order, are drums.
fn drums(parts: &[&[u8]]) -> Vec<bool> {
    let track = [&parts.concat()[..], &[0, 0xff, 0x2f, 0]].concat();
    in_tracks(&[&track])
}

fn in_tracks(tracks: &[&[u8]]) -> Vec<bool> {
    let smf = Smf::read(&file(1, [0, 96], tracks)).unwrap();
    let song = Song::of(&smf).unwrap();
    song.notes()
        .iter()
        .map(crate::song::SongNote::is_drum)
        .collect()
}

const fn bank(value: u8) -> [u8; 4] {
    [0, 0xba, 0, value]
}

const PROGRAM: [u8; 3] = [0, 0xca, 0];

#[test]
fn a_part_is_drums_by_its_mode_or_by_a_kit() {
    assert_eq!(drums(&[&HIT]), [false]);
    assert_eq!(drums(&[&HIT, &GS_DRUMS_11, &HIT]), [false, true]);
    assert_eq!(drums(&[&XG_DRUMS_11, &HIT, &GM_ON, &HIT]), [true, false]);
    for kits in [120, 126, 127] {
        let change = [bank(kits).as_slice(), &PROGRAM].concat();
        assert_eq!(drums(&[&HIT, &change, &HIT]), [false, true]);
        // Back to a melodic bank: with the next program.
        assert_eq!(
            drums(&[&change, &bank(0), &HIT, &PROGRAM, &HIT]),
            [true, false]
        );
        // A GS reset: these banks are melodic there, and part modes are set back.
        assert_eq!(drums(&[&GS_DRUMS_11, &GS_RESET, &change, &HIT]), [false]);
    }
    assert_eq!(drums(&[&bank(121), &PROGRAM, &HIT]), [false]);
}

#[test]
fn channel_10_is_always_drums() {
    let mut parts = DrumParts::default();
    for channel in 0..16 {
        assert_eq!(parts.is_drum(channel), channel == 9);
    }
    parts.controller(9, 0, 121);
    parts.program(9);
    let (channel, drums) = (9, false);
    parts.exclusive(Exclusive::Part { channel, drums });
    assert!(parts.is_drum(9));
}

#[test]
fn the_parts_of_a_gs_module_are_counted_from_the_drum_part() {
    let part = |block| Exclusive::of(&[0x41, 16, 0x42, 0x12, 0x40, block, 0x15, 1, 0, 0xf7]);
    for (block, channel) in [(0x10, 9), (0x11, 0), (0x19, 8), (0x1a, 10), (0x1f, 15)] {
        let drums = true;
        assert_eq!(part(block), Some(Exclusive::Part { channel, drums }));
    }
    assert_eq!(part(0x20), None);
}

#[test]
fn a_track_that_chooses_its_own_programs_follows_these() {
    let end = [0, 0xff, 0x2f, 0];
    let kit = [&bank(127)[..], &PROGRAM, &HIT, &end].concat();
    let piano = [&PROGRAM[..], &HIT, &end].concat();
    let plain = [&HIT[..], &end].concat();
    // Two ports use the channel; the third track follows the changes of all.
    assert_eq!(in_tracks(&[&kit, &piano]), [true, false]);
    assert_eq!(in_tracks(&[&kit, &plain]), [true, true]);
}

#[test]
fn drums_on_another_channel_are_neither_transferred_nor_learned() {
    let track = [
        &GS_DRUMS_11[..],
        &HIT,
        &[0, 0x90, 72, 80, 96, 72, 0],
        &[0, 0xff, 0x2f, 0],
    ];
    let smf = Smf::read(&file(0, [0, 96], &[&track.concat()])).unwrap();
    let song = Song::of(&smf).unwrap();
    let phrases = song.phrases(&PartSelection::default());
    assert_eq!(phrases[0].notes, [1]);
    let mut channel = PartSelection::default();
    channel.channels.insert(10);
    assert_eq!(
        song.phrases(&channel).len(),
        0,
        "not even where it is named"
    );
    let rolls = song.rolls();
    assert_eq!((rolls.len(), rolls[0].sounding().count()), (1, 4));
}
