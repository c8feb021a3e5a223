//! `third-stream evaluate`: what a pair of generators does to style and to content, beside the
//! identity and random target phrases.

use std::fs;
use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use third_stream_model::genre::Pair;
use third_stream_model::train::data::{Corpus, Data, Selection, Split};
use third_stream_model::train::evaluate::judge::Judge;
use third_stream_model::train::evaluate::report::{Settings, evaluate};
use third_stream_model::train::evaluate::translator::Translator;
use third_stream_model::transfer::Transfer;

/// Measure weights: style by two judges, content, and the baselines beside them.
#[derive(clap::Args, Debug)]
pub(crate) struct EvaluateArgs {
    /// Weights to measure; without them the baselines alone.
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Corpus: a folder with MANIFEST.csv and one <genre>.tar.gz for each genre.
    #[arg(
        long,
        value_name = "DIR",
        required_unless_present = "a",
        conflicts_with = "a"
    )]
    data: Option<PathBuf>,
    /// Instead of --data: a folder of MIDI files of the pair's first genre.
    #[arg(long, value_name = "DIR", requires = "b")]
    a: Option<PathBuf>,
    /// Instead of --data: a folder of MIDI files of the pair's second genre.
    #[arg(long, value_name = "DIR", requires = "a")]
    b: Option<PathBuf>,
    /// Genre pair; by default that of the weights, or jazz-classic.
    #[arg(long)]
    pair: Option<Pair>,
    /// Only pieces whose licence class is clean.
    #[arg(long)]
    clean: bool,
    /// Phrases to measure on: validation for choices, test once for each reported figure.
    #[arg(long, default_value = "validation")]
    split: Split,
    /// Phrases of each genre at most.
    #[arg(long, default_value_t = 400, value_name = "N")]
    phrases: usize,
    /// Seed of the judges and of the random target phrases.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder in which the judges are kept.
    #[arg(long, default_value = "runs/judges", value_name = "DIR")]
    judges: PathBuf,
    /// Train the judges again, even where they are there.
    #[arg(long)]
    train_judges: bool,
    /// Also write all figures as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Also write the tables as Markdown.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// No progress.
    #[arg(short, long)]
    quiet: bool,
}

/// Measures and prints.
pub(crate) fn run(args: &EvaluateArgs) -> anyhow::Result<()> {
    let transfer = args.weights.as_deref().map(load).transpose()?;
    let pair = match (&transfer, args.pair) {
        (Some(transfer), Some(pair)) => {
            let own = transfer.pair();
            ensure!(
                own == pair,
                "the weights are for {own}, not for {pair}; leave --pair out"
            );
            pair
        }
        (Some(transfer), None) => transfer.pair(),
        (None, pair) => pair.unwrap_or(Pair::JAZZ_CLASSIC),
    };
    // The judges are small: one thread is as quick, and leaves the others to a training run.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build()?;
    pool.install(|| measure(args, transfer.as_ref(), pair))
}

fn load(path: &Path) -> anyhow::Result<Transfer> {
    let bytes = fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    Transfer::from_bytes(&bytes).with_context(|| path.display().to_string())
}

fn measure(args: &EvaluateArgs, transfer: Option<&Transfer>, pair: Pair) -> anyhow::Result<()> {
    fs::create_dir_all(&args.judges)
        .with_context(|| format!("{}: cannot be made", args.judges.display()))?;
    let data = read_data(args, pair)?;
    let mut show = Show::new(args.quiet);
    let judges = Judge::both(
        &args.judges,
        pair,
        &data,
        args.seed,
        args.train_judges,
        &mut |shape, done| {
            let what = format!("training the judge {shape}");
            let how = format!("loss {:.3}, best accuracy {:.3}", done.loss, done.accuracy);
            show.at(&what, done.step, done.steps, &how);
        },
    )?;

    let settings = Settings {
        pair,
        split: args.split,
        phrases: args.phrases,
        seed: args.seed,
    };
    let name = args.weights.as_deref().and_then(Path::file_stem);
    let name = name.map_or_else(|| "model".into(), |name| name.to_string_lossy());
    let model = transfer.map(|transfer| (&*name, transfer as &dyn Translator));
    let each = |genre| {
        data.phrases(genre, args.split)
            .rolls
            .len()
            .min(args.phrases)
    };
    let all = 2 * (each(pair.a) + each(pair.b)) as u64;
    let mut done = (String::new(), 0);
    let report = evaluate(&data, &settings, &judges, model, &mut |name, count| {
        if done.0 != name {
            done = (name.to_owned(), 0);
        }
        done.1 += count as u64;
        show.at(&format!("measuring {name}"), done.1, all, "");
    })?;
    show.end();

    let text = report.to_string();
    if let Some(path) = &args.json {
        write(path, &serde_json::to_string_pretty(&report)?)?;
    }
    if let Some(path) = &args.markdown {
        write(path, &text)?;
    }
    std::io::stdout()
        .lock()
        .write_all(text.as_bytes())
        .context("cannot write the tables")
}

fn read_data(args: &EvaluateArgs, pair: Pair) -> anyhow::Result<Data> {
    let corpus = match (&args.data, &args.a, &args.b) {
        (None, Some(a), Some(b)) => {
            Corpus::Folders([(pair.a, a.clone()), (pair.b, b.clone())].into())
        }
        (Some(dir), ..) => Corpus::Archives(dir.clone()),
        _ => anyhow::bail!("no music to measure on: give --data, or --a and --b"),
    };
    let selection = Selection {
        clean: args.clean,
        extra: false,
    };
    Ok(Data::read(
        &corpus,
        &[pair.a, pair.b],
        selection,
        Some(&args.judges),
    )?)
}

/// Progress: a bar on a terminal, a plain line for each tenth elsewhere, nothing if quiet.
struct Show {
    bar: ProgressBar,
    lines: bool,
    last: String,
}

impl Show {
    fn new(quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = if quiet || !terminal {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(1)
        };
        let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {eta} {msg}");
        Self {
            bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
            lines: !quiet && !terminal,
            last: String::new(),
        }
    }

    fn at(&mut self, what: &str, done: u64, all: u64, how: &str) {
        self.bar.set_prefix(what.to_owned());
        self.bar.set_length(all);
        self.bar.set_position(done);
        self.bar.set_message(how.to_owned());
        let tenth = format!("{what} {}0 %", 10 * done / all.max(1));
        if self.lines && self.last != tenth {
            eprintln!("{tenth}  {how}");
            self.last = tenth;
        }
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// Writes beside `path`, then renames.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let beside = path.with_extension("tmp");
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, path))
        .with_context(|| format!("{}: cannot be written", path.display()))
}
