//! What is asked of a training: by the arguments, and where a run goes on, by its record.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde_json::Value;
use third_stream_model::genre::{Genre, Pair};
use third_stream_model::train::data::{Corpus, Selection};
use third_stream_model::train::recipe::library;
use third_stream_model::train::record::Record;

use super::TrainArgs;
use crate::settings;

/// The music, the recipe and the seed of a run.
pub(super) struct Request {
    pub(super) pair: Pair,
    pub(super) corpus: Corpus,
    pub(super) selection: Selection,
    pub(super) recipe: Value,
    pub(super) seed: u64,
}

impl Request {
    /// By the arguments, and where a run goes on, by its record.
    pub(super) fn of(args: &TrainArgs) -> Result<Self> {
        let record = args.resume.as_deref().map(Record::read).transpose()?;
        let before = match (&record, &args.resume) {
            (Some(record), Some(folder)) => Some(record.music(folder)?),
            _ => None,
        };
        let (mut recipe, recipe_pair) = match (&args.recipe, &record) {
            (None, Some(record)) => (record.recipe.clone(), None),
            (name, _) => {
                let usual = if args.smoke { "smoke" } else { "ours" };
                let named = library::find(name.as_deref().unwrap_or(usual))?;
                (serde_json::to_value(named.recipe)?, named.pair)
            }
        };
        if let (Some(asked), Some(own)) = (args.pair, recipe_pair)
            && asked != own
        {
            bail!("--pair {asked}: the recipe is for {own}; leave --pair out");
        }
        let pair = args.pair.or(recipe_pair);
        let pair = pair.or(before.as_ref().map(|(pair, ..)| *pair));
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
        if let Some(steps) = args.steps {
            settings::set_steps(&mut recipe, steps)?;
        }
        if let Some(batch) = args.batch {
            settings::set(&mut recipe, &format!("batch={batch}"))?;
        }
        if let Corpus::Folders(folders) = &corpus
            && settings::checked(&recipe)?
                .mixed_genres(pair)
                .iter()
                .any(|genre| !folders.contains_key(genre))
        {
            // Two folders are enough: without music of the third genre, the mixed
            // discriminators learn from these two, the paper's partial model.
            settings::set(&mut recipe, "mixed_music=pair")?;
        }
        for change in &args.set {
            settings::set(&mut recipe, change)?;
        }
        let seed = args.seed.or(record.map(|record| record.seed));
        Ok(Self {
            pair,
            corpus,
            selection,
            recipe,
            seed: seed.unwrap_or(1),
        })
    }
}

/// The first `runs/<pair>-<number>` that is not there.
pub(super) fn free_folder(pair: Pair) -> PathBuf {
    let folder = |number: u32| Path::new("runs").join(format!("{pair}-{number}"));
    let mut number = 1;
    while folder(number).exists() {
        number += 1;
    }
    folder(number)
}
