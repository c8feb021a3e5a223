//! The editor's view equals the output.

use third_stream_model::roll::notes::NoteRoll;

use super::super::snapshot::PlayState;
use super::clip::{Passage, eighths, in_place, script};

#[test]
fn the_first_pass_in_place_draws_no_edits_while_notes_sound_as_played() {
    let clip = eighths(16.0);
    let mut answered = 0;
    // Anywhere in the first pass, also where a bar is already remembered and its phrase answered.
    for quarter in 1..64 {
        let beats = f64::from(quarter) / 4.0;
        let played = script(&clip, in_place(1.0), &[Passage::Play(0.0, beats)]).play(&[512]);
        let view = played.view;
        assert_eq!(view.output, view.source, "at beat {beats}");
        assert_ne!(view.state, PlayState::Playing, "at beat {beats}");
        answered += u32::from(view.learned > 1 && view.state == PlayState::Dry);
    }
    assert!(answered > 0, "nothing was remembered yet");
    // The second pass shows what it plays.
    let passages = [
        Passage::Play(0.0, 16.0),
        Passage::Stop(1.0),
        Passage::Play(0.0, 10.5),
    ];
    let view = script(&clip, in_place(1.0), &passages).play(&[512]).view;
    assert_eq!(view.state, PlayState::Playing);
    assert_ne!(view.source, NoteRoll::EMPTY);
    assert_ne!(view.output, view.source);
}
