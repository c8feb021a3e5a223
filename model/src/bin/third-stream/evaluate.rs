//! `third-stream evaluate`: what weights do to style and to content, beside the baselines.

mod methods;
mod progress;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use third_stream_model::classify::judge::GenreClassifier;
use third_stream_model::classify::stranger::{Panel, PhraseSample};
use third_stream_model::data::{Data, Split};
use third_stream_model::evaluate::arrange::{Arrange, Asked, ByCells};
use third_stream_model::evaluate::examples::{Choice, Example, examples};
use third_stream_model::evaluate::measures::{self, Measures, bench};
use third_stream_model::evaluate::report::{
    Also, Aside, EvaluatedModel, Evaluation, Report, ReportSettings, evaluate, page,
};
use third_stream_model::files::write_in_folder;
use third_stream_model::genre::{Genre, Pair};
use third_stream_model::user_weights::Pairs;

use crate::music::{MusicArgs, check_collections};
use crate::named::{Arranging, Loaded, Named, load_all, pairs};
use methods::{Rows, Vary};
use progress::Show;

/// The collection of real playing in the corpus: what jazz weights that learned from rendered
/// lead sheets have to be measured on.
const REAL_PLAYING: &str = "bushgrafts";

/// Rows of the baselines in each direction.
const BASELINES: u64 = 4;

/// Measure weights: style by strangers, content, what is wrong, and the baselines beside them;
/// pairs of generators by the paper's classifier too.
#[derive(clap::Args, Debug)]
pub(crate) struct EvaluateArgs {
    /// Weights to measure, any number and of any pairs; without them the baselines alone. Those
    /// with the same name are seeds of one recipe: their mean and range are given too
    #[arg(long, value_name = "[NAME=]FILE")]
    weights: Vec<Named>,
    #[command(flatten)]
    music: MusicArgs,
    /// Genre pair; by default that of the weights, or jazz-classic
    #[arg(long)]
    pair: Option<Pair>,
    /// Collections to measure by themselves too, whatever their licence class, by a judge that
    /// learned from all classes; or none [default: bushgrafts, where the corpus has it]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    also_source: Option<Vec<String>>,
    /// What to ask arrangers for beside their defaults, a row each: tune=locked, tune=100%,
    /// harmony=2, variation=5, passes=16, or passes=live: as Live asks, in two steps
    #[arg(long, value_name = "WHAT=VALUE", value_delimiter = ',')]
    vary: Vec<Vary>,
    /// Phrases to measure on: validation for choices, test once for each reported figure
    #[arg(long, default_value = "validation")]
    split: Split,
    /// Phrases of each genre at most
    #[arg(long, default_value_t = 1000, value_name = "N")]
    phrases: usize,
    /// Strangers on each half of the phrases: their mean is the figure of style
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    seeds: u16,
    /// Steps that each stranger learns at most [default: 300]; with fewer it ends sooner, and its
    /// figures are a quick look and no measure
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    stranger_steps: Option<u16>,
    /// Seed of the strangers, the judge and the random target phrases
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Leave out what the judge says of pairs of generators
    #[arg(long)]
    no_judge: bool,
    /// Train the judge again, even where it is there
    #[arg(long)]
    train_judge: bool,
    /// Write report.html, report.md and figures.json into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write one HTML page with tables, plots and pictures
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write the tables as Markdown
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write all figures as JSON: an object, or an array of one for each pair
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Phrases of each direction that the HTML page shows before and after
    #[arg(long, default_value_t = 8, value_name = "N")]
    pictures: usize,
    /// No progress
    #[arg(short, long)]
    quiet: bool,
}

/// Measures, prints and writes.
pub(crate) fn run(args: &EvaluateArgs) -> Result<()> {
    let start = Instant::now();
    let (loaded, arranging) = load_all(&args.weights)?;
    if let Some(music) = args.music.unnamed().filter(|_| !args.quiet) {
        eprintln!("{music}");
    }
    // All cores, unless RAYON_NUM_THREADS leaves some to a training run.
    let pool = rayon::ThreadPoolBuilder::new()
        .use_current_thread()
        .build()?;
    let measured = pool.install(|| -> Result<Vec<(Evaluation, Vec<Example>)>> {
        let pairs = match args.pair {
            None if loaded.is_empty() && !arranging.is_empty() => {
                known_pairs(&arranging, &args.music.pairs())?
            }
            asked => pairs(&loaded, asked)?,
        };
        let each = pairs.into_iter();
        each.map(|pair| measure(args, &loaded, &arranging, pair))
            .collect()
    })?;
    let reports: Vec<&Evaluation> = measured.iter().map(|(report, _)| report).collect();
    let text: Vec<String> = reports.iter().map(ToString::to_string).collect();
    let text = text.join("\n");
    for path in outputs(args, args.json.as_ref(), "figures.json")? {
        let json = match &reports[..] {
            [one] => serde_json::to_string_pretty(one),
            many => serde_json::to_string_pretty(many),
        };
        write(&path, &json?)?;
    }
    for path in outputs(args, args.markdown.as_ref(), "report.md")? {
        write(&path, &text)?;
    }
    for path in outputs(args, args.report.as_ref(), "report.html")? {
        write(&path, &page(&measured)?)?;
    }
    let printed = std::io::stdout().lock().write_all(text.as_bytes());
    printed.context("cannot write the tables")?;
    if let Some(steps) = args.stranger_steps
        && usize::from(steps) < Panel::default().steps
    {
        eprintln!("strangers learned {steps} steps: a quick look, and no measure");
    }
    if !args.quiet {
        eprintln!("measured in {:.0} s", start.elapsed().as_secs_f32());
    }
    Ok(())
}

/// The pairs that there is music of and that all arrangers know.
fn known_pairs(arranging: &[Arranging], there: &[Pair]) -> Result<Vec<Pair>> {
    let mut pairs = there.to_vec();
    for one in arranging {
        let known = one.drawn.header().pairs();
        pairs.retain(|pair| known.contains(pair));
    }
    ensure!(
        !pairs.is_empty(),
        "there is no pair of genres that the weights know and that there is music of; the music \
         is of {}: give other music with --data, or --a, --b and --pair",
        Pairs(there.to_vec())
    );
    Ok(pairs)
}

/// The music of one pair.
struct Music<'a> {
    /// The corpus and the split that are measured on.
    data: &'a Data,
    /// The corpus without a filter of licences, if it is larger.
    whole: Option<Data>,
}

impl Music<'_> {
    fn whole(&self) -> &Data {
        self.whole.as_ref().unwrap_or(self.data)
    }
}

/// Measures the weights of one pair; with examples if they are to be shown.
fn measure(
    args: &EvaluateArgs,
    loaded: &[Loaded],
    arranging: &[Arranging],
    pair: Pair,
) -> Result<(Evaluation, Vec<Example>)> {
    let own = loaded.iter().filter(|one| one.transfer.pair() == pair);
    let models: Vec<EvaluatedModel> = own
        .map(|one| EvaluatedModel {
            name: &one.name,
            header: Some(one.transfer.header()),
            translator: &one.transfer,
        })
        .collect();
    let data = args.music.read(pair)?;
    let music = Music {
        whole: args.music.read_whole(pair)?,
        data: &data,
    };
    let measures = measures(args, &music, pair, &models, arranging)?;
    let judged =
        (!models.is_empty() && !args.no_judge).then(|| judged(args, &music, pair, &models));
    let evaluation = Evaluation {
        measures,
        judged: judged.transpose()?,
    };
    let by_cells = models.first().map(|model| ByCells {
        translator: model.translator,
        pair,
    });
    let by_cells = by_cells.as_ref().map(|way| way as &dyn Arrange);
    let by_notes = arranging.first().map(|one| Asked::new(&one.drawn));
    let by_notes = by_notes.as_ref().map(|way| way as &dyn Arrange);
    let shown = match by_notes.or(by_cells) {
        Some(way) if args.out.is_some() || args.report.is_some() => {
            let choice = Choice {
                pair,
                split: args.split,
                each: args.pictures,
                collections: &[],
            };
            examples(&data, &choice, way)?
        }
        _ => Vec::new(),
    };
    Ok((evaluation, shown))
}

/// The measures of all weights, which are the same for every family.
fn measures(
    args: &EvaluateArgs,
    music: &Music,
    pair: Pair,
    models: &[EvaluatedModel],
    arranging: &[Arranging],
) -> Result<Measures> {
    let settings = measures::MeasureSettings {
        pair,
        split: args.split,
        phrases: args.phrases,
        panel: Panel {
            seeds: usize::from(args.seeds),
            seed: args.seed,
            steps: args
                .stranger_steps
                .map_or(Panel::default().steps, usize::from),
        },
    };
    let apart = apart(args, music.whole(), &settings)?;
    let rows = Rows::new(pair, models, arranging, &args.vary, &apart);
    let methods = rows.methods();
    let mut show = Show::new(args.quiet);
    let (mut done, all) = (0, rows.count() + 2 * BASELINES);
    let measures = bench(music.data, &settings, &methods, &mut |what| {
        show.at(&format!("measuring {what}"), done, all, "");
        done += 1;
    });
    show.end();
    Ok(measures?)
}

/// The collections that the measures take by themselves, by name.
fn apart(
    args: &EvaluateArgs,
    whole: &Data,
    settings: &measures::MeasureSettings,
) -> Result<Vec<(String, BTreeMap<Genre, PhraseSample>)>> {
    let named = collections(args, whole, settings.pair)?.into_iter();
    let found = named.map(|name| {
        let phrases = measures::collection(whole, settings, &name)?;
        Ok((name, phrases))
    });
    let found: Vec<_> = found.collect::<Result<_>>()?;
    Ok(found
        .into_iter()
        .filter(|(_, own)| !own.is_empty())
        .collect())
}

/// The names of the collections that are measured by themselves.
fn collections(args: &EvaluateArgs, whole: &Data, pair: Pair) -> Result<Vec<String>> {
    match &args.also_source {
        Some(names) if matches!(&names[..], [none] if none == "none") => Ok(Vec::new()),
        Some(names) => {
            check_collections(names, whole, pair, args.split)?;
            Ok(names.clone())
        }
        None => Ok(vec![REAL_PLAYING.to_owned()]),
    }
}

/// The judge's figures for the generators of one pair.
fn judged(
    args: &EvaluateArgs,
    music: &Music,
    pair: Pair,
    models: &[EvaluatedModel],
) -> Result<Report> {
    let data = music.data;
    let settings = ReportSettings {
        pair,
        split: args.split,
        phrases: args.phrases,
        seed: args.seed,
    };
    let mut show = Show::new(args.quiet);
    let own = judge(args, pair, data, &mut show)?;
    let collections = also(args, music.whole(), &settings)?;
    // A judge that never heard such music knows little about it.
    let wide = match &music.whole {
        Some(whole) if !collections.is_empty() => Some(judge(args, pair, whole, &mut show)?),
        _ => None,
    };
    let aside = Aside {
        collections: &collections,
        judge: wide.as_ref().unwrap_or(&own),
    };
    let each = |genre| {
        data.phrases(genre, args.split)
            .rolls
            .len()
            .min(args.phrases)
    };
    let also_count: usize = collections.iter().map(Also::count).sum();
    let all = (each(pair.a) + each(pair.b) + also_count) as u64;
    let mut done = (String::new(), 0);
    let report = evaluate(data, aside, &settings, &own, models, &mut |name, count| {
        if done.0 != name {
            done = (name.to_owned(), 0);
        }
        done.1 += count as u64;
        show.at(&format!("{pair}: judging {name}"), done.1, all, "");
    })?;
    show.end();
    Ok(report)
}

/// The judge of a pair, kept or newly trained.
fn judge(args: &EvaluateArgs, pair: Pair, data: &Data, show: &mut Show) -> Result<GenreClassifier> {
    let judge = GenreClassifier::kept(
        &args.music.judges,
        pair,
        (data, args.seed),
        args.train_judge,
        &mut |done| {
            let how = format!("loss {:.3}, best accuracy {:.3}", done.loss, done.accuracy);
            show.at(
                &format!("{pair}: training the judge"),
                done.step,
                done.steps,
                &how,
            );
        },
    );
    Ok(judge?)
}

/// The collections that the judge hears by themselves.
fn also(args: &EvaluateArgs, whole: &Data, settings: &ReportSettings) -> Result<Vec<Also>> {
    let names = collections(args, whole, settings.pair)?;
    let found = names
        .iter()
        .map(|name| Ok(Also::find(whole, settings, name)?));
    let found: Vec<Option<Also>> = found.collect::<Result<_>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// Where an output goes: to the file that was asked for, and into the folder.
fn outputs(args: &EvaluateArgs, file: Option<&PathBuf>, name: &str) -> Result<Vec<PathBuf>> {
    let in_folder = args.out.as_ref().map(|folder| folder.join(name));
    let paths: Vec<PathBuf> = file.into_iter().cloned().chain(in_folder).collect();
    for path in &paths {
        if path.is_dir() {
            bail!("{}: is a folder; expected a file to write", path.display());
        }
    }
    Ok(paths)
}

/// Writes a whole file, and its folder.
pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    write_in_folder(path, bytes.as_ref())
        .with_context(|| format!("{}: cannot be written", path.display()))
}
