//! Stale questions: abandoned at the next pass, dropped before the first.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// Passes per answer.
const PASSES: u32 = 8;

/// A model of several passes that reports the start of the second pass on `note(0)` and blocks
/// there until released.
struct InPasses {
    passes: Arc<AtomicU32>,
    begins: mpsc::Sender<()>,
    held: mpsc::Receiver<()>,
}

impl Model for InPasses {
    fn device(&self) -> &'static str {
        "in passes"
    }

    fn edits(&mut self, asked: &Question, wanted: Wanted<'_>) -> Result<Edits, ModelError> {
        for pass in 0..PASSES {
            if pass == 1 && asked.roll == note(0) {
                self.begins.send(()).unwrap();
                self.held.recv().unwrap();
            }
            if !wanted() {
                return Err(ModelError::Unwanted);
            }
            if !asked.roll.is_empty() {
                self.passes.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(ranked(asked, &silence()))
    }
}

/// An engine in the middle of an answer to its first instance.
struct Midst {
    engine: InferenceWorker,
    end: AudioEnd,
    passes: Arc<AtomicU32>,
    free: mpsc::Sender<()>,
}

fn midst() -> Midst {
    let passes = Arc::new(AtomicU32::new(0));
    let (begins, began) = mpsc::channel();
    let (free, held) = mpsc::channel();
    let model = InPasses {
        passes: Arc::clone(&passes),
        begins,
        held,
    };
    let engine = InferenceWorker::start(Box::new(|| Ok(Box::new(model))));
    let end = attached(&engine, 1);
    assert!(end.ask(request(&end, 0, Instant::now())));
    began.recv_timeout(LONG).unwrap();
    Midst {
        engine,
        end,
        passes,
        free,
    }
}

/// The answer without interruption.
fn undisturbed(group: u32) -> Result<Edits, Failure> {
    let engine = engine(|_, _| Ok(silence()));
    let end = attached(&engine, 1);
    assert!(end.ask(request(&end, group, Instant::now())));
    answer(&end).outcome
}

/// Blocks in the middle, runs `what`, continues; returns the answer and the number of passes.
fn after(what: impl FnOnce(&AudioEnd)) -> (Result<Edits, Failure>, u32) {
    let midst = midst();
    what(&midst.end);
    midst.free.send(()).unwrap();
    let found = answer(&midst.end);
    assert_eq!(found.group, 0);
    (found.outcome, midst.passes.load(Ordering::Relaxed))
}

#[test]
fn an_answer_that_is_wanted_takes_all_passes() {
    assert_eq!(after(|_| ()), (undisturbed(0), PASSES));
    // Other places do not matter.
    assert_eq!(after(|end| end.give_up(1)), (undisturbed(0), PASSES));
}

#[test]
fn one_that_is_given_up_is_left_at_the_next_pass() {
    let left = (Err(Failure::Stale), 1);
    assert_eq!(after(|end| end.give_up(0)), left);
    let renewed = after(|end| {
        end.renew();
    });
    assert_eq!(renewed, left);
}

#[test]
fn another_question_at_its_place_takes_its_turn() {
    let Midst {
        engine,
        end,
        passes,
        free,
    } = midst();
    let place = request(&end, 0, Instant::now()).place;
    assert!(end.ask(Request {
        place,
        ..request(&end, 7, Instant::now())
    }));
    free.send(()).unwrap();
    let (left, made) = (answer(&end), answer(&end));
    assert_eq!((left.group, left.outcome), (0, Err(Failure::Stale)));
    assert_eq!((made.group, made.outcome), (7, undisturbed(7)));
    assert_eq!(passes.load(Ordering::Relaxed), 1 + PASSES);
    // Nothing failed, and only one answer was given.
    let reading = engine.status().read();
    assert_eq!((reading.state, reading.passes), (WorkerState::Ready, 1));
}

#[test]
fn an_instance_that_goes_away_leaves_the_engine_to_the_others() {
    let Midst {
        engine,
        end,
        passes,
        free,
    } = midst();
    let other = attached(&engine, 2);
    assert!(other.ask(request(&other, 3, Instant::now())));
    drop(end);
    free.send(()).unwrap();
    assert_eq!(answer(&other).outcome, undisturbed(3));
    assert_eq!(passes.load(Ordering::Relaxed), 1 + PASSES);
}

#[test]
fn what_is_given_up_while_it_waits_is_never_begun() {
    let Midst {
        engine: _engine,
        end,
        passes,
        free,
    } = midst();
    for group in 1..5 {
        assert!(end.ask(request(&end, group, Instant::now())));
    }
    for group in [1, 3] {
        end.give_up(request(&end, group, Instant::now()).place);
    }
    free.send(()).unwrap();
    let mut stale = Vec::new();
    for _ in 0..5 {
        let found = answer(&end);
        if found.outcome == Err(Failure::Stale) {
            stale.push(found.group);
        } else {
            assert_eq!(found.outcome, undisturbed(found.group));
        }
    }
    assert_eq!(stale, [1, 3]);
    assert_eq!(passes.load(Ordering::Relaxed), 3 * PASSES);
}
