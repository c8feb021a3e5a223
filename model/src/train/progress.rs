//! Progress of a run: a bar on a terminal, plain lines elsewhere, `metrics.jsonl` always.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Map, Value};

use crate::files::write_whole;

/// One JSON object a line: of each step its losses, learning rate and seconds; of each
/// validation its scores.
pub const METRICS: &str = "metrics.jsonl";

/// How the run is shown on the standard error output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Display {
    /// A bar with steps a second, losses and time left.
    Bar,
    /// Steps between plain lines.
    Lines(u64),
    /// Nothing.
    Quiet,
}

impl Display {
    /// A bar on a terminal, otherwise a line every `every` steps.
    pub fn of_stderr(every: u64) -> Self {
        if io::stderr().is_terminal() {
            Self::Bar
        } else {
            Self::Lines(every.max(1))
        }
    }
}

/// The voice of one run.
#[derive(Debug)]
pub struct ProgressReport {
    metrics: File,
    display: Display,
    bar: ProgressBar,
    began: Instant,
    first: u64,
    steps: u64,
}

impl ProgressReport {
    /// Opens the metrics of a run's folder for a run from step `first` to `steps`. Lines of
    /// steps from `first` on are from after the last checkpoint, so they are cut off: those
    /// steps are run again.
    pub(super) fn open(
        folder: &Path,
        first: u64,
        steps: u64,
        display: Display,
    ) -> io::Result<Self> {
        let path = folder.join(METRICS);
        let mut kept = String::new();
        if let Ok(text) = std::fs::read_to_string(&path) {
            let lines = text.split_inclusive('\n').take_while(|line| {
                // A line without an end is one that was being written.
                line.ends_with('\n') && done_at(line).is_some_and(|done| done <= first)
            });
            kept.extend(lines);
        }
        write_whole(&path, kept.as_bytes())?;
        let bar = match display {
            Display::Bar => {
                ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr())
            }
            Display::Lines(_) | Display::Quiet => ProgressBar::hidden(),
        };
        bar.set_style(
            ProgressStyle::with_template("{bar:24} {pos}/{len} {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.set_position(first);
        Ok(Self {
            metrics: File::options().append(true).open(path)?,
            display,
            bar,
            began: Instant::now(),
            first,
            steps,
        })
    }

    /// A step is done. `step` counts from 0, `seconds` is what it took.
    pub(super) fn step(
        &mut self,
        step: u64,
        losses: &[(&'static str, f32)],
        rate: f64,
        seconds: f64,
    ) -> io::Result<()> {
        let mut line = Map::new();
        line.insert("rate".into(), rate.into());
        line.insert("seconds".into(), ((seconds * 1e4).round() / 1e4).into());
        for (name, value) in losses {
            // The shortest decimals that give the f32 back, not those of its f64.
            let value: f64 = value.to_string().parse().unwrap_or(f64::NAN);
            line.insert((*name).to_owned(), value.into());
        }
        let done = step + 1;
        self.put(done, line)?;
        match self.display {
            Display::Bar => {
                self.bar.set_message(self.pace(done, losses));
                self.bar.set_position(done);
            }
            Display::Lines(every) if done.is_multiple_of(every) || done == self.steps => {
                let pace = self.pace(done, losses);
                self.say(&format!("step {done}/{}  {pace}", self.steps));
            }
            Display::Lines(_) | Display::Quiet => {}
        }
        Ok(())
    }

    /// The weights after `done` steps have these scores.
    pub(super) fn scores(&mut self, done: u64, score: f32, details: &Value) -> io::Result<()> {
        let mut line = Map::new();
        line.insert("validation".into(), details.clone());
        self.put(done, line)?;
        self.say(&format!("step {done}: validation score {score:.4}"));
        Ok(())
    }

    /// One line for the user, above the bar.
    pub(super) fn say(&self, text: &str) {
        match self.display {
            Display::Bar => self.bar.println(text),
            // A closed terminal is no reason to stop training.
            Display::Lines(_) => drop(writeln!(io::stderr(), "{text}")),
            Display::Quiet => {}
        }
    }

    /// The run is over.
    pub(super) fn close(&self) {
        self.bar.abandon();
    }

    /// Writes a line, the number of steps first; the other fields are in the order of their names.
    fn put(&mut self, done: u64, line: Map<String, Value>) -> io::Result<()> {
        let fields = Value::Object(line).to_string();
        let text = format!("{{\"step\":{done},{}\n", &fields[1..]);
        self.metrics.write_all(text.as_bytes())
    }

    /// Steps a second, time left and losses in one line.
    fn pace(&self, done: u64, losses: &[(&'static str, f32)]) -> String {
        let took = self.began.elapsed().as_secs_f64().max(1e-9);
        let speed = (done - self.first) as f64 / took;
        let left =
            Duration::from_secs_f64(self.steps.saturating_sub(done) as f64 / speed.max(1e-9));
        let left = indicatif::HumanDuration(left);
        let losses = losses
            .iter()
            .map(|(name, value)| format!("  {name} {value:.3}"));
        format!(
            "{speed:.2} steps/s, {left:#} left{}",
            losses.collect::<String>()
        )
    }
}

/// How many steps were done when a line of the metrics was written.
fn done_at(line: &str) -> Option<u64> {
    serde_json::from_str::<Value>(line)
        .ok()?
        .get("step")?
        .as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_after_the_checkpoint_are_cut_off_and_written_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(METRICS);
        let text = || std::fs::read_to_string(&path).unwrap();
        let mut report = ProgressReport::open(dir.path(), 0, 9, Display::Quiet).unwrap();
        for step in 0..4 {
            let losses = [("generators", 0.1 + step as f32), ("cycle", 2.5)];
            report.step(step, &losses, 2e-4, 0.123_456).unwrap();
            if step == 1 {
                report
                    .scores(2, 0.5, &serde_json::json!({"chroma": 0.9}))
                    .unwrap();
            }
        }
        let whole = text();
        insta::assert_snapshot!(whole, @r#"
        {"step":1,"cycle":2.5,"generators":0.1,"rate":0.0002,"seconds":0.1235}
        {"step":2,"cycle":2.5,"generators":1.1,"rate":0.0002,"seconds":0.1235}
        {"step":2,"validation":{"chroma":0.9}}
        {"step":3,"cycle":2.5,"generators":2.1,"rate":0.0002,"seconds":0.1235}
        {"step":4,"cycle":2.5,"generators":3.1,"rate":0.0002,"seconds":0.1235}
        "#);
        std::fs::write(&path, format!("{whole}{{\"step\":5,\"ra")).unwrap();
        let mut report = ProgressReport::open(dir.path(), 2, 9, Display::Quiet).unwrap();
        assert_eq!(
            text(),
            whole.split_inclusive('\n').take(3).collect::<String>()
        );
        for step in 2..4 {
            let losses = [("generators", 0.1 + step as f32), ("cycle", 2.5)];
            report.step(step, &losses, 2e-4, 0.123_456).unwrap();
        }
        assert_eq!(text(), whole);
    }
}
