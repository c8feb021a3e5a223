//! Whole drags, as observations and messages.

use super::*;

const TRACK: Target = Target {
    window: 7,
    to: 8,
    version: 5,
};
const FOLDER: Target = Target {
    window: 9,
    to: 9,
    version: 4,
};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Moves the pointer to `at`, over a target, with or without the button; returns the messages.
fn point(source: &mut Source, at: i16, over: Option<Target>, held: bool) -> Vec<Message> {
    let at = (at, at);
    source.point(Pointer { at, over, held }, seconds(1));
    source.take()
}

/// A drag that the track has accepted.
fn accepted() -> Source {
    let mut source = Source::new();
    point(&mut source, 1, Some(TRACK), true);
    source.status(TRACK.window, true, seconds(1));
    source
}

#[test]
fn a_file_is_dropped_and_taken() {
    let mut source = Source::new();
    assert_eq!(point(&mut source, 0, None, true), []);
    let sent = point(&mut source, 1, Some(TRACK), true);
    assert_eq!(
        sent,
        [Message::Enter(TRACK), Message::Position(TRACK, (1, 1))]
    );
    source.status(TRACK.window, true, seconds(1));
    assert_eq!(source.take(), [], "it has not moved");
    assert_eq!(
        point(&mut source, 1, Some(TRACK), false),
        [Message::Drop(TRACK)]
    );
    assert_eq!(source.end(), None);
    source.finished(FOLDER.window, true);
    assert_eq!(source.end(), None, "not by that one");
    source.finished(TRACK.window, true);
    assert_eq!(source.end(), Some(DragEnd::Taken));
}

#[test]
fn a_target_is_asked_again_only_when_it_has_answered() {
    let mut source = Source::new();
    point(&mut source, 1, Some(TRACK), true);
    assert_eq!(point(&mut source, 2, Some(TRACK), true), []);
    assert_eq!(point(&mut source, 3, Some(TRACK), true), []);
    source.status(TRACK.window, false, seconds(1));
    assert_eq!(source.take(), [Message::Position(TRACK, (3, 3))]);
    // Released before the answer: the answer for the last position counts.
    assert_eq!(point(&mut source, 4, Some(TRACK), false), []);
    source.status(TRACK.window, false, seconds(1));
    assert_eq!(source.take(), [Message::Position(TRACK, (4, 4))]);
    source.status(TRACK.window, true, seconds(1));
    assert_eq!(source.take(), [Message::Drop(TRACK)]);
}

#[test]
fn what_is_left_is_told_so_and_its_answer_counts_no_more() {
    let mut source = accepted();
    let sent = point(&mut source, 2, Some(FOLDER), true);
    let entered = [
        Message::Leave(TRACK),
        Message::Enter(FOLDER),
        Message::Position(FOLDER, (2, 2)),
    ];
    assert_eq!(sent, entered);
    source.status(TRACK.window, true, seconds(1));
    source.status(FOLDER.window, false, seconds(1));
    assert_eq!(
        point(&mut source, 2, Some(FOLDER), false),
        [Message::Leave(FOLDER)]
    );
    assert_eq!(source.end(), Some(DragEnd::Refused));
}

#[test]
fn over_nothing_nothing_is_dropped() {
    let mut source = accepted();
    assert_eq!(point(&mut source, 2, None, true), [Message::Leave(TRACK)]);
    assert_eq!(point(&mut source, 2, None, false), []);
    assert_eq!(source.end(), Some(DragEnd::Refused));
}

#[test]
fn no_target_is_waited_for_without_end() {
    // A target that dies while the button is down.
    let mut source = accepted();
    let still = |source: &mut Source, now| {
        let (at, over) = ((1, 1), Some(TRACK));
        let held = true;
        source.point(Pointer { at, over, held }, now);
        source.tick(now);
        source.end()
    };
    assert_eq!(still(&mut source, seconds(59)), None);
    assert_eq!(still(&mut source, seconds(61)), Some(DragEnd::GivenUp));
    assert_eq!(source.take(), [Message::Leave(TRACK)]);

    // A target that dies before its answer.
    let mut source = Source::new();
    point(&mut source, 1, Some(TRACK), false);
    source.tick(seconds(2));
    assert_eq!(source.end(), None);
    source.tick(seconds(4));
    assert_eq!(source.end(), Some(DragEnd::Refused));
    assert_eq!(source.take(), [Message::Leave(TRACK)]);

    // A target that does not report the result of the drop.
    for (fetched, end) in [(false, DragEnd::Refused), (true, DragEnd::Taken)] {
        let mut source = accepted();
        point(&mut source, 1, Some(TRACK), false);
        if fetched {
            source.fetched();
        }
        source.tick(seconds(10));
        assert_eq!(source.end(), None);
        source.tick(seconds(12));
        assert_eq!(source.end(), Some(end));
    }
}

#[test]
fn a_closed_editor_leaves_what_is_under_the_pointer() {
    let mut source = accepted();
    source.give_up();
    assert_eq!(source.take(), [Message::Leave(TRACK)]);
    assert_eq!(source.end(), Some(DragEnd::GivenUp));

    let mut source = accepted();
    point(&mut source, 1, Some(TRACK), false);
    source.give_up();
    assert_eq!(source.take(), [], "it was dropped");
}

#[test]
fn whether_it_was_taken_is_told_since_version_5() {
    for (target, end) in [(TRACK, DragEnd::Refused), (FOLDER, DragEnd::Taken)] {
        let mut source = Source::new();
        point(&mut source, 1, Some(target), true);
        source.status(target.window, true, seconds(1));
        point(&mut source, 1, Some(target), false);
        source.finished(target.window, false);
        assert_eq!(source.end(), Some(end));
    }
}
