//! The keeper and the audio thread's memory, between saving and loading.

use third_stream_model::genre::Direction;
use third_stream_model::roll::edits::Edits;
use third_stream_model::roll::heard::Heard;
use third_stream_model::roll::row_of_key;

use super::place::PhraseKey;
use super::*;

fn key(bar: i64) -> PhraseKey {
    let meter = Meter {
        bar: 4.0,
        start: 0.0,
        number: 0,
    };
    Place::at(bar as f64 * 4.0, &meter).key
}

fn note(beat: f64, length: f64, key: u8) -> Remembered {
    Remembered {
        onset: (beat * TICKS) as i32,
        length: ticks(length),
        ring: ticks(length),
        velocity: 0.5,
        release_velocity: 0.0,
        channel: 0,
        key,
    }
}

/// Adds a bar with one note.
fn learn(memory: &mut Memory, bar: i64, pitch: u8) {
    let phrase = memory.enter(key(bar)).unwrap();
    let index = (bar % 4) as usize;
    memory.retain(phrase, index, |_, _| false);
    memory.add(phrase, index, note(0.0, 1.0, pitch), 1).unwrap();
    memory.know(phrase, index, u16::MAX);
}

fn pitches(memory: &Memory, bar: i64) -> Vec<u8> {
    let phrase = memory.find(key(bar)).unwrap();
    let list = memory.list(phrase, (bar % 4) as usize);
    list.map(|(_, note, _)| note.key).collect()
}

/// A saved project with two bars.
pub(crate) fn some_bars() -> Saved {
    let keeper = Arc::new(Keeper::default());
    let (mut memory, post) = keeper.open();
    learn(&mut memory, 0, 60);
    learn(&mut memory, 9, 62);
    post.file(&mut memory);
    keeper.map(Clone::clone)
}

/// A memory of two bars of 4/4, the first and the tenth, with a note each.
pub(crate) fn some_song() -> Keeper {
    let keeper = Keeper::default();
    keeper.load(&some_bars());
    keeper
}

impl Keeper {
    /// Start and bar length of each bar's phrase, and the bar's slot in it.
    pub(crate) fn places(&self) -> Vec<(i64, u32, u8)> {
        let desk = self.desk.lock();
        let place = |(key, index, _): (PhraseKey, usize, &_)| (key.start, key.bar, index as u8);
        desk.document.bars().map(place).collect()
    }

    /// Saves and loads.
    pub(crate) fn reload(&self) {
        let saved = self.save();
        self.load(&saved);
    }

    /// Fills it with phrases far away.
    pub(crate) fn fill(&self) {
        let mut document = Document::default();
        for phrase in 0..store::PHRASES as i64 {
            let bar = document::Bar {
                known: u16::MAX,
                notes: Vec::new(),
            };
            document.put(key(4000 + phrase * 4), 0, bar);
        }
        self.desk.lock().load(document);
    }
}

#[test]
fn what_was_learned_is_saved_and_comes_back() {
    let keeper = Arc::new(Keeper::default());
    let (mut memory, post) = keeper.open();
    for bar in 0..40 {
        learn(&mut memory, bar, 40 + bar as u8);
    }
    post.file(&mut memory);
    let saved = keeper.map(Clone::clone);

    let other = Arc::new(Keeper::default());
    other.set(saved.clone());
    let (again, _post) = other.open();
    for bar in 0..40 {
        assert_eq!(pitches(&again, bar), [40 + bar as u8]);
    }
    assert_eq!((again.learned(), again.waiting()), (40, 10));
    assert_eq!(other.map(|saved| saved.0.clone()), saved.0);
}

#[test]
fn a_memory_that_is_handed_over_replaces_what_was_learned() {
    let keeper = Arc::new(Keeper::default());
    let empty = keeper.map(Clone::clone);
    let (mut memory, post) = keeper.open();
    learn(&mut memory, 0, 60);
    keeper.set(empty.clone());
    // Learned before the audio thread took up the new memory: dropped.
    post.file(&mut memory);
    assert_eq!(keeper.map(|saved| saved.0.clone()), "");
    assert!(post.take_up(&mut memory));
    assert!(!post.take_up(&mut memory));
    assert_eq!(memory.learned(), 0);
    learn(&mut memory, 3, 61);
    post.file(&mut memory);
    assert_ne!(keeper.map(|saved| saved.0.clone()), "");
    // Two memories loaded in a row: the newer counts.
    let full = keeper.map(Clone::clone);
    keeper.set(empty);
    keeper.set(full);
    assert!(post.take_up(&mut memory));
    assert_eq!(pitches(&memory, 3), [61]);
    keeper.forget();
    assert!(post.take_up(&mut memory));
    assert_eq!(memory.learned(), 0);
}

#[test]
fn what_was_forgotten_comes_back() {
    let keeper = some_song();
    let (mut memory, post) = keeper.open();
    assert_eq!(keeper.forgotten(), 0);
    keeper.bring_back();
    assert!(!post.take_up(&mut memory), "there is nothing to bring back");

    // By the editor's button …
    keeper.forget();
    assert!(post.take_up(&mut memory));
    assert_eq!((memory.learned(), keeper.forgotten()), (0, 2));
    // … a second time, with nothing to forget, loses nothing …
    keeper.forget();
    assert_eq!(keeper.forgotten(), 2);
    keeper.bring_back();
    assert!(post.take_up(&mut memory));
    assert_eq!(
        (pitches(&memory, 0), pitches(&memory, 9)),
        (vec![60], vec![62])
    );
    assert_eq!(keeper.forgotten(), 0);

    // … and by the parameter, on the audio thread.
    memory.forget();
    learn(&mut memory, 5, 64);
    post.file(&mut memory);
    keeper.file();
    assert_eq!(keeper.forgotten(), 2);
    keeper.bring_back();
    assert!(post.take_up(&mut memory));
    assert_eq!(memory.learned(), 2);
    // Bars learned in between are kept as well.
    assert_eq!(keeper.forgotten(), 1);
    keeper.bring_back();
    assert!(post.take_up(&mut memory));
    assert_eq!((memory.learned(), pitches(&memory, 5)), (1, vec![64]));

    // Another project's bars are dropped.
    keeper.load(&some_bars());
    assert_eq!(keeper.forgotten(), 0);
}

#[test]
fn more_changes_than_fit_wait_for_their_turn() {
    let keeper = Arc::new(Keeper::default());
    let (mut memory, post) = keeper.open();
    for bar in 0..300 {
        learn(&mut memory, bar, 60);
    }
    for _ in 0..10 {
        post.file(&mut memory);
        keeper.file();
    }
    assert_eq!(keeper.desk.lock().document.len(), 300);
    memory.forget();
    learn(&mut memory, 5, 60);
    post.file(&mut memory);
    keeper.file();
    assert_eq!(keeper.desk.lock().document.len(), 1);
}

#[test]
fn a_broken_memory_is_an_empty_one() {
    let keeper = Arc::new(Keeper::default());
    for broken in ["?", "AA", "AQ"] {
        keeper.set(Saved(broken.into()));
        assert_eq!(keeper.map(|saved| saved.0.clone()), "");
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes long there")]
fn a_hundred_megabytes_are_refused_unread() {
    let saved = Saved("A".repeat(100 << 20));
    assert_eq!(saved.read(), Err(CodeError::Long(100 << 20)));
    // A full memory is far below the limit: every slot of every phrase full, all numbers long.
    let mut document = Document::default();
    let mut loudest = note(3.9, 1e3, 127);
    (loudest.velocity, loudest.release_velocity) = (0.123, 0.456);
    for phrase in 0..store::PHRASES as i64 {
        for index in 0..4 {
            let notes = vec![loudest; notes::NOTES_PER_BAR];
            document.put(key(phrase * 4), index, document::Bar { known: 1, notes });
        }
    }
    assert!(BASE64.encode(code::encode(&document)).len() < code::MOST_TEXT / 2);
}

#[test]
fn a_full_memory_takes_no_more_phrases() {
    let mut memory = Memory::new(0);
    for phrase in 0..store::PHRASES as i64 {
        learn(&mut memory, phrase * 4, 60);
    }
    assert_eq!(memory.enter(key(-4)), None);
    assert_eq!(memory.find(key(-4)), None);
    for phrase in 0..store::PHRASES as i64 {
        assert_eq!(memory.find(key(phrase * 4)), Some(phrase as usize));
    }
    memory.forget();
    assert_eq!(memory.find(key(0)), None);
    assert!(memory.enter(key(-4)).is_some());
}

#[test]
fn a_roll_is_its_notes_and_the_ends_of_those_before() {
    let mut memory = Memory::new(0);
    let first = memory.enter(key(0)).unwrap();
    let second = memory.enter(key(4)).unwrap();
    for index in 0..4 {
        memory.know(first, index, u16::MAX);
        memory.know(second, index, u16::MAX);
    }
    let add = |memory: &mut Memory, phrase, index, note| memory.add(phrase, index, note, 1);
    add(&mut memory, first, 3, note(3.0, 6.0, 60)); // into the next phrase
    add(&mut memory, second, 0, note(-0.1, 0.5, 62)); // early
    add(&mut memory, second, 1, note(3.75, 1.0, 64)); // over a bar line
    let heard = memory.heard(second);
    let roll = heard.notes.sounding();
    let steps = |key| {
        let row = row_of_key(key).unwrap();
        (0..64)
            .filter(|step| roll.get(*step, row))
            .collect::<Vec<_>>()
    };
    assert_eq!(steps(60), (0..20).collect::<Vec<_>>());
    assert_eq!(steps(62), [0, 1]);
    assert_eq!(steps(64), [31, 32, 33, 34]);
}

#[test]
fn bars_that_were_never_heard_sound_like_the_others_in_turn() {
    let mut memory = Memory::new(0);
    learn(&mut memory, 0, 60);
    learn(&mut memory, 1, 62);
    let heard = memory.heard(memory.find(key(0)).unwrap());
    let onsets = heard.notes.onsets();
    for (step, key) in [(0, 60), (16, 62), (32, 60), (48, 62)] {
        assert!(onsets.get(step, row_of_key(key).unwrap()), "step {step}");
    }
    assert_eq!(heard.notes.sounding().count(), 16);
    // A bar without notes is known, and stays silent.
    let phrase = memory.find(key(0)).unwrap();
    memory.know(phrase, 2, u16::MAX);
    memory.know(phrase, 3, u16::MAX);
    assert_eq!(memory.heard(phrase).notes.sounding().count(), 8);
}

#[test]
fn the_newest_answer_counts() {
    let mut memory = Memory::new(0);
    learn(&mut memory, 0, 60);
    let heard = memory.heard(0);
    assert!(!memory.asked(0, &heard));
    memory.ask(0, 7, &heard);
    assert!(memory.asked(0, &heard) && !memory.asked(0, &Heard::default()));
    assert_eq!(memory.waiting(), 1);
    memory.take(0, 7, &heard, Direction::AToB, &Edits::NONE);
    assert_eq!(memory.waiting(), 0);
    assert!(memory.edits(0, Direction::AToB).is_some());
    assert!(memory.edits(0, Direction::BToA).is_none());
    memory.take(0, 6, &Heard::default(), Direction::BToA, &Edits::NONE);
    assert_eq!(memory.answer(0).unwrap().0, 7);
    memory.refuse(0, 7);
    assert!(!memory.asked(0, &heard));
}
