//! Timing in turns: what competes runs one after another, again and again, so that whatever else
//! the machine does meets all alike.

use std::time::{Duration, Instant};

use cpu_time::ProcessTime;

/// Whatever went wrong.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// One pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    pub(crate) wall: Duration,
    /// CPU time of all threads of its process.
    pub(crate) cpu: Duration,
}

/// A pool of threads for a side.
pub(crate) fn pool(threads: usize) -> Result<rayon::ThreadPool, Error> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    Ok(pool.build()?)
}

/// Times `work` in this process.
pub(crate) fn timed(work: impl FnOnce() -> Result<(), Error>) -> Result<Timing, Error> {
    let (cpu, wall) = (ProcessTime::now(), Instant::now());
    work()?;
    Ok(Timing {
        wall: wall.elapsed(),
        cpu: cpu.elapsed(),
    })
}

/// One of those that take turns.
pub(crate) struct Side<'a> {
    pub(crate) name: String,
    pub(crate) pass: Box<dyn FnMut() -> Result<Timing, Error> + 'a>,
    timings: Vec<Timing>,
}

impl<'a> Side<'a> {
    pub(crate) fn new(
        name: impl Into<String>,
        pass: impl FnMut() -> Result<Timing, Error> + 'a,
    ) -> Self {
        Self {
            name: name.into(),
            pass: Box::new(pass),
            timings: Vec::new(),
        }
    }
}

/// How a key ends, and how many of it are a second.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Milliseconds,
    Seconds,
}

impl Unit {
    const fn name(self) -> &'static str {
        match self {
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
        }
    }

    fn of(self, time: Duration) -> f64 {
        match self {
            Self::Milliseconds => time.as_secs_f64() * 1e3,
            Self::Seconds => time.as_secs_f64(),
        }
    }
}

/// Lets the sides take turns and prints the median and the spread (between the quartiles) of
/// their wall times, and the median of their process times.
///
/// A turn of `passes` begins with one that does not count, so that no side finds the caches as
/// another left them.
pub(crate) fn in_turn(
    key: &str,
    unit: Unit,
    rounds: usize,
    passes: usize,
    mut sides: Vec<Side<'_>>,
) -> Result<(), Error> {
    for _ in 0..rounds {
        for side in &mut sides {
            (side.pass)()?;
            for _ in 0..passes {
                side.timings.push((side.pass)()?);
            }
        }
    }
    for side in &mut sides {
        let walls = sorted(side.timings.iter().map(|timing| unit.of(timing.wall)));
        let cpus = sorted(side.timings.iter().map(|timing| unit.of(timing.cpu)));
        let at = |values: &[f64], share: f64| values[((values.len() - 1) as f64 * share) as usize];
        let (name, unit) = (&side.name, unit.name());
        println!("{key}.{name}_{unit} {:.4}", at(&walls, 0.5));
        let spread = at(&walls, 0.75) - at(&walls, 0.25);
        println!("{key}.{name}_spread_{unit} {spread:.4}");
        println!("{key}.{name}_cpu_{unit} {:.4}", at(&cpus, 0.5));
    }
    Ok(())
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}
