//! A roll's notes as MIDI events: a file of them has four bars of 4/4 at 120 beats a minute.

use midly::num::{u4, u7, u24};
use midly::{MetaMessage, MidiMessage, TrackEventKind};

use super::notes::NoteRoll;
use super::{STEPS, key_of_row};

/// Ticks of a quarter note.
pub const QUARTER: u16 = 480;
/// Ticks of a step, a 16th.
pub const STEP: u32 = QUARTER as u32 / 4;
/// Ticks of a phrase.
pub const PHRASE: u32 = STEPS as u32 * STEP;
/// Microseconds of a quarter note: 120 beats a minute. Hosts place notes by their beats.
pub const TEMPO: u32 = 500_000;
/// Velocity of every note: rolls know no loudness.
const VELOCITY: u8 = 90;

/// The events at the start of a file: `name`, tempo and 4/4.
pub fn head(name: &str) -> Vec<(u32, TrackEventKind<'_>)> {
    let metas = [
        MetaMessage::TrackName(name.as_bytes()),
        MetaMessage::Tempo(u24::new(TEMPO)),
        MetaMessage::TimeSignature(4, 2, 24, 8),
    ];
    metas.map(|meta| (0, TrackEventKind::Meta(meta))).into()
}

/// The note-ons and note-offs of a roll at their ticks, on a channel 0..=15.
pub fn events(roll: &NoteRoll, channel: u8) -> Vec<(u32, TrackEventKind<'static>)> {
    let mut ends: Vec<(usize, bool, u8)> = Vec::new();
    for note in roll.notes() {
        ends.extend([
            (note.end(), false, note.row),
            (usize::from(note.start), true, note.row),
        ]);
    }
    // Ends first, so that a pitch can be struck again at once.
    ends.sort_unstable();
    let event = |(step, begins, row): (usize, bool, u8)| {
        let (key, vel) = (u7::new(key_of_row(usize::from(row))), u7::new(VELOCITY));
        let message = if begins {
            MidiMessage::NoteOn { key, vel }
        } else {
            MidiMessage::NoteOff { key, vel }
        };
        let channel = u4::new(channel);
        (
            step as u32 * STEP,
            TrackEventKind::Midi { channel, message },
        )
    };
    ends.into_iter().map(event).collect()
}
