//! Music for the tests.

use third_stream_model::roll::notes::NoteRoll;
use third_stream_tests::dice::Dice;
use third_stream_tests::song::ClipNote;

use crate::expected::rolled;

/// Notes without any period: a delay can then be told from a pass-through. Onsets, lengths,
/// velocities and channels are drawn from `seed`; keys are all over the roll.
pub(crate) fn scattered(seed: u64, count: usize, from: f64, until: f64) -> Vec<ClipNote> {
    let mut dice = Dice::of_state(seed | 1);
    let mut draw = |limit| dice.draw(limit);
    (0..count)
        .map(|_| {
            let onset = from + (until - from) * draw(100_000) as f64 / 100_000.0;
            ClipNote {
                onset,
                release: onset + 0.05 + draw(3000) as f64 / 1000.0,
                key: 24 + draw(84) as u8,
                velocity: 1 + draw(127) as u8,
                // All but the drums' channel.
                channel: [0, 1, 2, 3, 7, 15][draw(6) as usize],
            }
        })
        .collect()
}

/// Four bars on the grid: a tune, chords, a bass. Nothing sounds in the last beat.
pub(crate) fn phrase() -> Vec<ClipNote> {
    let mut notes = Vec::new();
    let mut add = |step: usize, steps: usize, key: u8| {
        let onset = step as f64 / 4.0;
        notes.push(ClipNote::new(onset, onset + steps as f64 / 4.0, key));
    };
    let tune = [
        (2, 2, 69),
        (4, 3, 72),
        (7, 3, 74),
        (10, 2, 72),
        (16, 6, 69),
        (24, 4, 65),
        (28, 4, 67),
        (32, 4, 69),
        (36, 2, 70),
        (38, 4, 74),
        (42, 4, 77),
        (48, 8, 72),
    ];
    for (step, steps, key) in tune {
        add(step, steps, key);
    }
    let chords = [[52, 57, 62], [53, 60, 64], [53, 58, 62], [52, 58, 62]];
    for (bar, chord) in chords.into_iter().enumerate() {
        for key in chord {
            add(bar * 16, 3, key);
            add(bar * 16 + 6, 2, key);
        }
    }
    for (beat, key) in [41, 45, 48, 40, 38, 41, 45, 44, 43, 46, 50, 49, 48, 46, 43]
        .into_iter()
        .enumerate()
    {
        add(beat * 4, 3, key);
    }
    notes
}

/// The roll of notes that lie in the first four bars.
pub(crate) fn roll_of(notes: &[ClipNote]) -> NoteRoll {
    rolled(
        notes
            .iter()
            .map(|note| (note.onset, note.release, note.key)),
    )
}
