//! `train`: from the arguments to a run.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use third_stream_model::genre::{Genre, Pair};
use third_stream_model::train::batch::{Drawing, Sampler};
use third_stream_model::train::data::{Corpus, Data, Selection};
use third_stream_model::train::learner::PairLearner;
use third_stream_model::train::recipe::Recipe;
use third_stream_model::train::record::Record;
use third_stream_model::train::report::Display;
use third_stream_model::train::run::{self, Outcome, Plan};
use third_stream_model::train::schedule::Schedule;
use third_stream_model::train::state::State;

use crate::device::{self, DeviceName};
use crate::settings;

/// What a shell expects of a program that was interrupted.
const INTERRUPTED: u8 = 130;

/// The arguments of `train`.
#[derive(clap::Args)]
pub(crate) struct TrainArgs {
    /// Corpus folder with MANIFEST.csv and one <genre>.tar.gz for each genre.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["a", "b", "mixed"])]
    data: Option<PathBuf>,
    /// Folder of MIDI files of the pair's first genre.
    #[arg(long, value_name = "DIR", requires = "b")]
    a: Option<PathBuf>,
    /// Folder of MIDI files of the pair's second genre.
    #[arg(long, value_name = "DIR", requires = "a")]
    b: Option<PathBuf>,
    /// Folder of MIDI files of the third genre, for recipes whose mixed music is `all`.
    #[arg(long, value_name = "DIR", requires = "a")]
    mixed: Option<PathBuf>,
    /// Genre pair: jazz-classic, jazz-pop or classic-pop [default: jazz-classic].
    #[arg(long)]
    pair: Option<Pair>,
    /// Recipe: ours, paper/base, paper/partial, paper/full, smoke, or a JSON file
    /// [default: ours].
    #[arg(long, value_name = "NAME|FILE")]
    recipe: Option<String>,
    /// Number of steps; the learning rate falls from the same share of them as in the recipe.
    #[arg(long)]
    steps: Option<u64>,
    /// Phrases of each genre in a step.
    #[arg(long)]
    batch: Option<usize>,
    /// Any other setting of the recipe, such as generator.base_channels=16.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Seed of everything that is drawn by chance [default: 1].
    #[arg(long)]
    seed: Option<u64>,
    /// Threads to compute with [default: one for each core].
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// Where the networks run.
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceName,
    /// Folder for the run [default: runs/<pair>-<number>].
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    run: Option<PathBuf>,
    /// Go on with the run in this folder, exactly as if it had not been interrupted.
    #[arg(long, value_name = "DIR")]
    resume: Option<PathBuf>,
    /// Only pieces whose licence class is `clean`.
    #[arg(long)]
    clean: bool,
    /// Also the manifest's tier `extra` (ragtime).
    #[arg(long)]
    extra: bool,
    /// Seconds between checkpoints.
    #[arg(long, default_value_t = 60)]
    checkpoint_seconds: u64,
    /// Steps between lines where there is no terminal.
    #[arg(long, default_value_t = 20)]
    line_every: u64,
    /// Print what would be trained on, and which files are left out, then stop.
    #[arg(long)]
    dry_run: bool,
    /// Print nothing but errors.
    #[arg(short, long)]
    quiet: bool,
    /// Name every file that is left out.
    #[arg(short, long)]
    verbose: bool,
}

/// The music, the recipe and the seed of a run.
struct Request {
    pair: Pair,
    corpus: Corpus,
    selection: Selection,
    recipe: Value,
    seed: u64,
}

/// Trains, or shows what would be trained on.
pub(crate) fn run(args: &TrainArgs) -> Result<ExitCode> {
    let request = request(args)?;
    let recipe = settings::checked(&request.recipe)?;
    let Request {
        pair,
        corpus,
        selection,
        ..
    } = &request;
    let folder = match args.resume.as_ref().or(args.run.as_ref()) {
        Some(folder) => folder.clone(),
        None => free_folder(*pair),
    };
    let runs = folder.parent().map_or_else(PathBuf::new, Path::to_owned);
    if !args.dry_run {
        std::fs::create_dir_all(&runs).ok();
    }
    if let Some(threads) = args.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads.get())
            .build_global()
            .context("cannot start the threads")?;
    }
    let mut genres = vec![pair.a, pair.b];
    genres.extend(recipe.mixed_genres(*pair));
    genres.sort_unstable();
    genres.dedup();
    let data = Data::read(corpus, &genres, *selection, Some(&runs))?;
    let names = |verbose: bool| {
        if verbose {
            left_out(&data)
        } else {
            String::new()
        }
    };
    if args.dry_run {
        print!("{}{}", data.table(), names(args.verbose));
        return Ok(ExitCode::SUCCESS);
    }

    let device = device::open(args.device)?;
    if !args.quiet {
        eprint!("{}{}", data.table(), names(args.verbose));
        eprintln!(
            "{pair}, recipe {}, seed {}, {} steps of batch {}, on {}, into {}",
            recipe.name,
            request.seed,
            recipe.steps,
            recipe.batch,
            device::name(&device),
            folder.display(),
        );
    }
    let plan = Plan {
        folder: folder.clone(),
        record: Record {
            pair: pair.to_string(),
            recipe: request.recipe.clone(),
            seed: request.seed,
            clean: selection.clean,
            extra: selection.extra,
            data: data.hash().to_owned(),
            places: Record::places_of(corpus),
        },
        music: data.table() + &left_out(&data),
        schedule: Schedule {
            rate: recipe.learning_rate,
            decay_from: recipe.decay_from,
            steps: recipe.steps,
        },
        resume: args.resume.is_some(),
        checkpoint_every: Duration::from_secs(args.checkpoint_seconds),
        display: if args.quiet {
            Display::Quiet
        } else {
            Display::of_stderr(args.line_every)
        },
        device,
    };
    let outcome = train(&plan, &data, *pair, &recipe)?;
    match outcome {
        Outcome::Done(weights) => {
            println!("{}", weights.display());
            Ok(ExitCode::SUCCESS)
        }
        Outcome::Stopped(done) => {
            eprintln!(
                "stopped after step {done} of {}; go on with --resume {}",
                recipe.steps,
                folder.display()
            );
            Ok(ExitCode::from(INTERRUPTED))
        }
    }
}

/// Builds the networks and runs the plan.
fn train(plan: &Plan, data: &Data, pair: Pair, recipe: &Recipe) -> Result<Outcome> {
    let drawing = Drawing {
        seed: plan.record.seed,
        size: recipe.batch,
        transpose: recipe.transpose,
    };
    let batches = Sampler::new(data, pair, &recipe.mixed_genres(pair), drawing)?;
    let mut learner = PairLearner {
        state: State::new(recipe, plan.record.seed, &plan.device)?,
        pair,
        data: data.hash().to_owned(),
        commit: commit(),
    };
    let stop = stop_on_interrupt()?;
    Ok(run::run(&mut learner, &batches, plan, None, &stop)?)
}

/// The commit of the code that trains, for the weights' header.
fn commit() -> String {
    let git = std::process::Command::new("git")
        .args([
            "-C",
            env!("CARGO_MANIFEST_DIR"),
            "describe",
            "--always",
            "--dirty",
            "--abbrev=12",
        ])
        .output();
    match git {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => "unknown".to_owned(),
    }
}

/// The flag that the first Ctrl-C sets; the second ends the program.
fn stop_on_interrupt() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
        eprintln!("stopping after this step; once more stops at once");
    })
    .context("cannot watch for Ctrl-C")?;
    Ok(stop)
}

/// What is asked for: by the arguments, and where a run goes on, by its record.
fn request(args: &TrainArgs) -> Result<Request> {
    let record = args.resume.as_deref().map(Record::read).transpose()?;
    let before = match (&record, &args.resume) {
        (Some(record), Some(folder)) => Some(record.music(folder)?),
        _ => None,
    };
    let pair = args.pair.or(before.as_ref().map(|(pair, ..)| *pair));
    let pair = pair.unwrap_or(Pair::JAZZ_CLASSIC);
    let corpus = match (&args.data, &args.a, &args.b, before) {
        (Some(dir), ..) => Corpus::Archives(dir.clone()),
        (None, Some(a), Some(b), _) => {
            let mut folders = BTreeMap::from([(pair.a, a.clone()), (pair.b, b.clone())]);
            let third = Genre::ALL
                .into_iter()
                .find(|genre| ![pair.a, pair.b].contains(genre));
            folders.extend(third.zip(args.mixed.clone()));
            Corpus::Folders(folders)
        }
        (None, _, _, Some((_, corpus, _))) => corpus,
        _ => bail!(
            "no music: name a corpus folder with --data, or two folders of MIDI files with --a \
             and --b"
        ),
    };
    let selection = Selection {
        clean: args.clean || record.as_ref().is_some_and(|record| record.clean),
        extra: args.extra || record.as_ref().is_some_and(|record| record.extra),
    };
    let mut recipe = match (&args.recipe, &record) {
        (Some(name), _) => settings::load(name)?,
        (None, Some(record)) => record.recipe.clone(),
        (None, None) => settings::load("ours")?,
    };
    if let Some(steps) = args.steps {
        settings::set_steps(&mut recipe, steps)?;
    }
    if let Some(batch) = args.batch {
        settings::set(&mut recipe, &format!("batch={batch}"))?;
    }
    for change in &args.set {
        settings::set(&mut recipe, change)?;
    }
    let seed = args.seed.or(record.map(|record| record.seed));
    Ok(Request {
        pair,
        corpus,
        selection,
        recipe,
        seed: seed.unwrap_or(1),
    })
}

/// The first `runs/<pair>-<number>` that is not there.
fn free_folder(pair: Pair) -> PathBuf {
    let folder = |number: u32| Path::new("runs").join(format!("{pair}-{number}"));
    let mut number = 1;
    while folder(number).exists() {
        number += 1;
    }
    folder(number)
}

/// Every file that was left out, a line each.
fn left_out(data: &Data) -> String {
    let lines = data.left_out().iter();
    let lines = lines.map(|one| format!("left out: {}: {}\n", one.file, one.reason));
    lines.collect::<Vec<_>>().concat()
}
