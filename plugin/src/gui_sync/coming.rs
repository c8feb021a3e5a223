//! Position in the roll at which incoming notes will sound.

use third_stream_model::roll::{STEPS, STEPS_PER_SLOT, row_of_key};

use crate::editor::IncomingNote;
use crate::incoming::HeardNotes;
use crate::rt::snapshot::{CoreView, PlayState};
use crate::values::{Delay, Mode};

/// Steps per quarter note.
const QUARTER: f64 = 4.0;

/// Incoming notes, as the roll shows them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Coming {
    /// Live, while the first group comes in: the number of its bar, from 1; 0 otherwise.
    pub(super) bar: u8,
    /// Playhead, in steps of the roll.
    pub(super) playhead: Option<f32>,
    pub(super) notes: Vec<IncomingNote>,
}

impl Coming {
    /// A note sounds one whole group later, so at the same place in the roll.
    pub(super) fn of(heard: &HeardNotes, shown: &CoreView, mode: Mode, delay: Delay) -> Self {
        let bars = f64::from(delay.bars());
        let (mut bar, mut first) = (0, f32::from(shown.first_step));
        let playhead = match (shown.state, mode) {
            (PlayState::Stopped | PlayState::Bypassed, _) => return Self::default(),
            (PlayState::Listening, Mode::Live) => {
                let into = heard.now % (bars * heard.bar.max(0.25));
                bar = (into / heard.bar.max(0.25)) as u8 + 1;
                first = (STEPS - usize::from(delay.bars()) * STEPS_PER_SLOT) as f32;
                first + (into * QUARTER) as f32
            }
            _ => shown.playhead,
        };
        if mode == Mode::InPlace {
            first = 0.0;
        }
        let place = |at: f64| playhead - ((heard.now - at) * QUARTER) as f32;
        let notes = heard.notes.iter().filter_map(|note| {
            let row = row_of_key(note.key)? as u8;
            let (start, end) = (place(note.start), place(note.end));
            let is_shown = start > first - 0.5 && end <= STEPS as f32 + 0.5;
            is_shown.then_some(IncomingNote { row, start, end })
        });
        Self {
            bar,
            playhead: Some(playhead),
            notes: notes.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incoming::Coming as Note;

    fn heard(now: f64) -> HeardNotes {
        let note = |key, start, end| Note { key, start, end };
        HeardNotes {
            notes: vec![
                note(60, 8.5, 9.0),
                note(64, now - 1.0, now),
                note(0, now, now),
            ],
            now,
            bar: 4.0,
        }
    }

    #[test]
    fn the_first_bars_are_counted_while_they_are_heard() {
        let listening = CoreView {
            state: PlayState::Listening,
            ..CoreView::default()
        };
        let coming = Coming::of(&heard(10.0), &listening, Mode::Live, Delay::Four);
        assert_eq!((coming.bar, coming.playhead), (3, Some(40.0)));
        let starts: Vec<f32> = coming.notes.iter().map(|note| note.start).collect();
        assert_eq!(starts, [34.0, 36.0], "no row for the lowest key");
        let coming = Coming::of(&heard(10.0), &listening, Mode::Live, Delay::Two);
        assert_eq!((coming.bar, coming.playhead), (1, Some(40.0)));
    }

    #[test]
    fn what_is_played_is_at_the_playhead_and_older_groups_are_gone() {
        let playing = CoreView {
            state: PlayState::Playing,
            playhead: 18.0,
            first_step: 16,
            ..CoreView::default()
        };
        let coming = Coming::of(&heard(20.0), &playing, Mode::Live, Delay::Four);
        assert_eq!(coming.notes, [], "both began before the group");
        let coming = Coming::of(&heard(20.0), &playing, Mode::InPlace, Delay::Four);
        assert_eq!((coming.bar, coming.notes[0].start), (0, 14.0));
        let stopped = CoreView::default();
        let coming = Coming::of(&heard(20.0), &stopped, Mode::Live, Delay::Four);
        assert_eq!(coming, Coming::default());
    }
}
