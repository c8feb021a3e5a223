//! The request for a training, from the arguments, or from the record of a run that is resumed.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use third_stream_model::data::starter;
use third_stream_model::data::{Corpus, CorpusSelection};
use third_stream_model::genre::{Genre, Pair};
use third_stream_model::train::recipe::{Family, library};
use third_stream_model::train::record::RunRecord;

use super::TrainArgs;
use crate::settings;

/// The recipe and the genres of the training.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Subject {
    /// By a CycleGAN.
    Pair(Pair),
    /// By an arranger, in the order of their columns.
    Genres(Vec<Genre>),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pair(pair) => pair.fmt(f),
            Self::Genres(genres) => {
                let names: Vec<&str> = genres.iter().map(|genre| genre.name()).collect();
                f.write_str(&names.join("-"))
            }
        }
    }
}

/// The music, the recipe and the seed of a run.
pub(super) struct Request {
    pub(super) subject: Subject,
    pub(super) corpus: Corpus,
    pub(super) selection: CorpusSelection,
    pub(super) recipe: Value,
    pub(super) seed: u64,
    /// See [`RunRecord::columns`].
    pub(super) columns: Vec<String>,
}

impl Request {
    /// By the arguments, and where a run goes on, by its record.
    pub(super) fn of(args: &TrainArgs) -> Result<Self> {
        let before = match &args.resume {
            Some(folder) => Some((folder.as_path(), RunRecord::read(folder)?)),
            None => None,
        };
        let family = family(args, before.as_ref())?;
        let (mut recipe, recipe_pair) = recipe(args, family, before.as_ref())?;
        let music = match &before {
            Some((folder, record)) => Some(record.music(folder)?),
            None => None,
        };
        let (subject, corpus) = match family {
            Family::Cyclegan => pair_and_corpus(args, recipe_pair, before.as_ref())?,
            Family::Arranger => genres_and_corpus(args, before.as_ref())?,
        };
        let record = before.map(|(_, record)| record);
        let clean = match (family, &corpus) {
            (Family::Arranger, Corpus::Archives(_) | Corpus::Starter) => !args.any_licence,
            _ => args.clean,
        };
        let selection = CorpusSelection {
            clean: music
                .as_ref()
                .map_or(clean, |(_, was)| was.clean || args.clean),
            extra: args.extra || music.is_some_and(|(_, was)| was.extra),
        };
        if let Some(steps) = args.steps {
            settings::set_steps(&mut recipe, steps)?;
        }
        if let Some(batch) = args.batch {
            settings::set(&mut recipe, &format!("batch={batch}"))?;
        }
        if let (Subject::Pair(pair), Corpus::Folders(_) | Corpus::Starter) = (&subject, &corpus)
            && settings::checked(&recipe)?
                .mixed_genres(*pair)
                .iter()
                .any(|genre| !corpus.genres().contains(genre))
        {
            // Two genres are enough: without music of the third, the mixed discriminators
            // learn from these two, the paper's partial model.
            settings::set(&mut recipe, "mixed_music=pair")?;
        }
        for change in &args.set {
            settings::set(&mut recipe, change)?;
        }
        let seed = args.seed.or(record.as_ref().map(|record| record.seed));
        Ok(Self {
            subject,
            corpus,
            selection,
            recipe,
            seed: seed.unwrap_or(1),
            columns: record.map_or(Vec::new(), |record| record.columns),
        })
    }
}

/// The family: that of the run or the recipe that is named, or that of the other arguments.
fn family(args: &TrainArgs, before: Option<&(&Path, RunRecord)>) -> Result<Family> {
    let of_pairs = args.pair.is_some() || args.a.is_some();
    let (found, by) = match (before, &args.recipe) {
        (Some((_, record)), _) => (Some(Family::of(&record.recipe)), "the run"),
        (None, Some(name)) => {
            let (recipe, _) = library::find_value(name)?;
            (Some(Family::of(&recipe)), "the recipe")
        }
        (None, None) => (None, ""),
    };
    let usual = if of_pairs {
        Family::Cyclegan
    } else {
        Family::Arranger
    };
    let family = args.family.or(found).unwrap_or(usual);
    match found {
        Some(found) if found != family => {
            bail!("--family {family}: {by} is for {found}; leave --family out")
        }
        _ => {}
    }
    if family == Family::Arranger && of_pairs {
        bail!(
            "--pair, --a and --b are for --family cyclegan; the arranger learns all genres of a \
             corpus (--data), or folders of MIDI files (--genre jazz=DIR --genre pop=DIR)"
        );
    }
    if family == Family::Cyclegan && !args.genre.is_empty() {
        bail!("--genre is for --family arranger; name the folders of a pair with --a and --b");
    }
    if family == Family::Cyclegan && args.from.is_some() {
        bail!("--from is for --family arranger; a CycleGAN begins with weights drawn by chance");
    }
    Ok(family)
}

fn recipe(
    args: &TrainArgs,
    family: Family,
    before: Option<&(&Path, RunRecord)>,
) -> Result<(Value, Option<Pair>)> {
    let usual = match (family, args.smoke) {
        (Family::Arranger, true) => "arranger-smoke",
        (Family::Arranger, false) => "arranger",
        (Family::Cyclegan, true) => "smoke",
        (Family::Cyclegan, false) => "cyclegan",
    };
    match (&args.recipe, before) {
        (None, Some((folder, record))) => {
            let run = || format!("{}: the run cannot go on", folder.display());
            settings::any(&record.recipe).with_context(run)?;
            Ok((record.recipe.clone(), None))
        }
        (name, _) => Ok(library::find_value(name.as_deref().unwrap_or(usual))?),
    }
}

fn pair_and_corpus(
    args: &TrainArgs,
    recipe_pair: Option<Pair>,
    before: Option<&(&Path, RunRecord)>,
) -> Result<(Subject, Corpus)> {
    if let (Some(asked), Some(own)) = (args.pair, recipe_pair)
        && asked != own
    {
        bail!("--pair {asked}: the recipe is for {own}; leave --pair out");
    }
    let was = match before {
        Some((folder, record)) => Some((record.pair(folder)?, record.music(folder)?.0)),
        None => None,
    };
    let pair = args.pair.or(recipe_pair);
    let pair = pair.or(was.as_ref().map(|(pair, _)| *pair));
    let pair = pair.unwrap_or(Pair::JAZZ_CLASSIC);
    let corpus = match (&args.data, &args.a, &args.b, was) {
        (Some(dir), ..) => Corpus::Archives(dir.clone()),
        (None, Some(a), Some(b), _) => {
            let mut folders = BTreeMap::from([(pair.a, a.clone()), (pair.b, b.clone())]);
            let third = Genre::ALL
                .into_iter()
                .find(|genre| ![pair.a, pair.b].contains(genre));
            folders.extend(third.zip(args.mixed.clone()));
            Corpus::Folders(folders)
        }
        (None, _, _, Some((_, corpus))) => corpus,
        _ => Corpus::Starter,
    };
    if let Some(missing) = missing(&corpus, &[pair.a, pair.b]) {
        bail!(
            "--pair {pair}: {} has no {missing}; name a corpus folder with --data, or two \
             folders of MIDI files with --a and --b",
            starter::NAME
        );
    }
    Ok((Subject::Pair(pair), corpus))
}

fn genres_and_corpus(
    args: &TrainArgs,
    before: Option<&(&Path, RunRecord)>,
) -> Result<(Subject, Corpus)> {
    let folders: BTreeMap<Genre, PathBuf> = args.genre.iter().cloned().collect();
    if folders.len() < args.genre.len() {
        bail!("--genre: a genre is named twice; put its files into one folder");
    }
    let corpus = match (&args.data, folders.len(), before) {
        (Some(dir), ..) => Corpus::Archives(dir.clone()),
        (None, 1, _) => bail!(
            "--genre: only one genre; name two or three of jazz, classic and pop, each with its \
             folder of MIDI files"
        ),
        (None, 2.., _) => Corpus::Folders(folders),
        (None, _, Some((folder, record))) => record.music(folder)?.0,
        (None, _, None) => Corpus::Starter,
    };
    let genres = match before {
        Some((folder, record)) => record.genres(folder)?,
        // Where there is none, reading says what is missing.
        None => Some(corpus.genres())
            .filter(|genres| !genres.is_empty())
            .unwrap_or(Genre::ALL.to_vec()),
    };
    Ok((Subject::Genres(genres), corpus))
}

/// A genre that the starter corpus lacks, where that is the music.
fn missing(corpus: &Corpus, genres: &[Genre]) -> Option<Genre> {
    let there = |genre: &Genre| starter::GENRES.contains(genre);
    let missing = genres.iter().copied().find(|genre| !there(genre));
    missing.filter(|_| *corpus == Corpus::Starter)
}

/// Parses an argument of `--genre`: `NAME=DIR`.
pub(super) fn genre_folder(text: &str) -> Result<(Genre, PathBuf), String> {
    let (name, folder) = text
        .split_once('=')
        .ok_or("expected NAME=DIR, such as jazz=my-jazz")?;
    let genre = name.parse().map_err(|_| {
        format!(
            "{name:?} is none of the genres that the arranger is trained on: expected jazz, \
             classic or pop; a style of your own is learned from a few files once it is trained"
        )
    })?;
    Ok((genre, folder.into()))
}

/// The first `runs/<name>-<number>` that is not there; the name is that of the pair or the family.
pub(super) fn free_folder(subject: &Subject) -> PathBuf {
    let name = match subject {
        Subject::Pair(pair) => pair.to_string(),
        Subject::Genres(_) => Family::Arranger.to_string(),
    };
    let folder = |number: u32| Path::new("runs").join(format!("{name}-{number}"));
    let mut number = 1;
    while folder(number).exists() {
        number += 1;
    }
    folder(number)
}
