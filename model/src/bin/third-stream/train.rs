//! `train`: from the arguments to a run.

mod request;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use third_stream_model::genre::{Genre, Pair};
use third_stream_model::roll::Roll;
use third_stream_model::train::batch::{Drawing, Sampler};
use third_stream_model::train::data::{Data, Split};
use third_stream_model::train::evaluate::judge::{Judge, Shape};
use third_stream_model::train::guide::Guide;
use third_stream_model::train::learner::PairLearner;
use third_stream_model::train::recipe::Recipe;
use third_stream_model::train::record::Record;
use third_stream_model::train::report::Display;
use third_stream_model::train::run::{self, BEST, Outcome, Plan, Validation};
use third_stream_model::train::schedule::Schedule;
use third_stream_model::train::state::State;
use third_stream_model::train::validation::Panel;

use crate::device::{self, DeviceName};
use crate::settings;
use request::Request;

/// What a shell expects of a program that was interrupted.
pub(crate) const INTERRUPTED: u8 = 130;

/// Phrases of each genre on the run's page.
const SHOWN: usize = 3;

/// The arguments of `train`.
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
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
    /// Folder of MIDI files of the third genre; without it the mixed discriminators learn from
    /// the pair's own music.
    #[arg(long, value_name = "DIR", requires = "a")]
    mixed: Option<PathBuf>,
    /// Genre pair: jazz-classic, jazz-pop or classic-pop [default: jazz-classic].
    #[arg(long)]
    pair: Option<Pair>,
    /// Recipe: ours, smoke, paper/full-jazz-classic and so on (`model/recipes`), or a JSON file
    /// [default: ours].
    #[arg(long, value_name = "NAME|FILE")]
    recipe: Option<String>,
    /// A tiny network for a few steps, without validation, to see within a minute that all is well:
    /// the same as --recipe smoke --validate-every 0.
    #[arg(long, conflicts_with_all = ["recipe", "resume"])]
    smoke: bool,
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
    /// Steps between validations, which choose best.safetensors; 0 for none. The judge is
    /// trained first if it is not there, which takes some minutes.
    #[arg(long, default_value_t = 250, value_name = "STEPS")]
    validate_every: u64,
    /// Validation phrases of each genre.
    #[arg(long, default_value_t = 64, value_name = "N")]
    validate_phrases: usize,
    /// Folder in which the judges are kept.
    #[arg(long, default_value = "runs/judges", value_name = "DIR")]
    judges: PathBuf,
    /// Steps between lines where there is no terminal.
    #[arg(long, default_value_t = 20)]
    line_every: u64,
    /// Print what would be trained on, and which files are left out, then stop.
    #[arg(long)]
    dry_run: bool,
    /// Print nothing but errors.
    #[arg(short, long)]
    quiet: bool,
    /// Name every file that is left out, and every damaged one.
    #[arg(short, long)]
    verbose: bool,
}

/// Trains, or shows what would be trained on.
pub(crate) fn run(args: &TrainArgs) -> Result<ExitCode> {
    let request = Request::of(args)?;
    let recipe = settings::checked(&request.recipe)?;
    let Request {
        pair,
        corpus,
        selection,
        ..
    } = &request;
    let folder = args.resume.as_ref().or(args.run.as_ref());
    let folder = folder.map_or_else(|| request::free_folder(*pair), Clone::clone);
    let runs = parent(&folder);
    if !args.dry_run {
        std::fs::create_dir_all(runs).with_context(|| {
            format!(
                "{}: cannot be made; choose another --run folder",
                runs.display()
            )
        })?;
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
    let data = Data::read(corpus, &genres, *selection, Some(runs))?;
    let mut music = data.table();
    if args.verbose {
        music += &left_out(&data);
    }
    if args.dry_run {
        print!("{music}");
        return Ok(ExitCode::SUCCESS);
    }

    let device = device::open(args.device)?;
    if !args.quiet {
        eprint!("{music}");
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
    match train(args, &request, &recipe, &data, &plan)? {
        Outcome::Done(weights) => {
            if !args.quiet {
                println!("{}", weights.display());
                let best = Some(weights.with_file_name(BEST)).filter(|best| best.exists());
                eprintln!(
                    "to play with them in the plugin: cargo xtask adopt {}",
                    best.unwrap_or(weights).display()
                );
            }
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
fn train(
    args: &TrainArgs,
    request: &Request,
    recipe: &Recipe,
    data: &Data,
    plan: &Plan,
) -> Result<Outcome> {
    let pair = request.pair;
    let drawing = Drawing {
        seed: request.seed,
        size: recipe.batch,
        transpose: recipe.transpose,
    };
    let batches = Sampler::new(data, pair, &recipe.mixed_genres(pair), drawing)?;
    let mut learner = PairLearner {
        state: state(args, request, recipe, data, plan)?,
        pair,
        data: data.hash().to_owned(),
        commit: commit(),
        shown: [shown(data, pair.a)?, shown(data, pair.b)?],
    };
    let panel = match args.validate_every {
        _ if args.smoke => None,
        0 => None,
        _ => Some(panel(args, request, parent(&plan.folder))?),
    };
    let mut score;
    let validation = match &panel {
        Some(panel) => {
            score = |learner: &PairLearner| panel.score(learner);
            Some(Validation {
                every: args.validate_every,
                score: &mut score,
            })
        }
        None => None,
    };
    let stop = stop_on_interrupt()?;
    Ok(run::run(&mut learner, &batches, plan, validation, &stop)?)
}

/// The phrases of the run's page: heard by no network, where there are such.
fn shown(data: &Data, genre: Genre) -> Result<Vec<Roll>> {
    let split = match &data.phrases(genre, Split::Validation).rolls {
        none if none.is_empty() => Split::Train,
        _ => Split::Validation,
    };
    Ok(data.phrases(genre, split).rolls.subset(SHOWN)?)
}

/// The seed of the guides: not that of the judges, nor of the runs.
const GUIDE_SEED: u64 = 101;

/// The networks as they begin, with the guides that the recipe has.
fn state(
    args: &TrainArgs,
    request: &Request,
    recipe: &Recipe,
    data: &Data,
    plan: &Plan,
) -> Result<State> {
    let weights = [recipe.guide_weight, recipe.manner_weight];
    let mut guides = Vec::new();
    for (shape, weight) in Shape::GUIDES.into_iter().zip(weights) {
        if weight <= 0.0 {
            continue;
        }
        let mut told = args.quiet;
        let mut tell = |_| {
            if !std::mem::replace(&mut told, true) {
                eprintln!("training the guide {shape}; it is kept for other runs");
            }
        };
        let music = (data, GUIDE_SEED);
        let guide = Judge::kept(&args.judges, shape, request.pair, music, false, &mut tell);
        let guide = guide.with_context(|| {
            format!("no guide {shape}; train without guides with --set guide_weight=0 --set manner_weight=0")
        })?;
        guides.push(Guide::new(&guide, weight, &plan.device)?);
    }
    Ok(State::new(recipe, request.seed, &plan.device)?.guided(guides))
}

/// The judge and the phrases of the validations.
fn panel(args: &TrainArgs, request: &Request, cache: &Path) -> Result<Panel> {
    std::fs::create_dir_all(&args.judges).with_context(|| {
        format!(
            "{}: cannot be made; choose another --judges folder",
            args.judges.display()
        )
    })?;
    let mut told = None;
    let panel = Panel::new(
        &args.judges,
        request.pair,
        (&request.corpus, request.selection),
        args.validate_phrases,
        Some(cache),
        &mut |shape, _| {
            if told.replace(shape) != Some(shape) && !args.quiet {
                eprintln!("training the judge {shape}; it is kept for other runs");
            }
        },
    )?;
    Ok(panel)
}

/// The folder that a run's folder lies in; the rolls of the corpus are kept there.
fn parent(folder: &Path) -> &Path {
    folder.parent().unwrap_or(Path::new(""))
}

/// The commit of the code that trains, for the weights' header. Only cargo knows where that is: a
/// path that was compiled in would name the building machine in what is shipped.
fn commit() -> String {
    let Some(package) = std::env::var_os("CARGO_MANIFEST_DIR") else {
        return "unknown".to_owned();
    };
    let git = std::process::Command::new("git")
        .arg("-C")
        .arg(package)
        .args(["describe", "--always", "--dirty", "--abbrev=12"])
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

/// Every file that was left out, and every damaged one that is used, a line each.
fn left_out(data: &Data) -> String {
    let left_out = data.left_out().iter();
    let left_out = left_out.map(|one| format!("left out: {}: {}\n", one.file, one.reason));
    let damaged = data.damaged().iter();
    let damaged = damaged.map(|one| format!("damaged: {}: {}\n", one.file, one.what));
    left_out.chain(damaged).collect::<Vec<_>>().concat()
}
