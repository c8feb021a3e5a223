//! The loop of a training run: batches in, losses out, checkpoints on the way.
//!
//! The networks are behind [`Learner`] and the music behind [`Batches`], so that the loop and what
//! it promises can be tested without them: a run that was stopped at any moment and goes on gives
//! the same weights as one that was not.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use candle_core::{Device, Tensor};
use serde_json::Value;

use super::checkpoint::{self, CheckpointError, CheckpointHeader};
use super::lock::{Lock, LockError};
use super::page;
use super::record::{FILE, RecordError, RunRecord};
use super::schedule::Schedule;
use crate::data::batch::Batches;
use crate::files::{remove_parts, write_whole};
use crate::train::progress::{Display, METRICS, ProgressReport};

/// The weights after the last checkpoint's step.
pub const WEIGHTS: &str = "weights.safetensors";
/// File with the list of the music, and of every file that was left out.
pub const MUSIC: &str = "music.txt";
/// The weights with the best validation score.
pub const BEST: &str = "best.safetensors";

/// An error of a part that the loop calls.
pub type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// A model in training: networks, optimisers and all other state that changes from step to step.
pub trait Learner {
    /// Training data of one step.
    type Batch;

    /// Learns from the batch of `step` at the learning rate `rate`; returns named losses.
    ///
    /// # Errors
    /// The step fails on the device.
    fn learn(
        &mut self,
        step: u64,
        batch: &Self::Batch,
        rate: f64,
    ) -> Result<Vec<(&'static str, f32)>, AnyError>;

    /// Everything that the next step depends on.
    ///
    /// # Errors
    /// Tensors cannot be copied from the device.
    fn tensors(&self) -> Result<BTreeMap<String, Tensor>, AnyError>;

    /// Takes back what [`Learner::tensors`] gave.
    ///
    /// # Errors
    /// A tensor is missing or has another shape.
    fn restore(&mut self, tensors: &BTreeMap<String, Tensor>) -> Result<(), AnyError>;

    /// The weights file of the generators after `done` steps, with `scores` in its header.
    ///
    /// # Errors
    /// The weights cannot be written to bytes.
    fn weights(&self, done: u64, scores: Option<&Value>) -> Result<Vec<u8>, AnyError>;

    /// Phrases before and after as SVG, for the run's page.
    ///
    /// # Errors
    /// A transfer fails, or a phrase cannot be drawn.
    fn pictures(&self) -> Result<Vec<String>, AnyError>;
}

/// The numbers of a JSON object by name, such as the scores of a weights file.
pub(super) fn numbers(object: &Value) -> BTreeMap<String, f64> {
    let fields = object.as_object().into_iter().flatten();
    fields
        .filter_map(|(name, value)| Some((name.clone(), value.as_f64()?)))
        .collect()
}

/// Result of a validation.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// The figure that chooses the best weights, the greater the better.
    pub score: f32,
    /// All figures, for the metrics and the weights' header.
    pub details: Value,
    /// Signs of a collapse, each a sentence for the user.
    pub alarms: Vec<String>,
}

/// Scores a learner as it is.
pub type Score<'a, L> = dyn FnMut(&L) -> Result<Scored, AnyError> + 'a;

/// A validation: how often, and what.
pub struct Validation<'a, L> {
    /// Steps between validations; there is one after the last step, too.
    pub every: u64,
    /// Scores the learner as it is.
    pub score: Box<Score<'a, L>>,
}

/// A run.
#[derive(Clone, Debug)]
pub struct RunPlan {
    /// Where everything is written. Made if it is not there.
    pub folder: PathBuf,
    /// Record of the run.
    pub record: RunRecord,
    /// List of the music and of what was left out, as text for the run's folder.
    pub music: String,
    /// Learning rate and number of steps.
    pub schedule: Schedule,
    /// True if the folder's run goes on; otherwise the folder must not hold one.
    pub resume: bool,
    /// True if the learner begins with what the recipe and the seed do not give again, such as
    /// other weights: then there is a checkpoint before the first step, too.
    pub warm: bool,
    /// Time between checkpoints.
    pub checkpoint_every: Duration,
    /// How it is shown.
    pub display: Display,
    /// Where the learner's tensors live.
    pub device: Device,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// All steps are done; the weights are in the file.
    Done(PathBuf),
    /// It was interrupted after this many steps, and can be resumed.
    Stopped(u64),
}

/// A run that cannot start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The folder holds another run.
    #[error("{0}: holds a run already; go on with --resume {0}, or choose another --run folder")]
    Occupied(PathBuf),
    /// A file of the run's folder cannot be written.
    #[error(
        "{path}: cannot be written: {source}; what was saved before is whole: make room there, \
         then go on with --resume"
    )]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The learner failed.
    #[error("step {step}: {source}")]
    Step {
        /// The step, counted from 1.
        step: u64,
        /// Why.
        source: AnyError,
    },
    /// A loss is no number any more.
    #[error(
        "step {step}: the loss {name} is {value}; training cannot recover from that. The last \
         checkpoint is from before; a smaller learning rate helps most often"
    )]
    NotFinite {
        /// The step, counted from 1.
        step: u64,
        /// The loss.
        name: &'static str,
        /// Its value.
        value: f32,
    },
    /// The checkpoint's tensors do not fit the recipe's networks.
    #[error("the checkpoint does not fit the networks: {0}")]
    Restore(AnyError),
    /// The folder is in use.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The record is unreadable or of another run.
    #[error(transparent)]
    RunRecord(#[from] RecordError),
    /// The checkpoint cannot be written or read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// Trains `learner` as `plan` says. Ends early, with a checkpoint, once `stop` is set.
///
/// # Errors
/// The folder cannot be used or written, another process trains in it, or a step fails; see
/// [`RunError`].
pub fn run<L: Learner>(
    learner: &mut L,
    batches: &impl Batches<Batch = L::Batch>,
    plan: &RunPlan,
    mut validation: Option<Validation<L>>,
    stop: &AtomicBool,
) -> Result<Outcome, RunError> {
    let io = |source| RunError::Io {
        path: plan.folder.clone(),
        source,
    };
    let steps = plan.schedule.steps;
    let mut header = CheckpointHeader {
        next_step: 0,
        best: None,
        record: plan.record.clone(),
    };
    let _lock = enter(plan, || {
        if plan.warm {
            let tensors = learner.tensors().map_err(RunError::Restore)?;
            checkpoint::write(&plan.folder, &header, &tensors)?;
        }
        Ok(())
    })?;
    if plan.resume
        && let Some((last, tensors)) = checkpoint::last(&plan.folder, &plan.device)?
    {
        last.record.check_same(&plan.record, &plan.folder)?;
        learner.restore(&tensors).map_err(RunError::Restore)?;
        header = last;
    }
    let first = header.next_step;
    let mut report = ProgressReport::open(&plan.folder, first, steps, plan.display).map_err(io)?;
    if plan.resume {
        report.say(&format!("going on after step {first} of {steps}"));
    }
    let mut saved = Instant::now();
    for step in first..steps {
        let failed = |source| RunError::Step {
            step: step + 1,
            source,
        };
        let began = Instant::now();
        let rate = plan.schedule.rate(step);
        let batch = batches.batch(step).map_err(|why| failed(why.into()))?;
        let losses = learner.learn(step, &batch, rate).map_err(failed)?;
        if let Some((name, value)) = losses.iter().find(|(_, value)| !value.is_finite()) {
            return Err(RunError::NotFinite {
                step: step + 1,
                name,
                value: *value,
            });
        }
        let seconds = began.elapsed().as_secs_f64();
        report.step(step, &losses, rate, seconds).map_err(io)?;
        header.next_step = step + 1;
        let done = header.next_step;
        if let Some(validation) = &mut validation
            && (done.is_multiple_of(validation.every.max(1)) || done == steps)
        {
            let scored = (validation.score)(learner).map_err(failed)?;
            report
                .scores(done, scored.score, &scored.details)
                .map_err(io)?;
            for alarm in &scored.alarms {
                report.say(&format!("step {done}: warning: {alarm}"));
            }
            if header.best.is_none_or(|best| scored.score > best) {
                let weights = learner
                    .weights(done, Some(&scored.details))
                    .map_err(failed)?;
                write_whole(&plan.folder.join(BEST), &weights).map_err(io)?;
                header.best = Some(scored.score);
            }
        }
        let stopping = stop.load(Ordering::Relaxed) && done < steps;
        if stopping || done == steps || saved.elapsed() >= plan.checkpoint_every {
            // The weights first: what a checkpoint says is done is not done again.
            let weights = learner.weights(done, None).map_err(failed)?;
            write_whole(&plan.folder.join(WEIGHTS), &weights).map_err(io)?;
            let tensors = learner.tensors().map_err(failed)?;
            checkpoint::write(&plan.folder, &header, &tensors)?;
            let pictures = learner.pictures().map_err(failed)?;
            let title = format!("{}, {done} of {steps} steps", plan.record.pair);
            page::write(&plan.folder, &title, &pictures).map_err(io)?;
            saved = Instant::now();
        }
        if stopping {
            report.close();
            return Ok(Outcome::Stopped(done));
        }
    }
    report.close();
    Ok(Outcome::Done(plan.folder.join(WEIGHTS)))
}

/// Makes the run's folder, with what `prepare` puts there before it counts as a run, or makes sure
/// that it holds the same run.
fn enter(plan: &RunPlan, prepare: impl FnOnce() -> Result<(), RunError>) -> Result<Lock, RunError> {
    let folder = &plan.folder;
    let io = |source| RunError::Io {
        path: folder.clone(),
        source,
    };
    if plan.resume {
        let before = RunRecord::read(folder)?;
        before.check_same(&plan.record, folder)?;
        let lock = Lock::take(folder)?;
        remove_parts(folder).map_err(io)?;
        return Ok(lock);
    }
    std::fs::create_dir_all(folder).map_err(io)?;
    let lock = Lock::take(folder)?;
    if folder.join(FILE).exists() || folder.join(METRICS).exists() {
        return Err(RunError::Occupied(folder.clone()));
    }
    prepare()?;
    plan.record.write(folder)?;
    write_whole(&folder.join(MUSIC), plan.music.as_bytes()).map_err(io)?;
    Ok(lock)
}

#[cfg(test)]
mod tests;
