//! Laws of what is written back, with random edits in place of a network's.

use proptest::prelude::*;

use super::*;
use crate::roll::edits::THRESHOLD;
use crate::roll::guard::Guard;
use crate::roll::notes::{GridNote, NoteRoll};
use crate::roll::{CELLS, Roll};
use crate::smf::tests::{file, mutated};
use crate::smf::{SmfMessage, Track};
use crate::song::tests::new_note;

/// Two phrases of 4/4, 96 ticks a quarter: a step has 24 ticks.
const END: u64 = 32 * 96;

/// Start and length in ticks, key, and which of [`file_of`]'s tracks.
type AnyNote = (u64, u64, u8, usize);

fn any_notes() -> impl Strategy<Value = Vec<AnyNote>> {
    prop::collection::vec((0..END - 24, 0..400u64, 20..112u8, 0..3usize), 1..50)
}

/// Tracks for two channels and drums, each with a name and a controller in the middle.
fn file_of(notes: &[AnyNote]) -> Smf {
    let channels = [0, 5, 9];
    let tracks = channels.map(|channel| {
        [
            &[0, 0xff, 0x03, 1, b'A' + channel][..],
            &[0x8b, 0x20, 0xb0 | channel, 1, 77],
            &[0x8c, 0x60, 0xff, 0x2f, 0],
        ]
        .concat()
    });
    let tracks: Vec<&[u8]> = tracks.iter().map(Vec::as_slice).collect();
    let mut smf = Smf::read(&file(1, [0, 96], &tracks)).unwrap();
    for &(start, length, key, track) in notes {
        let note = new_note(channels[track], (start, (start + length).min(END), key));
        smf.tracks_mut()[track].replace_notes(&[], &[note]);
    }
    Smf::read(&smf.write()).unwrap()
}

/// Probabilities that keep most of a roll: noise decides which cells change.
fn probabilities(roll: &Roll, seed: u64) -> Vec<f32> {
    let mut state = seed | 1;
    let mut values = vec![0.0; CELLS];
    roll.write_values(&mut values);
    for value in &mut values {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let draw = (state >> 40) as f32 / (1u64 << 24) as f32;
        let changes = if *value > 0.5 {
            draw < 0.3
        } else {
            draw < 0.01
        };
        let sure = 0.5 + draw * 0.4;
        *value = if (*value > 0.5) == changes {
            1.0 - sure
        } else {
            sure
        };
    }
    values
}

struct Transfer {
    before: Song,
    phrases: Vec<Phrase>,
    edits: Vec<Option<Edits>>,
    after: Song,
    smf: Smf,
    tally: Tally,
}

fn transfer(smf: &Smf, seed: u64, amount: f32, quantise: f32) -> Transfer {
    let before = Song::of(smf).unwrap();
    let selection = PartSelection::default();
    let phrases = before.phrases(&selection);
    let rank = |phrase: &Phrase| {
        let wanted = probabilities(phrase.roll(), seed + phrase.index as u64 * 77);
        let heard = &phrase.heard;
        let edits = Edits::rank(&heard.notes, &wanted, THRESHOLD, heard.held);
        (!phrase.roll().is_empty()).then_some(edits)
    };
    let edits: Vec<_> = phrases.iter().map(rank).collect();
    let control = Control {
        knob: amount,
        quantise,
        guard: Guard::default(),
    };
    let rendition = before.render(&selection, &phrases, &edits, control);
    let mut written = smf.clone();
    rendition.write_into(&before, &mut written);
    let smf = Smf::read(&written.write()).unwrap();
    Transfer {
        after: Song::of(&smf).unwrap(),
        tally: rendition.tally(&before),
        before,
        phrases,
        edits,
        smf,
    }
}

/// Everything in a file but the notes that may be transferred, in order.
fn untouchable(smf: &Smf) -> Vec<(usize, u64, SmfMessage)> {
    let mut events = Vec::new();
    for (index, track) in smf.tracks().iter().enumerate() {
        for event in track.events() {
            let (SmfMessage::NoteOn { channel, key, .. }
            | SmfMessage::NoteOff { channel, key, .. }) = event.message
            else {
                events.push((index, event.tick, event.message));
                continue;
            };
            if channel == 9 || row_of_key(key).is_none() {
                events.push((index, event.tick, event.message));
            }
        }
    }
    events
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn amount_zero_gives_the_file_back(notes in any_notes(), seed: u64, quantise in 0.0..=1.0f32) {
        let smf = file_of(&notes);
        let result = transfer(&smf, seed / 2, 0.0, quantise);
        prop_assert_eq!(result.smf.write(), smf.write());
        prop_assert_eq!(result.tally.changed + result.tally.removed + result.tally.added, 0);
    }

    #[test]
    fn amount_zero_gives_every_readable_file_back(bytes in mutated(), seed: u64) {
        let Ok(smf) = Smf::read(&bytes) else { return Ok(()) };
        if Song::of(&smf).is_ok() {
            let result = transfer(&smf, seed / 2, 0.0, 1.0);
            prop_assert_eq!(result.smf.write(), bytes);
            prop_assert_eq!(result.tally.changed + result.tally.removed + result.tally.added, 0);
        }
    }

    #[test]
    fn all_but_the_transferred_notes_stays(
        notes in any_notes(), seed: u64, amount in 0.0..=1.0f32, quantise in 0.0..=1.0f32,
    ) {
        let smf = file_of(&notes);
        let result = transfer(&smf, seed / 2, amount, quantise);
        prop_assert_eq!(untouchable(&result.smf), untouchable(&smf));
        prop_assert_eq!(result.smf.end_tick(), smf.end_tick());
        let ons = |smf: &Smf| smf.tracks().iter().flat_map(Track::events)
            .filter(|event| matches!(event.message, SmfMessage::NoteOn { .. })).count();
        let offs = |smf: &Smf| smf.tracks().iter().flat_map(Track::events)
            .filter(|event| matches!(event.message, SmfMessage::NoteOff { .. })).count();
        prop_assert_eq!(ons(&result.smf), offs(&result.smf));
        prop_assert!(result.after.notes().iter().all(|note| note.off_event.is_some()));
        let tally = result.tally;
        let sources = tally.unchanged + tally.changed + tally.removed;
        let selected = result.before.notes().iter()
            .filter(|note| !note.is_drum() && row_of_key(note.key).is_some()).count();
        prop_assert_eq!(sources, selected);
    }

    #[test]
    fn the_written_file_holds_the_edited_phrases(
        notes in any_notes(), seed: u64, amount in 0.0..=1.0f32, exact: bool,
    ) {
        let smf = file_of(&apart(notes));
        let result = transfer(&smf, seed / 2, amount, if exact { 0.0 } else { 1.0 });
        let after = result.after.phrases(&PartSelection::default());
        for (index, phrase) in result.phrases.iter().enumerate() {
            let source = phrase.heard.notes;
            let wanted = result.edits[index].map_or(source, |edits| edits.apply(&source, amount));
            let found = after.get(index).map_or(NoteRoll::EMPTY, |phrase| phrase.heard.notes);
            prop_assert_eq!(found, wanted, "phrase {}", index);
        }
    }

    #[test]
    fn notes_are_kept_or_whole_new_ones(notes in any_notes(), seed: u64, amount in 0.0..=1.0f32) {
        let smf = file_of(&apart(notes));
        let result = transfer(&smf, seed / 2, amount, 0.0);
        let grid = result.before.grid();
        let struck = |note: &SongNote, tick| result.after.notes().iter().any(|other| {
            (other.start, other.key, other.channel) == (tick, note.key, note.channel)
        });
        for note in result.after.notes().iter().filter(|note| row_of_key(note.key).is_some()) {
            let same = result.before.notes().iter().any(|other| {
                // It may be cut by the next of its key.
                (other.start, other.key, other.channel, other.velocity)
                    == (note.start, note.key, note.channel, note.velocity)
                    && (other.end == note.end || other.end > note.end && struck(note, note.end))
            });
            let steps = grid.note_steps(note.onset, note.release);
            let (phrase, start) = (steps.0 / STEPS, steps.0 % STEPS);
            let row = row_of_key(note.key).unwrap();
            let wanted = result.edits.get(phrase).and_then(Option::as_ref).and_then(|edits| {
                edits.apply(&result.phrases[phrase].heard.notes, 1.0).note_at(start, row)
            });
            let whole = wanted.is_some_and(|wanted| usize::from(wanted.length) == steps.1 - steps.0);
            prop_assert!(note.is_drum() || same || whole, "{note:?}");
        }
    }
}

/// Those of the notes that do not share a cell of the roll with one before, and end with their
/// phrase.
fn apart(notes: Vec<AnyNote>) -> Vec<AnyNote> {
    let mut taken = std::collections::BTreeSet::new();
    let fits = |(start, length, key, _): &AnyNote| {
        let step = |tick: u64| (tick + 12) / 24;
        let steps = step(*start)..step(start + length).max(step(*start) + 1);
        let phrase = STEPS as u64;
        let fits = steps.start / phrase == (steps.end - 1) / phrase
            && steps.clone().all(|step| !taken.contains(&(*key, step)));
        if fits {
            taken.extend(steps.map(|step| (*key, step)));
        }
        fits
    };
    notes.into_iter().filter(fits).collect()
}

#[test]
fn added_notes_go_to_the_track_of_the_nearest_note() {
    let end = [0x8c, 0x00, 0xff, 0x2f, 0];
    let mut smf = Smf::read(&file(1, [0, 96], &[&end, &end])).unwrap();
    smf.tracks_mut()[0].replace_notes(&[], &[new_note(3, (0, 384, 72))]);
    smf.tracks_mut()[1].replace_notes(&[], &[new_note(4, (0, 384, 40))]);
    let song = Song::of(&smf).unwrap();
    let selection = PartSelection::default();
    let phrases = song.phrases(&selection);
    let source = phrases[0].heard.notes;
    let mut wanted = source;
    for (start, row) in [(0, 76 - 24), (4, 43 - 24)] {
        let length = 4;
        wanted.add(GridNote { start, row, length });
    }
    let edits = Edits::between(&source, &wanted, &vec![0.5; CELLS], 0);
    let control = Control {
        knob: -1.0,
        quantise: 1.0,
        guard: Guard::default(),
    };
    let rendition = song.render(&selection, &phrases, &[Some(edits)], control);
    let added = rendition
        .played
        .iter()
        .filter(|played| played.source.is_none());
    let added: Vec<_> = added
        .map(|played| (played.track, played.note.channel, played.note.key))
        .collect();
    assert_eq!(added, [(0, 3, 76), (1, 4, 43)]);
    assert_eq!(rendition.tally(&song).unchanged, 2);
}

#[test]
#[cfg_attr(miri, ignore = "takes long there")]
fn bars_of_other_lengths_and_a_note_over_many_phrases_come_back_at_amount_zero() {
    let signature = |numerator| [0, 0xff, 0x58, 4, numerator, 2, 24, 8];
    let track = [
        &signature(1)[..],
        &[0x60, 0xff, 0x58, 4, 3, 2, 24, 8],
        &[0x82, 0xa0, 0x00, 0xff, 0x58, 4, 5, 2, 24, 8],
        &[0x82, 0xa0, 0x00, 0xff, 0x2f, 0],
    ]
    .concat();
    let mut smf = Smf::read(&file(0, [0, 96], &[&track])).unwrap();
    let end = smf.end_tick();
    let mut notes = vec![new_note(0, (10, end - 7, 50))];
    notes.extend((0..end / 50 - 1).map(|n| new_note(0, (n * 50, n * 50 + 31, 60 + n as u8 % 12))));
    smf.tracks_mut()[0].replace_notes(&[], &notes);
    let smf = Smf::read(&smf.write()).unwrap();
    assert_eq!(transfer(&smf, 1, 0.0, 1.0).smf.write(), smf.write());
    let full = transfer(&smf, 1, 1.0, 1.0);
    assert!(full.tally.added > 0 && full.tally.removed > 0);
    assert_eq!(untouchable(&full.smf), untouchable(&smf));
}
