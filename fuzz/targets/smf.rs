//! Fuzzes MIDI files: read, split into phrases, written again, with and without notes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use third_stream_model::smf::{Flaw, FlawKind, Smf, SmfMessage, Track};
use third_stream_model::song::{PartSelection, Song};

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut smf) = Smf::read(bytes) else {
        return;
    };
    assert_eq!(smf.write(), bytes, "what is not edited keeps its bytes");
    for flaw in smf.flaws() {
        assert!(flaw.byte <= bytes.len(), "{flaw}");
    }
    let Ok(song) = Song::of(&smf) else { return };
    for note in song.notes() {
        assert!(note.start <= note.end && note.onset <= note.release);
        assert!(note.release <= note.ring && note.ring.is_finite());
    }
    for phrase in song.phrases(&PartSelection::default()) {
        std::hint::black_box(phrase.roll().is_empty());
    }
    std::hint::black_box(song.rolls());

    // Every other note is removed; the rest reads back unchanged.
    let half = || song.notes().iter().step_by(2);
    for index in 0..smf.tracks().len() {
        let of_track = half().filter(|note| note.track == index);
        let events = of_track.flat_map(|note| [Some(note.on_event), note.off_event]);
        let events: Vec<usize> = events.flatten().collect();
        smf.tracks_mut()[index].replace_notes(&events, &[]);
    }
    let again = Smf::read(&smf.write());
    // Where chunk boundaries are guessed, another length may lead to another guess.
    let certain = |flaw: &Flaw| matches!(flaw.kind, FlawKind::Data(_) | FlawKind::Status(_));
    if !smf.flaws().iter().all(certain) {
        return;
    }
    let again = again.expect("what was written can be read");
    let said = |smf: &Smf| {
        let events = smf.tracks().iter().flat_map(Track::events);
        events
            .map(|event| (event.message, event.channel_message()))
            .filter(|(message, short)| *message != SmfMessage::Other || short.is_some())
            .collect::<Vec<_>>()
    };
    assert_eq!(said(&again), said(&smf));
    assert_eq!(again.end_tick(), smf.end_tick());
});
