//! Benchmark of late answers: many instances with different music ask at the same beat. Prints
//! lines `KEY VALUE` for `cargo xtask bench`.
#![expect(clippy::print_stdout, reason = "a program whose output is figures")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use third_stream::engine::{InferenceWorker, Model, ModelError, Question, Wanted, WorkerState};
use third_stream::link::{Answer, AudioEnd, Request, WeightsId, Wish, link};
use third_stream::process::worker;
use third_stream_model::genre::{Direction, Pair};
use third_stream_model::roll::Roll;
use third_stream_model::roll::edits::{Edits, LEAD_STEPS};
use third_stream_model::roll::notes::NoteRoll;
use third_stream_model::shipped;
use third_stream_model::transfer::{Transfer, undivided};

const PAIR: Pair = Pair::JAZZ_CLASSIC;
/// Number of groups of four bars.
const GROUPS: u32 = 4;
/// Beats between the requests of two groups: half of real music's.
const APART: u32 = 8;

/// A benchmark case.
struct Case {
    /// Prefix of the keys.
    key: &'static str,
    instances: usize,
    beats_a_minute: u32,
    /// Directions requested: one with the knob on a side, both in the middle.
    directions: &'static [Direction],
    networks: fn() -> Arc<InferenceWorker>,
}

const CASES: [Case; 3] = [
    Case {
        key: "engine.instances64.bpm180",
        instances: 64,
        beats_a_minute: 180,
        directions: &Direction::BOTH,
        networks: cyclegan,
    },
    Case {
        key: "engine.arranger.instances32.bpm120.oneside",
        instances: 32,
        beats_a_minute: 120,
        directions: &[Direction::AToB],
        networks: worker,
    },
    Case {
        key: "engine.arranger.instances8.bpm120.both",
        instances: 8,
        beats_a_minute: 120,
        directions: &Direction::BOTH,
        networks: worker,
    },
];

fn main() {
    let only = std::env::args().find(|argument| argument.starts_with("engine"));
    let only = only.unwrap_or_default();
    let wanted = |case: &&Case| case.key.starts_with(&only) || only.starts_with(case.key);
    CASES.iter().filter(wanted).for_each(run);
}

fn run(case: &Case) {
    let engine = (case.networks)();
    let ends: Vec<AudioEnd> = (0..case.instances)
        .map(|instance| {
            let (audio, worker) = link(instance as u64);
            engine.attach(worker);
            audio
        })
        .collect();
    while engine.status().state() == WorkerState::Loading {
        std::thread::sleep(Duration::from_millis(5));
    }
    let beat = Duration::from_mins(1) / case.beats_a_minute;
    let (mut asked, mut late, mut slowest) = (0, 0, Duration::ZERO);
    for group in 0..GROUPS {
        let start = Instant::now();
        for answer in [Answer::First, Answer::Second] {
            // The first answer is requested a beat before the group's end and used from there on.
            let asking = start + beat * answer.index() as u32;
            while Instant::now() < asking {
                std::thread::sleep(Duration::from_micros(200));
            }
            for end in &ends {
                for direction in case.directions {
                    let phrase = phrase(end.instance() as usize, group as usize);
                    let request = Request {
                        instance: end.instance(),
                        generation: 0,
                        place: answer.index(),
                        group,
                        answer,
                        deadline: asking + beat,
                        weights: WeightsId::shipped(PAIR),
                        direction: *direction,
                        roll: heard(&phrase, answer),
                        wish: Wish {
                            passes: answer.passes(),
                            ..Wish::default()
                        },
                    };
                    assert!(end.ask(request), "the engine is gone");
                    asked += 1;
                }
            }
            // An answer before the next beat is in time.
            let mut missing = ends.len() * case.directions.len();
            while missing > 0 {
                for end in &ends {
                    end.answers(usize::MAX, |response| {
                        let took = asking.elapsed();
                        slowest = slowest.max(took);
                        late += usize::from(took > beat || response.outcome.is_err());
                        missing -= 1;
                        true
                    });
                }
                std::thread::sleep(Duration::from_micros(200));
            }
        }
        std::thread::sleep((beat * APART).saturating_sub(start.elapsed()));
    }
    println!("{}.answers {asked}", case.key);
    println!("{}.late {late}", case.key);
    println!("{}.slowest_ms {:.1}", case.key, slowest.as_secs_f64() * 1e3);
}

/// An engine with the CycleGAN's networks, as user weights.
fn cyclegan() -> Arc<InferenceWorker> {
    Arc::new(InferenceWorker::start(Box::new(|| {
        let transfer = Transfer::from_bytes(shipped::cyclegan());
        let transfer = transfer.map_err(|error| ModelError::Weights(error.to_string()))?;
        Ok(Box::new(CycleGan(transfer)))
    })))
}

struct CycleGan(Transfer);

impl CycleGan {
    fn answer(&self, asked: &Question) -> Result<Edits, ModelError> {
        let ends = (asked.weights.pair, asked.direction);
        let edits = self.0.edits(&asked.roll, ends, &asked.wish);
        edits.map_err(|error| ModelError::Pass(error.to_string()))
    }
}

impl Model for CycleGan {
    fn device(&self) -> &str {
        self.0.device()
    }

    fn edits(&mut self, asked: &Question, _: Wanted<'_>) -> Result<Edits, ModelError> {
        self.answer(asked)
    }

    fn at_once(&self) -> usize {
        rayon::current_num_threads()
    }

    fn answers(&mut self, questions: &[(Question, Wanted<'_>)]) -> Vec<Result<Edits, ModelError>> {
        let each = questions.par_iter();
        each.map(|(asked, _)| undivided(|| self.answer(asked)))
            .collect()
    }
}

/// A group's phrase as it is known when it is asked about: the last beat is still to be played when
/// the first answer is requested.
fn heard(phrase: &Roll, answer: Answer) -> NoteRoll {
    let steps = match answer {
        Answer::First => u64::MAX >> LEAD_STEPS,
        Answer::Second => u64::MAX,
    };
    NoteRoll::from(*phrase).beginning_in(steps)
}

/// A phrase of its own for each instance and group.
fn phrase(instance: usize, group: usize) -> Roll {
    let mut roll = Roll::EMPTY;
    for beat in 0..16 {
        for voice in 0..4 {
            let pitch = 20 + 12 * (voice % 3) + (instance * 5 + beat * (voice + 2) + group) % 12;
            roll.fill(pitch, 4 * beat, 4 * beat + 2 + (instance + voice) % 3);
        }
    }
    roll.fill(instance, group, group + 3);
    roll
}
