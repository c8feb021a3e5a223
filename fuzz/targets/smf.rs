//! Bytes as a MIDI file: read, cut into phrases, written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use third_stream_model::smf::{Smf, Track};
use third_stream_model::song::{Selection, Song};

fuzz_target!(|bytes: &[u8]| {
    let Ok(smf) = Smf::read(bytes) else { return };
    let written = smf.write();
    let again = Smf::read(&written).expect("what was written can be read");
    assert_eq!(again.write(), written, "what is not edited keeps its bytes");
    let events = |smf: &Smf| {
        let events = smf.tracks().iter().flat_map(Track::events);
        events.map(|event| (event.tick, event.message)).collect::<Vec<_>>()
    };
    assert_eq!(events(&again), events(&smf));
    let Ok(song) = Song::of(&smf) else { return };
    for note in song.notes() {
        assert!(note.start <= note.end && note.onset <= note.release);
        assert!(note.release.is_finite());
    }
    for phrase in song.phrases(&Selection::default()) {
        std::hint::black_box(phrase.roll().is_empty());
    }
    std::hint::black_box(song.rolls());
});
