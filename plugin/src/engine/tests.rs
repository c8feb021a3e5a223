//! The worker with test models: order, stale requests, failures, shutdown.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use third_stream_model::genre::{Direction, Pair};
use third_stream_model::roll::edits::{Edits, THRESHOLD};
use third_stream_model::roll::notes::NoteRoll;
use third_stream_model::roll::{CELLS, PITCHES, Roll};
use third_stream_model::weights::WeightsError;

use super::*;
use crate::link::{
    Answer, AudioEnd, Counted, Failure, PLACES, Request, Response, WeightsId, Wish, link,
};

mod first_draws;
mod own;
mod unwanted;

/// Timeout on a busy machine.
const LONG: Duration = Duration::from_secs(20);

/// A model from a closure.
struct Fake<F>(F);

impl<F: FnMut(Direction, &Roll) -> Result<Vec<f32>, ModelError>> Model for Fake<F> {
    fn device(&self) -> &'static str {
        "fake"
    }

    fn edits(&mut self, asked: &Question, _: Wanted<'_>) -> Result<Edits, ModelError> {
        let pair = asked.weights.pair;
        if pair == Pair::JAZZ_POP {
            return Err(ModelError::NoWeights(pair));
        }
        let values = (self.0)(asked.direction, asked.roll.sounding())?;
        Ok(ranked(asked, &values))
    }
}

/// The edits towards these probabilities.
fn ranked(asked: &Question, values: &[f32]) -> Edits {
    Edits::rank(&asked.roll, values, THRESHOLD, asked.wish.held)
}

/// An engine with the network `pass`, which the warm-up (silence) does not reach.
fn engine(
    mut pass: impl FnMut(Direction, &Roll) -> Result<Vec<f32>, ModelError> + Send + 'static,
) -> InferenceWorker {
    let model = move |direction: Direction, roll: &Roll| {
        if roll.is_empty() {
            return Ok(vec![0.0; CELLS]);
        }
        pass(direction, roll)
    };
    InferenceWorker::start(Box::new(move || Ok(Box::new(Fake(model)))))
}

/// An engine that reports the start of a pass on `note(0)` and blocks there until released.
fn held_at_zero() -> (InferenceWorker, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (begins, began) = mpsc::channel();
    let (free, held) = mpsc::channel();
    let engine = engine(move |_, roll| {
        if *roll == *note(0).sounding() {
            begins.send(()).unwrap();
            held.recv().unwrap();
        }
        Ok(silence())
    });
    (engine, began, free)
}

/// The input's own cells with certainty: no edits.
fn identity(roll: &Roll) -> Vec<f32> {
    let mut values = vec![0.0; CELLS];
    roll.write_values(&mut values);
    values
}

/// An empty output.
fn silence() -> Vec<f32> {
    vec![0.0; CELLS]
}

/// A roll with one note at `row`, to identify a request.
fn note(row: usize) -> NoteRoll {
    let mut roll = Roll::EMPTY;
    roll.fill(row, 0, 4);
    roll.into()
}

fn request(end: &AudioEnd, group: u32, deadline: Instant) -> Request {
    Request {
        instance: end.instance(),
        generation: 0,
        place: group as usize % PLACES,
        group,
        answer: Answer::First,
        deadline,
        weights: WeightsId::shipped(Pair::JAZZ_CLASSIC),
        direction: Direction::AToB,
        roll: note(group as usize),
        wish: Wish::default(),
    }
}

fn attached(engine: &InferenceWorker, instance: u64) -> AudioEnd {
    let (audio, worker) = link(instance);
    engine.attach(worker);
    audio
}

fn answer(end: &AudioEnd) -> Response {
    end.wait_offline(LONG, |response| *response)
        .expect("an answer")
}

/// Waits for a state of the engine.
fn until(engine: &InferenceWorker, state: WorkerState) {
    let start = Instant::now();
    while engine.status().state() != state {
        assert!(start.elapsed() < LONG, "never {state:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Found by the soak: responses without room were dropped, and a bounce waited in vain.
#[test]
fn more_answers_than_there_is_room_for_all_come_and_in_order() {
    let engine = engine(|_, roll| Ok(identity(roll)));
    let end = attached(&engine, 3);
    until(&engine, WorkerState::Ready);
    let now = Instant::now();
    let all = (0..60).map(|number| Request {
        answer: [Answer::First, Answer::Second][number as usize / 2 % 2],
        direction: Direction::BOTH[number as usize % 2],
        ..request(&end, number / 4, now)
    });
    for request in all.clone() {
        while !end.ask(request) {
            assert!(now.elapsed() < LONG, "no room for {request:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    for asked in all {
        let found = answer(&end);
        let found = (found.group, found.answer, found.direction, found.outcome);
        let edits = Ok(Edits::NONE);
        assert_eq!(found, (asked.group, asked.answer, asked.direction, edits));
    }
    for counted in [Counted::Asked, Counted::Taken] {
        assert_eq!(end.counts().of(counted), 60, "{counted:?}");
    }
}

#[test]
fn answers_carry_the_marks_of_their_requests() {
    let engine = engine(|_, roll| Ok(identity(roll)));
    let end = attached(&engine, 3);
    while end.renew() < 9 {}
    let asked = Request {
        generation: 9,
        answer: Answer::Second,
        direction: Direction::BToA,
        ..request(&end, 5, Instant::now())
    };
    assert!(end.ask(asked));
    let Response {
        generation,
        group,
        answer,
        direction,
        outcome,
    } = answer(&end);
    assert_eq!((generation, group), (9, 5));
    assert_eq!((answer, direction), (Answer::Second, Direction::BToA));
    assert_eq!(outcome, Ok(Edits::NONE));
    let reading = engine.status().read();
    assert_eq!((reading.state, reading.passes), (WorkerState::Ready, 1));
    assert_eq!(reading.device, "fake");
    assert!(reading.last_pass.is_some());
}

/// A model that batches two questions and records them. It blocks at `note(0)`.
struct Pairwise {
    asked: mpsc::Sender<Vec<NoteRoll>>,
    held: mpsc::Receiver<()>,
}

impl Model for Pairwise {
    fn device(&self) -> &'static str {
        "two at once"
    }

    fn edits(&mut self, asked: &Question, _: Wanted<'_>) -> Result<Edits, ModelError> {
        assert_ne!(asked.roll, note(2), "for the test");
        let values = identity(asked.roll.sounding());
        Ok(ranked(asked, &values))
    }

    fn at_once(&self) -> usize {
        2
    }

    fn answers(&mut self, questions: &[(Question, Wanted<'_>)]) -> Vec<Result<Edits, ModelError>> {
        let rolls: Vec<NoteRoll> = questions.iter().map(|(asked, _)| asked.roll).collect();
        let holds = rolls.contains(&note(0));
        self.asked.send(rolls).unwrap();
        if holds {
            self.held.recv().unwrap();
        }
        let each = questions.iter();
        each.map(|(asked, wanted)| caught(|| self.edits(asked, wanted)))
            .collect()
    }
}

#[test]
fn what_waits_is_worked_out_two_at_once_and_the_same_only_once() {
    let (asks, asked) = mpsc::channel();
    let (free, held) = mpsc::channel();
    let engine = InferenceWorker::start(Box::new(|| Ok(Box::new(Pairwise { asked: asks, held }))));
    let (one, two) = (attached(&engine, 1), attached(&engine, 2));
    let now = Instant::now();
    assert!(one.ask(request(&one, 0, now)));
    assert_eq!(asked.recv_timeout(LONG).unwrap(), [note(0)]);
    let after = |ms| now + Duration::from_millis(ms);
    assert!(one.ask(request(&one, 1, after(100))));
    assert!(two.ask(request(&two, 1, after(200))));
    assert!(two.ask(request(&two, 2, after(300))));
    assert!(one.ask(request(&one, 3, after(400))));
    assert!(one.ask(request(&one, 4, after(500))));
    free.send(()).unwrap();
    assert_eq!(
        [(); 3].map(|()| asked.recv_timeout(LONG).unwrap()),
        [vec![note(1)], vec![note(2), note(3)], vec![note(4)]]
    );
    assert_eq!([(); 4].map(|()| answer(&one).group), [0, 1, 3, 4]);
    assert_eq!(answer(&two).outcome, Ok(Edits::NONE));
    // A panic fails its own question only.
    assert_eq!(answer(&two).outcome, Err(Failure::Network));
}

#[test]
fn the_earliest_deadline_comes_first_across_instances() {
    let (engine, began, free) = held_at_zero();
    let (one, two) = (attached(&engine, 1), attached(&engine, 2));
    let now = Instant::now();
    let after = |ms| now + Duration::from_millis(ms);
    // Keeps the worker busy until all others have arrived.
    assert!(one.ask(request(&one, 0, now)));
    began.recv().unwrap();
    assert!(one.ask(request(&one, 1, after(300))));
    assert!(two.ask(request(&two, 2, after(100))));
    assert!(one.ask(request(&one, 3, after(200))));
    assert!(two.ask(request(&two, 4, after(400))));
    free.send(()).unwrap();
    assert_eq!(answer(&one).group, 0);
    // Group 3 is due before group 1, although it was requested later.
    assert_eq!(answer(&one).group, 3);
    assert!(
        two.wait_offline(Duration::ZERO, |response| response.group)
            .is_some_and(|group| group == 2),
        "2 before 3"
    );
    assert_eq!(answer(&one).group, 1);
    assert_eq!(answer(&two).group, 4);
}

#[test]
fn stale_requests_are_refused_and_not_worked_on() {
    let (engine, began, free) = held_at_zero();
    let end = attached(&engine, 1);
    let now = Instant::now();
    assert!(end.ask(request(&end, 0, now)));
    began.recv().unwrap();
    assert!(end.ask(request(&end, 1, now)));
    let newer = Request {
        generation: end.renew(),
        ..request(&end, 2, now)
    };
    assert!(end.ask(newer));
    free.send(()).unwrap();
    assert_eq!(answer(&end).group, 0);
    let refused = answer(&end);
    assert_eq!((refused.group, refused.outcome), (1, Err(Failure::Stale)));
    assert!(answer(&end).outcome.is_ok());
    assert_eq!(end.counts().of(Counted::Stale), 1);
    // Only the first and the newest were answered by a pass.
    assert_eq!(engine.status().read().passes, 2);
}

#[test]
fn a_panic_is_a_failed_answer_and_the_next_pass_recovers() {
    let mut calls = 0;
    let engine = engine(move |_, _| {
        calls += 1;
        assert!(calls != 1, "the network breaks");
        Ok(silence())
    });
    let end = attached(&engine, 1);
    let now = Instant::now();
    assert!(end.ask(request(&end, 0, now)));
    assert_eq!(answer(&end).outcome, Err(Failure::Network));
    let reading = engine.status().read();
    assert_eq!(reading.state, WorkerState::Failed);
    assert!(reading.error.unwrap().contains("the network breaks"));

    assert!(end.ask(request(&end, 1, now)));
    assert!(answer(&end).outcome.is_ok());
    assert_eq!(engine.status().state(), WorkerState::Ready);
}

#[test]
fn silence_stays_silence_and_a_known_roll_costs_no_pass() {
    let engine = engine(|_, _| Ok(vec![0.9; CELLS]));
    let end = attached(&engine, 1);
    let silent = Request {
        roll: NoteRoll::EMPTY,
        ..request(&end, 0, Instant::now())
    };
    assert!(end.ask(silent));
    assert_eq!(answer(&end).outcome, Ok(Edits::NONE));
    assert_eq!(engine.status().read().passes, 0);

    let played = request(&end, 7, Instant::now());
    for answer_number in [Answer::First, Answer::Second] {
        assert!(end.ask(Request {
            answer: answer_number,
            ..played
        }));
    }
    let (first, second) = (answer(&end), answer(&end));
    assert_eq!(first.outcome, second.outcome);
    // Every row becomes one long note.
    assert_eq!(first.outcome.unwrap().count(), PITCHES);
    assert_eq!(engine.status().read().passes, 1);

    // The other direction is another network.
    assert!(end.ask(Request {
        direction: Direction::BToA,
        ..played
    }));
    answer(&end);
    assert_eq!(engine.status().read().passes, 2);
}

#[test]
fn an_instance_that_goes_away_with_work_pending_harms_nobody() {
    let (engine, began, free) = held_at_zero();
    let (gone, stays) = (attached(&engine, 1), attached(&engine, 2));
    let now = Instant::now();
    assert!(gone.ask(request(&gone, 0, now)));
    began.recv().unwrap();
    for group in 1..10 {
        assert!(gone.ask(request(&gone, group, now)));
    }
    assert!(stays.ask(request(&stays, 20, now + Duration::from_secs(1))));
    drop(gone);
    free.send(()).unwrap();
    assert!(answer(&stays).outcome.is_ok());
    // The running pass, and that of the instance that is left.
    assert_eq!(engine.status().read().passes, 2);
}

#[test]
fn no_weights_is_said_and_nothing_breaks() {
    let broken = InferenceWorker::start(Box::new(|| Err(ModelError::Weights("cut".into()))));
    until(&broken, WorkerState::Failed);
    let end = attached(&broken, 1);
    assert!(end.ask(request(&end, 0, Instant::now())));
    assert_eq!(answer(&end).outcome, Err(Failure::NoWeights));
    assert!(broken.status().read().error.unwrap().contains("cut"));

    let other_pair = engine(|_, roll| Ok(identity(roll)));
    let end = attached(&other_pair, 1);
    assert!(end.ask(Request {
        weights: WeightsId::shipped(Pair::JAZZ_POP),
        ..request(&end, 0, Instant::now())
    }));
    assert_eq!(answer(&end).outcome, Err(Failure::NoWeights));
    assert_eq!(other_pair.status().state(), WorkerState::Ready);

    let panics = InferenceWorker::start(Box::new(|| panic!("no such file")));
    until(&panics, WorkerState::Failed);
}

#[test]
fn memory_that_is_short_is_said_and_a_pair_is_there_once_it_is_not() {
    let short = || {
        let error = WeightsError::Memory { bytes: 82_000_000 };
        ModelError::Weights(error.to_string())
    };
    let broken = InferenceWorker::start(Box::new(move || Err(short())));
    until(&broken, WorkerState::Failed);
    let end = attached(&broken, 1);
    assert!(end.ask(request(&end, 0, Instant::now())));
    assert_eq!(answer(&end).outcome, Err(Failure::NoWeights));
    let said = broken.status().read().error.unwrap();
    assert!(said.contains("82 MB of memory"), "{said}");

    // As when another pair is unpacked at its first question.
    let mut tries = 0;
    let later = engine(move |_, roll| {
        tries += 1;
        if tries == 1 {
            return Err(short());
        }
        Ok(identity(roll))
    });
    let end = attached(&later, 1);
    assert!(end.ask(request(&end, 0, Instant::now())));
    assert_eq!(answer(&end).outcome, Err(Failure::Network));
    assert_eq!(later.status().read().error.unwrap(), said);
    assert!(end.ask(request(&end, 0, Instant::now())));
    assert_eq!(answer(&end).outcome, Ok(Edits::NONE));
    assert_eq!(later.status().state(), WorkerState::Ready);
}

#[test]
fn dropping_the_engine_ends_its_thread_within_a_pass() {
    let engine = engine(|_, _| {
        std::thread::sleep(Duration::from_millis(50));
        Ok(silence())
    });
    let end = attached(&engine, 1);
    for group in 1..16 {
        end.ask(request(&end, group, Instant::now()));
    }
    std::thread::sleep(Duration::from_millis(20));
    let start = Instant::now();
    drop(engine);
    // At most one pass, not all fifteen; the thread is joined, so its end is dropped.
    assert!(
        start.elapsed() < Duration::from_millis(600),
        "{:?}",
        start.elapsed()
    );
    end.answers(usize::MAX, |_| true);
    assert!(
        !end.ask(request(&end, 17, Instant::now())),
        "nobody listens"
    );
}

#[test]
fn instances_share_one_engine_and_the_last_one_ends_it() {
    let shared = || shared(crate::weights::load);
    let (one, two) = (shared(), shared());
    assert!(Arc::ptr_eq(&one, &two));
    let weak = Arc::downgrade(&one);
    drop(one);
    assert!(weak.upgrade().is_some());
    drop(two);
    assert!(weak.upgrade().is_none());
    // A new instance starts a new worker.
    let again = shared();
    assert_eq!(Arc::strong_count(&again), 1);
}

#[test]
fn without_a_thread_notes_are_dry_and_nobody_waits() {
    // No system provides a stack of this size.
    let load = Box::new(|| unreachable!("there is no thread"));
    let engine = InferenceWorker::start_on(Some(1 << 60), load);
    let Reading { state, error, .. } = engine.status().read();
    assert_eq!(state, WorkerState::Failed);
    assert!(error.unwrap().starts_with("no thread: "));
    let end = attached(&engine, 1);
    assert!(!end.ask(request(&end, 0, Instant::now())));
    let start = Instant::now();
    assert!(end.wait_offline(LONG, |_| ()).is_none());
    assert!(start.elapsed() < LONG / 2, "a bounce waited for nobody");
}
