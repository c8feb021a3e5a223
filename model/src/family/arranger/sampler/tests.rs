//! The draw with networks that say the same of every canvas.

use std::convert::Infallible;

use super::*;
use crate::family::arranger::attributes::ATTRIBUTES;
use crate::roll::notes::tests::any_notes;
use proptest::prelude::*;

fn note(start: u8, row: u8, length: u8) -> GridNote {
    GridNote { start, row, length }
}

/// A network that is sure of these notes and of nothing else, whatever it is shown.
fn sure_of(notes: &[GridNote]) -> impl FnMut(&Canvas, &mut [f32]) -> Result<(), Infallible> {
    let notes = notes.to_vec();
    move |_, logits| {
        logits.fill(-20.0);
        for note in &notes {
            let cell = usize::from(note.start) * PITCHES + usize::from(note.row);
            let class = super::super::length_class(usize::from(note.length));
            logits[cell] = 20.0;
            logits[(1 + class) * CELLS + cell] = 20.0;
        }
        Ok(())
    }
}

/// A network that holds notes of four steps likely everywhere.
#[expect(clippy::unnecessary_wraps, reason = "as a network that may fail")]
fn busy(_: &Canvas, logits: &mut [f32]) -> Result<(), Infallible> {
    logits.fill(-20.0);
    logits[..CELLS].fill(-2.0);
    logits[4 * CELLS..5 * CELLS].fill(20.0);
    Ok(())
}

fn phrase() -> NoteRoll {
    (0..16)
        .flat_map(|beat| [note(4 * beat, 50, 4), note(4 * beat, 20 + beat, 2)])
        .collect()
}

#[test]
fn what_the_network_is_sure_of_is_drawn() {
    let notes = [
        note(0, 20, 4),
        note(0, 24, 8),
        note(30, 40, 1),
        note(62, 60, 2),
    ];
    let settings = SamplerSettings::default();
    let Ok(sample) = sample(&phrase(), &settings, None, sure_of(&notes));
    assert!(sample.notes.notes().eq(notes));
    assert!(sample.confidence[20] > 0.99 && sample.confidence[21] < 0.01);
}

#[test]
fn the_draw_is_given_by_phrase_and_settings() {
    let at = |seed| {
        let settings = SamplerSettings {
            seed,
            ..SamplerSettings::default()
        };
        let Ok(sample) = sample(&phrase(), &settings, None, busy);
        sample
    };
    assert_eq!(at(1), at(1));
    assert_ne!(at(1).notes, at(2).notes);
}

#[test]
fn a_locked_tune_stays_and_nothing_hides_it() {
    let settings = SamplerSettings {
        freedom: 0.0,
        ..SamplerSettings::default()
    };
    let Ok(sample) = sample(&phrase(), &settings, None, busy);
    for beat in 0..16 {
        assert_eq!(
            sample.notes.note_at(4 * beat, 50),
            Some(note(4 * beat as u8, 50, 4))
        );
    }
    assert!(sample.notes.notes().all(|note| note.row <= 50));
    assert!(sample.notes.count() > 100, "the rest is drawn");
}

#[test]
fn the_first_pass_hides_everything_and_the_last_little() {
    let mut seen = Vec::new();
    let settings = SamplerSettings::default();
    let Ok(_) = sample(&phrase(), &settings, None, |canvas, logits| {
        seen.push(canvas.hidden.count() as usize);
        assert_eq!(canvas.tune, tune::tune(&phrase()));
        busy(canvas, logits)
    });
    assert_eq!((seen.len(), seen[0]), (8, CELLS));
    assert!(seen[7] < CELLS / 6 && seen[3] > seen[7], "{seen:?}");
}

#[test]
fn one_voice_stays_one_and_in_its_register() {
    let settings = SamplerSettings {
        voices: Voices::One {
            lowest: 8,
            highest: 28,
        },
        ..SamplerSettings::default()
    };
    let Ok(sample) = sample(&phrase(), &settings, None, busy);
    for step in sample.notes.sounding().steps() {
        assert!(step.count_ones() <= 1);
    }
    assert!(
        sample
            .notes
            .notes()
            .all(|note| (8..=28).contains(&note.row))
    );
    assert!(sample.notes.count() > 16);
}

#[test]
fn a_locked_line_of_one_voice_stays_whole_with_its_slurs_and_double_stops() {
    let line = (0..8).map(|beat| note(8 * beat, 30 + beat, 4));
    let phrase: NoteRoll = line.chain([note(8, 33, 2), note(4, 45, 5)]).collect();
    let settings = SamplerSettings {
        freedom: 0.0,
        voices: Voices::of_phrase(&phrase),
        ..SamplerSettings::default()
    };
    assert_ne!(settings.voices, Voices::Free);
    let Ok(sample) = sample(&phrase, &settings, None, busy);
    for note in phrase.notes() {
        let kept = sample.notes.note_at(note.start.into(), note.row.into());
        assert_eq!(kept, Some(note));
    }
    let added = sample.notes.count() - phrase.count();
    assert!(added > 8, "the rests are filled: {added}");
    for (step, sounding) in sample.notes.sounding().steps().iter().enumerate() {
        let played = phrase.sounding().steps()[step];
        assert!(played == 0 || *sounding == played, "{step}");
    }
}

#[test]
fn a_phrase_of_one_voice_is_told_from_chords() {
    let line: NoteRoll = (0..16).map(|beat| note(4 * beat, 30 + beat, 4)).collect();
    let one = Voices::One {
        lowest: 25,
        highest: 50,
    };
    assert_eq!(Voices::of_phrase(&line), one);
    let mut slurred = line;
    slurred.add(note(8, 32, 5));
    assert_eq!(Voices::of_phrase(&slurred), one);
    assert_eq!(Voices::of_phrase(&phrase()), Voices::Free);
    assert_eq!(Voices::of_phrase(&NoteRoll::EMPTY), Voices::Free);
}

#[test]
fn an_error_of_the_network_ends_the_draw() {
    let failed = sample(&phrase(), &SamplerSettings::default(), None, |_, _| {
        Err("no memory")
    });
    assert_eq!(failed, Err("no memory"));
}

proptest! {
    #[test]
    fn decided_steps_sound_as_they_were_played(
        phrase in any_notes(), played in any_notes(), decided: u64, seed: u64,
    ) {
        let settings = SamplerSettings { seed, decided, played, passes: 3, ..SamplerSettings::default() };
        let Ok(sample) = sample(&phrase, &settings, None, |canvas, logits| {
            for (step, hidden) in canvas.hidden.steps().iter().enumerate() {
                assert!(decided >> step & 1 == 0 || *hidden == 0);
            }
            busy(canvas, logits)
        });
        for step in (0..STEPS).filter(|step| decided >> step & 1 == 1) {
            prop_assert_eq!(sample.notes.onsets().steps()[step], played.onsets().steps()[step]);
        }
    }
}

#[test]
fn an_onset_is_drawn_anew_only_where_the_network_has_changed_its_mind() {
    let at = |passes| {
        let settings = SamplerSettings {
            passes,
            // Many seconds, so that semitones are as likely as other chords.
            attributes: Attributes([3.0; ATTRIBUTES]),
            ..SamplerSettings::default()
        };
        // Alike in each pass, once the temperature is taken out.
        let mut pass = 0;
        let Ok(sample) = sample(&phrase(), &settings, None, |_, logits: &mut [f32]| {
            logits.fill(-20.0);
            logits[..CELLS].fill(-2.0 * temperature(pass, passes));
            logits[4 * CELLS..5 * CELLS].fill(20.0);
            pass += 1;
            Ok::<_, Infallible>(())
        });
        sample.notes
    };
    assert!(at(1).count() > 100);
    assert_eq!(at(2), at(8));
}

#[test]
fn a_draw_that_goes_on_draws_anew_what_was_not_known() {
    let settings = SamplerSettings::default();
    let few = SamplerSettings {
        passes: FEW_PASSES,
        ..settings
    };
    let heard = phrase().beginning_in(u64::MAX >> 4);
    let before = [note(8, 30, 4), note(62, 60, 2)];
    let Ok(sample_before) = sample(&heard, &few, None, sure_of(&before));
    let begun = Begun {
        sample: &sample_before,
        phrase: &heard,
    };
    let (mut passes, mut shown) = (0, Vec::new());
    let after = [note(8, 30, 4), note(61, 62, 2)];
    let mut network = sure_of(&after);
    let Ok(sample) = sample(&phrase(), &settings, Some(begun), |canvas, logits| {
        if passes == 0 {
            assert!(
                canvas.hidden.steps()[60..]
                    .iter()
                    .all(|step| *step == (1 << PITCHES) - 1)
            );
            assert!(
                canvas.hidden.steps()[..60]
                    .iter()
                    .any(|step| *step != (1 << PITCHES) - 1)
            );
            shown.extend(canvas.shown.notes());
        }
        passes += 1;
        network(canvas, logits)
    });
    assert_eq!(passes, PASSES - FEW_PASSES);
    assert!(shown.iter().all(|note| *note == before[0]), "{shown:?}");
    assert!(sample.notes.notes().eq(after));
    // Where nothing was drawn again, the first draw's confidence stays.
    let cell = 8 * PITCHES + 30;
    assert!(sample.confidence[cell] > 0.99);
}

#[test]
fn a_step_is_known_where_the_same_sounds_and_the_same_begins() {
    let phrase = |notes: &[(u8, u8)]| -> NoteRoll {
        let notes = notes.iter();
        notes
            .map(|(start, length)| GridNote::new(*start, 40, *length))
            .collect()
    };
    let before = phrase(&[(0, 4), (8, 8), (56, 4)]);
    let begun = Begun {
        sample: &Sample {
            notes: NoteRoll::EMPTY,
            confidence: Vec::new(),
        },
        phrase: &before,
    };
    assert_eq!(begun.known(&before), u64::MAX);
    // Struck again at step 12, held on through 60 and 61, and a new note at 63.
    let now = phrase(&[(0, 4), (8, 4), (12, 4), (56, 6), (63, 1)]);
    let unknown = [12, 60, 61, 63];
    let known = unknown
        .iter()
        .fold(u64::MAX, |known, step| known & !(1 << step));
    assert_eq!(begun.known(&now), known);
}
