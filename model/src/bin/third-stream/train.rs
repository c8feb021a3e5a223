//! `train`: from the arguments to a run.

mod arranger;
mod cyclegan;
mod request;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use third_stream_model::data::starter;
use third_stream_model::data::{Corpus, Data};
use third_stream_model::genre::{Genre, Pair};
use third_stream_model::train::progress::Display;
use third_stream_model::train::recipe::Family;
use third_stream_model::train::recipe::arranger::ArrangerRecipe;
use third_stream_model::train::recipe::cyclegan::CycleGanRecipe;
use third_stream_model::train::record::RunRecord;
use third_stream_model::train::run::{BEST, Outcome, RunPlan};

use crate::device::{self, DeviceName};
use crate::process;
use crate::settings::{self, AnyRecipe};
use request::{Request, Subject};

/// Exit code of a program that was interrupted, as shells expect it.
pub(crate) const INTERRUPTED: u8 = 130;

/// The arguments of `train`.
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
#[derive(clap::Args)]
pub(crate) struct TrainArgs {
    /// Corpus folder with MANIFEST.csv and one <genre>.tar.gz for each genre. Where no music is
    /// named, the starter corpus is learned: early jazz and ragtime, and classical music.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["genre", "a", "b", "mixed"])]
    data: Option<PathBuf>,
    /// A genre with its folder of MIDI files; twice or three times, for jazz, classic and pop.
    #[arg(long, value_name = "NAME=DIR", value_parser = request::genre_folder)]
    #[arg(conflicts_with_all = ["a", "b"])]
    genre: Vec<(Genre, PathBuf)>,
    /// What is trained: arranger, one network for all genres, or cyclegan, two for a pair
    /// [default: arranger; cyclegan with --pair or --a].
    #[arg(long)]
    family: Option<Family>,
    /// Begin with the arranger in this weights file instead of one drawn by chance.
    #[arg(long, value_name = "WEIGHTS", conflicts_with = "resume")]
    from: Option<PathBuf>,
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
    /// Genre pair of a CycleGAN: jazz-classic, jazz-pop or classic-pop [default: jazz-classic].
    #[arg(long)]
    pair: Option<Pair>,
    /// Recipe: arranger, cyclegan, paper/full-jazz-classic and so on (`model/recipes`), or a JSON
    /// file [default: that of the family's name].
    #[arg(long, value_name = "NAME|FILE")]
    recipe: Option<String>,
    /// A tiny network for a few steps, without validation, to see within a minute that all is well;
    /// no weights to play with. The same as --recipe arranger-smoke (for a CycleGAN smoke)
    /// --validate-every 0.
    #[arg(long, conflicts_with_all = ["recipe", "resume"])]
    smoke: bool,
    /// Number of steps; the learning rate falls from the same share of them as in the recipe.
    #[arg(long)]
    steps: Option<u64>,
    /// Phrases in a step; for a CycleGAN, of each genre.
    #[arg(long)]
    batch: Option<usize>,
    /// Any other setting of the recipe, such as network.base_channels=16.
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
    /// Folder for the run [default: runs/arranger-<number>, for a CycleGAN runs/<pair>-<number>].
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    run: Option<PathBuf>,
    /// Go on with the run in this folder, exactly as if it had not been interrupted.
    #[arg(long, value_name = "DIR")]
    resume: Option<PathBuf>,
    /// Only pieces whose licence class is `clean`; the arranger learns from no others anyway.
    #[arg(long)]
    clean: bool,
    /// The arranger: also pieces of other licence classes.
    #[arg(long, conflicts_with_all = ["clean", "resume"])]
    any_licence: bool,
    /// Also the manifest's tier `extra` (ragtime).
    #[arg(long)]
    extra: bool,
    /// Seconds between checkpoints.
    #[arg(long, default_value_t = 60)]
    checkpoint_seconds: u64,
    /// Steps between validations, which choose best.safetensors; 0 for none [default: 500, for a
    /// CycleGAN 250]. A CycleGAN's judge is trained first if it is not there, which takes some
    /// minutes.
    #[arg(long, value_name = "STEPS")]
    validate_every: Option<u64>,
    /// Validation phrases of each genre.
    #[arg(long, default_value_t = 64, value_name = "N")]
    validate_phrases: usize,
    /// Folder in which a CycleGAN's judges are kept.
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
    let recipe = settings::any(&request.recipe)?;
    let Request {
        subject,
        corpus,
        selection,
        ..
    } = &request;
    let job = Job::of(&recipe, subject)?;
    let folder = args.resume.as_ref().or(args.run.as_ref());
    let folder = folder.map_or_else(|| request::free_folder(subject), Clone::clone);
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
    let genres = match &job {
        Job::Cyclegan(recipe, pair) => cyclegan::genres(recipe, *pair),
        Job::Arranger(_, genres) => genres.to_vec(),
    };
    let start = match (&args.from, &job) {
        (Some(path), Job::Arranger(recipe, genres)) => Some(arranger::start(path, recipe, genres)?),
        _ => None,
    };
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
            "{subject}, recipe {}, seed {}, {} steps of batch {}, on {}, into {}",
            recipe.name(),
            request.seed,
            recipe.schedule().steps,
            recipe.batch(),
            device::name(&device),
            folder.display(),
        );
        eprint!("{}", about(args, corpus, &folder));
    }
    let plan = RunPlan {
        folder: folder.clone(),
        record: RunRecord {
            pair: subject.to_string(),
            columns: match &start {
                Some(start) => start.columns.clone(),
                None => request.columns.clone(),
            },
            recipe: request.recipe.clone(),
            seed: request.seed,
            clean: selection.clean,
            extra: selection.extra,
            data: data.hash().to_owned(),
            places: RunRecord::places_of(corpus),
        },
        music: data.table() + &left_out(&data),
        schedule: recipe.schedule(),
        resume: args.resume.is_some(),
        warm: start.is_some(),
        checkpoint_every: Duration::from_secs(args.checkpoint_seconds),
        display: if args.quiet {
            Display::Quiet
        } else {
            Display::of_stderr(args.line_every)
        },
        device,
    };
    let outcome = match job {
        Job::Cyclegan(recipe, pair) => {
            cyclegan::train(args, &request, (recipe, pair), &data, &plan)?
        }
        Job::Arranger(recipe, genres) => arranger::train(
            args,
            &request,
            (recipe, genres),
            start.as_ref(),
            &data,
            &plan,
        )?,
    };
    match outcome {
        Outcome::Done(weights) => {
            if !args.quiet {
                println!("{}", weights.display());
                if args.smoke {
                    eprintln!("{SMOKE}");
                    return Ok(ExitCode::SUCCESS);
                }
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
                "stopped after step {done} of {}; go on with cargo xtask train --resume {}",
                plan.schedule.steps,
                folder.display()
            );
            Ok(ExitCode::from(INTERRUPTED))
        }
    }
}

/// Warning for weights that were trained for too few steps.
const SMOKE: &str = "these weights load, but they are a smoke test only: a tiny network after a \
                     few steps; leave out --smoke to train";

/// The notice at the start of a run: the default corpus, the expected time, how to stop and to
/// resume.
fn about(args: &TrainArgs, corpus: &Corpus, folder: &Path) -> String {
    let music = match corpus {
        Corpus::Starter => format!(
            "music: {}, {}; --data and --genre name other music\n",
            starter::NAME,
            starter::ABOUT
        ),
        _ => String::new(),
    };
    if args.smoke {
        return music;
    }
    let folder = folder.display();
    music
        + &format!(
            "this takes hours on a CPU; the time that is left is shown below. Ctrl-C stops, and \
             cargo xtask train --resume {folder} goes on\n"
        )
}

/// A recipe with what it is to learn.
enum Job<'a> {
    Cyclegan(&'a CycleGanRecipe, Pair),
    Arranger(&'a ArrangerRecipe, &'a [Genre]),
}

impl<'a> Job<'a> {
    fn of(recipe: &'a AnyRecipe, subject: &'a Subject) -> Result<Self> {
        match (recipe, subject) {
            (AnyRecipe::Cyclegan(recipe), Subject::Pair(pair)) => Ok(Self::Cyclegan(recipe, *pair)),
            (AnyRecipe::Arranger(recipe), Subject::Genres(genres)) => {
                Ok(Self::Arranger(recipe, genres))
            }
            (recipe, _) => bail!("the recipe {} is for another --family", recipe.name()),
        }
    }
}

/// The folder that a run's folder lies in; the rolls of the corpus are kept there.
fn parent(folder: &Path) -> &Path {
    folder.parent().unwrap_or(Path::new(""))
}

/// The commit of the code that trains, for the weights' header. Only cargo knows where that is: a
/// path that was compiled in would name the building machine in what is shipped.
pub(crate) fn commit() -> String {
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

/// The flag that the first Ctrl-C sets; a second ends the program. One that comes within a second
/// is the same: a batch system tells all processes of a job, and `sweep` passes it on once more.
fn stop_on_interrupt() -> Result<Arc<AtomicBool>> {
    const SAME: Duration = Duration::from_secs(1);
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let mut first: Option<Instant> = None;
    process::on_interrupt(move || match first {
        None => {
            first = Some(Instant::now());
            flag.store(true, Ordering::Relaxed);
            eprintln!("stopping after this step; once more stops at once");
        }
        Some(first) if first.elapsed() < SAME => {}
        Some(_) => std::process::exit(i32::from(INTERRUPTED)),
    })?;
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
