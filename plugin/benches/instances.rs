//! Sixty-four instances at 180 beats a minute, all with other music and all at the same beat:
//! which answers come late? Figures are lines `KEY VALUE`; `cargo xtask bench` runs this.
#![expect(clippy::print_stdout, reason = "a program whose output is figures")]

use std::time::{Duration, Instant};

use third_stream::engine::WorkerState;
use third_stream::link::{Answer, AudioEnd, Request, WeightsId, Wish, link};
use third_stream::process::worker;
use third_stream_model::genre::{Direction, Pair};
use third_stream_model::roll::Roll;

const INSTANCES: u64 = 64;
/// A beat at 180 a minute.
const BEAT: Duration = Duration::from_nanos(60_000_000_000 / 180);
/// Groups of four bars.
const GROUPS: u32 = 4;

fn main() {
    let engine = worker();
    let ends: Vec<AudioEnd> = (0..INSTANCES)
        .map(|instance| {
            let (audio, worker) = link(instance);
            engine.attach(worker);
            audio
        })
        .collect();
    while engine.status().state() == WorkerState::Loading {
        std::thread::sleep(Duration::from_millis(5));
    }
    let (mut asked, mut late, mut slowest) = (0, 0, Duration::ZERO);
    for group in 0..GROUPS {
        let start = Instant::now();
        for answer in [Answer::First, Answer::Second] {
            // The first is asked a beat before the group's end and plays from there on.
            let asking = start + BEAT * answer.index() as u32;
            while Instant::now() < asking {
                std::thread::sleep(Duration::from_micros(200));
            }
            for end in &ends {
                for direction in Direction::BOTH {
                    let request = Request {
                        instance: end.instance(),
                        generation: 0,
                        group,
                        answer,
                        deadline: asking + BEAT,
                        weights: WeightsId::shipped(Pair::JAZZ_CLASSIC),
                        direction,
                        roll: phrase(end.instance() as usize, group as usize * 2 + answer.index())
                            .into(),
                        wish: Wish::default(),
                    };
                    assert!(end.ask(request), "the engine is gone");
                    asked += 1;
                }
            }
            // What comes until the next beat is in time.
            let mut missing = ends.len() * 2;
            while missing > 0 {
                for end in &ends {
                    for response in end.answers(usize::MAX) {
                        let took = asking.elapsed();
                        slowest = slowest.max(took);
                        late += usize::from(took > BEAT || response.outcome.is_err());
                        missing -= 1;
                    }
                }
                std::thread::sleep(Duration::from_micros(200));
            }
        }
        std::thread::sleep((BEAT * 16).saturating_sub(start.elapsed()));
    }
    println!("engine.instances64.bpm180.answers {asked}");
    println!("engine.instances64.bpm180.late {late}");
    println!(
        "engine.instances64.bpm180.slowest_ms {:.1}",
        slowest.as_secs_f64() * 1e3
    );
}

/// Music that no two instances and no two questions share.
fn phrase(instance: usize, question: usize) -> Roll {
    let mut roll = Roll::EMPTY;
    for beat in 0..16 {
        for voice in 0..4 {
            let pitch = 20 + 12 * (voice % 3) + (instance * 5 + beat * (voice + 2) + question) % 12;
            roll.fill(pitch, 4 * beat, 4 * beat + 2 + (instance + voice) % 3);
        }
    }
    roll.fill(instance, question, question + 3);
    roll
}
