//! The loop with a learner that is one number for each pitch: what it knows depends on every
//! batch, in order, and on the rate.

use std::sync::Arc;

use super::*;
use crate::data::batch::{Batch, Drawing, PairSampler};
use crate::data::{Data, Piece, Split};
use crate::genre::{Genre, Pair};
use crate::roll::{PITCHES, Roll};

const STEPS: u64 = 12;

struct Toy {
    weights: Vec<f32>,
    /// Set at this step: a stop, or a loss that is no number.
    at: Option<(u64, Accident)>,
    stop: Arc<AtomicBool>,
}

#[derive(Clone, Copy)]
enum Accident {
    Stop,
    NotANumber,
    Failure,
}

impl Toy {
    fn new(at: Option<(u64, Accident)>) -> Self {
        Self {
            weights: vec![0.0; PITCHES],
            at,
            stop: Arc::default(),
        }
    }
}

impl Learner for Toy {
    type Batch = Batch;

    fn learn(
        &mut self,
        step: u64,
        batch: &Batch,
        rate: f64,
    ) -> Result<Vec<(&'static str, f32)>, AnyError> {
        for roll in batch.a.iter().chain(&batch.mixed) {
            for (row, weight) in self.weights.iter_mut().enumerate() {
                let sounds = f32::from(u8::from(roll.get(0, row)));
                *weight += rate as f32 * (sounds - *weight * 0.9);
            }
        }
        let mut loss = self.weights.iter().sum();
        match self.at {
            Some((at, Accident::Stop)) if at == step => self.stop.store(true, Ordering::Relaxed),
            Some((at, Accident::NotANumber)) if at == step => loss = f32::NAN,
            Some((at, Accident::Failure)) if at == step => return Err("out of memory".into()),
            _ => {}
        }
        Ok(vec![("sum", loss)])
    }

    fn tensors(&self) -> Result<BTreeMap<String, Tensor>, AnyError> {
        let weights = Tensor::new(self.weights.as_slice(), &Device::Cpu)?;
        Ok(BTreeMap::from([("weights".to_owned(), weights)]))
    }

    fn restore(&mut self, tensors: &BTreeMap<String, Tensor>) -> Result<(), AnyError> {
        self.weights = tensors.get("weights").ok_or("no weights")?.to_vec1()?;
        Ok(())
    }

    fn weights(&self, done: u64, scores: Option<&Value>) -> Result<Vec<u8>, AnyError> {
        let mut bytes = format!("{done} {scores:?} ").into_bytes();
        bytes.extend(self.weights.iter().flat_map(|weight| weight.to_le_bytes()));
        Ok(bytes)
    }

    fn pictures(&self) -> Result<Vec<String>, AnyError> {
        Ok(vec![format!("<svg>{}</svg>", self.weights.len())])
    }
}

fn data() -> Data {
    let pieces = Genre::ALL.map(|genre| {
        let rolls = (0..30).map(|number| {
            let mut roll = Roll::EMPTY;
            roll.fill(20 + (number * 7 + genre as usize) % 50, 0, 3);
            roll
        });
        let piece = Piece::new("x.mid", "here", Split::Train, rolls.collect::<Vec<_>>());
        (genre, vec![piece])
    });
    Data::of_pieces(pieces.into(), Vec::new()).unwrap()
}

fn plan(folder: PathBuf, resume: bool) -> RunPlan {
    RunPlan {
        folder,
        record: RunRecord {
            pair: Pair::JAZZ_CLASSIC.to_string(),
            columns: Vec::new(),
            recipe: serde_json::json!({"steps": STEPS}),
            seed: 5,
            clean: false,
            extra: false,
            data: data().hash().to_owned(),
            places: BTreeMap::new(),
        },
        music: data().table(),
        schedule: Schedule {
            rate: 0.3,
            decay_from: 6,
            steps: STEPS,
            ..Schedule::default()
        },
        resume,
        warm: false,
        checkpoint_every: Duration::from_hours(1),
        display: Display::Quiet,
        device: Device::Cpu,
    }
}

/// Runs the toy; its score is best in the middle of the run.
fn train(plan: &RunPlan, toy: &mut Toy) -> Result<Outcome, RunError> {
    let data = data();
    let drawing = Drawing {
        seed: 5,
        size: 3,
        transpose: 6,
    };
    let batches = PairSampler::new(&data, Pair::JAZZ_CLASSIC, &Genre::ALL, drawing).unwrap();
    let stop = Arc::clone(&toy.stop);
    let score = |toy: &Toy| {
        let mean = toy.weights.iter().sum::<f32>() / PITCHES as f32;
        Ok(Scored {
            score: -(mean - 0.01).abs(),
            details: serde_json::json!({"mean": mean}),
            alarms: Vec::new(),
        })
    };
    let validation = Validation {
        every: 2,
        score: Box::new(score),
    };
    run(toy, &batches, plan, Some(validation), &stop)
}

fn files(folder: &std::path::Path) -> [Vec<u8>; 2] {
    [WEIGHTS, BEST].map(|name| std::fs::read(folder.join(name)).unwrap())
}

/// Everything in the metrics but the times.
fn metrics(folder: &std::path::Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join(METRICS)).unwrap();
    let lines = text.lines().map(|line| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        line.as_object_mut().unwrap().remove("seconds");
        line
    });
    lines.collect()
}

#[test]
fn stopped_anywhere_and_gone_on_gives_the_same_weights_and_metrics() {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    let done = train(&plan(whole.clone(), false), &mut Toy::new(None)).unwrap();
    assert_eq!(done, Outcome::Done(whole.join(WEIGHTS)));
    let lines = metrics(&whole);
    assert_eq!(lines.len() as u64, STEPS + STEPS / 2);
    assert!(lines[0]["sum"].as_f64().unwrap() > 0.0);

    for at in 0..STEPS - 1 {
        let folder = dir.path().join(format!("stopped-{at}"));
        let mut toy = Toy::new(Some((at, Accident::Stop)));
        let stopped = train(&plan(folder.clone(), false), &mut toy).unwrap();
        assert_eq!(stopped, Outcome::Stopped(at + 1));
        train(&plan(folder.clone(), true), &mut Toy::new(None)).unwrap();
        assert_eq!(files(&folder), files(&whole));
        assert_eq!(metrics(&folder), lines);
    }
}

#[test]
fn a_run_that_died_goes_on_from_its_last_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    train(&plan(whole.clone(), false), &mut Toy::new(None)).unwrap();
    for every in [Duration::ZERO, Duration::from_hours(1)] {
        let folder = dir.path().join(format!("died-{}", every.as_secs()));
        let mut first = plan(folder.clone(), false);
        first.checkpoint_every = every;
        let why = train(&first, &mut Toy::new(Some((7, Accident::Failure)))).unwrap_err();
        assert_eq!(why.to_string(), "step 8: out of memory");
        train(&plan(folder.clone(), true), &mut Toy::new(None)).unwrap();
        assert_eq!(files(&folder), files(&whole));
        assert_eq!(metrics(&folder), metrics(&whole));
    }
}

#[test]
fn a_warm_run_that_died_before_its_first_checkpoint_is_still_warm() {
    let dir = tempfile::tempdir().unwrap();
    let warm = || Toy {
        weights: vec![0.5; PITCHES],
        ..Toy::new(None)
    };
    let plan = |name: &str, resume| RunPlan {
        warm: true,
        ..plan(dir.path().join(name), resume)
    };
    train(&plan("whole", false), &mut warm()).unwrap();
    let mut dies = Toy {
        at: Some((3, Accident::Failure)),
        ..warm()
    };
    train(&plan("died", false), &mut dies).unwrap_err();
    train(&plan("died", true), &mut Toy::new(None)).unwrap();
    let [whole, died] = ["whole", "died"].map(|name| files(&dir.path().join(name)));
    assert_eq!(died, whole);
}

#[test]
fn a_finished_run_that_goes_on_has_nothing_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run");
    train(&plan(folder.clone(), false), &mut Toy::new(None)).unwrap();
    let before = files(&folder);
    let mut again = Toy::new(Some((0, Accident::Failure)));
    train(&plan(folder.clone(), true), &mut again).unwrap();
    assert_eq!(files(&folder), before);
}

#[test]
fn a_loss_that_is_no_number_ends_the_run_before_it_is_saved() {
    let dir = tempfile::tempdir().unwrap();
    let mut plan = plan(dir.path().join("run"), false);
    plan.checkpoint_every = Duration::ZERO;
    let why = train(&plan, &mut Toy::new(Some((4, Accident::NotANumber)))).unwrap_err();
    assert!(matches!(why, RunError::NotFinite { step: 5, .. }), "{why}");
    let (header, _) = checkpoint::last(&plan.folder, &Device::Cpu)
        .unwrap()
        .unwrap();
    assert_eq!(header.next_step, 4);
}

#[test]
fn folders_of_other_runs_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run");
    let text = |plan: &RunPlan| {
        let why = train(plan, &mut Toy::new(None)).unwrap_err().to_string();
        why.replace(&*dir.path().to_string_lossy(), "DIR")
    };
    std::fs::create_dir(&folder).unwrap();
    insta::assert_snapshot!(text(&plan(folder.clone(), true)), @"DIR/run/run.json: No such file or directory (os error 2); expected the folder of a run that was started with `train`");
    let mut toy = Toy::new(Some((2, Accident::Stop)));
    train(&plan(folder.clone(), false), &mut toy).unwrap();
    insta::assert_snapshot!(text(&plan(folder.clone(), false)), @"DIR/run: holds a run already; go on with --resume DIR/run, or choose another --run folder");
    let mut other = plan(folder.clone(), true);
    other.record.seed = 6;
    insta::assert_snapshot!(text(&other), @"the run in DIR/run cannot go on with other settings: seed was 5 and is 6; leave them out to go on, or start a new run in another folder");
    let lock = Lock::take(&folder).unwrap();
    insta::assert_snapshot!(text(&plan(folder.clone(), true)), @"DIR/run: another process is training into this folder; wait for it, or stop it first");
    drop(lock);
    train(&plan(folder, true), &mut Toy::new(None)).unwrap();
}
