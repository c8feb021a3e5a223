//! A roll as a Standard MIDI file.

use midly::num::{u4, u7, u15, u24, u28};
use midly::{
    Format, Header, MetaMessage, MidiMessage, Smf, Timing, Track, TrackEvent, TrackEventKind,
};

use crate::roll::notes::NoteRoll;
use crate::roll::{STEPS, key_of_row};

/// Ticks of a step: a 16th at 480 ticks a quarter.
const STEP: u32 = 120;
/// Microseconds of a quarter at 120 beats a minute.
const TEMPO: u32 = 500_000;
/// How hard every note is struck.
const VELOCITY: u8 = 90;

/// The roll as a file of type 0 with one track of this name: four bars of 4/4 at 120 beats a
/// minute, channel 1, all notes as loud.
pub fn write(roll: &NoteRoll, name: &str) -> Vec<u8> {
    let meta = |message| (0, TrackEventKind::Meta(message));
    let mut events = vec![
        meta(MetaMessage::TrackName(name.as_bytes())),
        meta(MetaMessage::Tempo(u24::new(TEMPO))),
        meta(MetaMessage::TimeSignature(4, 2, 24, 8)),
    ];
    let mut ends: Vec<(usize, bool, usize)> = Vec::new();
    for note in roll.notes() {
        let (start, row) = (usize::from(note.start), usize::from(note.row));
        ends.extend([(start, true, row), (note.end(), false, row)]);
    }
    // Ends first, so that a pitch can be struck again at once.
    ends.sort_unstable();
    let ends = ends.into_iter();
    events.extend(ends.map(|(step, begins, row)| (step as u32 * STEP, note(row, begins))));
    let end = MetaMessage::EndOfTrack;
    events.push((STEPS as u32 * STEP, TrackEventKind::Meta(end)));
    let mut now = 0;
    let track: Track = events
        .into_iter()
        .map(|(tick, kind)| {
            let delta = u28::new(tick - now);
            now = tick;
            TrackEvent { delta, kind }
        })
        .collect();
    let header = Header::new(
        Format::SingleTrack,
        Timing::Metrical(u15::new(4 * STEP as u16)),
    );
    let mut bytes = Vec::new();
    let smf = Smf {
        header,
        tracks: vec![track],
    };
    // Writing into memory cannot fail, and four bars are far below a chunk's largest size.
    let _ = smf.write(&mut bytes);
    bytes
}

fn note(row: usize, begins: bool) -> TrackEventKind<'static> {
    let (key, vel) = (u7::new(key_of_row(row)), u7::new(VELOCITY));
    TrackEventKind::Midi {
        channel: u4::new(0),
        message: if begins {
            MidiMessage::NoteOn { key, vel }
        } else {
            MidiMessage::NoteOff { key, vel }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::notes::tests::any_notes;
    use crate::song::Song;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_written_is_read_again(roll in any_notes()) {
            let smf = crate::smf::Smf::read(&write(&roll, "phrase")).unwrap();
            let song = Song::of(&smf).unwrap();
            prop_assert_eq!(song.grid().slots().len(), 4);
            let expected = if roll.is_empty() { vec![] } else { vec![roll] };
            prop_assert_eq!(song.rolls(), expected);
        }
    }
}
