//! Record of a run: its genres, its music and its recipe. Written before the first step, and
//! compared when the run goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::genre::{Genre, GenreError, Pair};

use crate::data::{Corpus, CorpusSelection};
use crate::files::write_whole;
use crate::train::recipe::with_current_names;

/// The file's name in the run's folder.
pub const FILE: &str = "run.json";

/// Key of the starter corpus among the places, whose music is in the program.
const STARTER: &str = "starter";

/// Genres, music, recipe and seed of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The genre pair, as `jazz-classic`; of the arranger, all genres that are learned.
    pub pair: String,
    /// Of an arranger that began with other weights: the genres that those knew, in the order of
    /// the norms' columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Every setting of the training, the number of steps included.
    #[serde(deserialize_with = "current_recipe")]
    pub recipe: Value,
    /// The seed of everything that is drawn by chance.
    pub seed: u64,
    /// Only clean rows of the manifest.
    pub clean: bool,
    /// The tier `extra` too.
    pub extra: bool,
    /// [`Data::hash`](crate::data::Data::hash) of what is trained on.
    pub data: String,
    /// Where the music was when the run began: `data` for a corpus folder, genres for folders
    /// of MIDI files; `starter`, without a place, for the starter corpus. It may move; the hash
    /// tells whether it is the same.
    pub places: BTreeMap<String, PathBuf>,
}

/// A record that cannot be read, or of another run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The file cannot be read or written.
    #[error("{path}: {source}; expected the folder of a run that was started with `train`")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not a record.
    #[error(
        "{path}: not the record of a run: {why}; expected the run.json that `train` wrote: start \
         a new run in another folder"
    )]
    Broken {
        /// The file.
        path: PathBuf,
        /// Description of the fault.
        why: String,
    },
    /// Something that decides about the weights is not the same.
    #[error(
        "the run in {folder} cannot go on with other settings: {differences}; leave them out \
         to go on, or start a new run in another folder"
    )]
    Different {
        /// The run's folder.
        folder: PathBuf,
        /// The differences: old and new values.
        differences: String,
    },
}

impl RunRecord {
    /// The record in a run's folder.
    ///
    /// # Errors
    /// The folder holds no run, or its record cannot be read.
    pub fn read(folder: &Path) -> Result<Self, RecordError> {
        let path = folder.join(FILE);
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|why| RecordError::Broken {
                path,
                why: why.to_string(),
            }),
            Err(source) => Err(RecordError::Io { path, source }),
        }
    }

    /// Writes the record, and the recipe by itself for use in other runs.
    pub(super) fn write(&self, folder: &Path) -> Result<(), RecordError> {
        write_json(&folder.join("recipe.json"), &self.recipe)?;
        write_json(&folder.join(FILE), self)
    }

    /// True if a run with this record can go on as `other`.
    pub(super) fn check_same(&self, other: &Self, folder: &Path) -> Result<(), RecordError> {
        let mut differences = Vec::new();
        let mut compare = |name: &str, was: &Value, is: &Value| {
            if was != is {
                differences.push(format!("{name} was {was} and is {is}"));
            }
        };
        compare(
            "pair",
            &self.pair.clone().into(),
            &other.pair.clone().into(),
        );
        compare("seed", &self.seed.into(), &other.seed.into());
        compare("clean", &self.clean.into(), &other.clean.into());
        compare("extra", &self.extra.into(), &other.extra.into());
        let recipes = [settings(&self.recipe), settings(&other.recipe)];
        let names: BTreeSet<&String> = recipes.iter().flat_map(BTreeMap::keys).collect();
        for name in names {
            // A setting that one of the recipes lacks reads as null.
            let [was, is] = [0, 1].map(|at: usize| recipes[at].get(name).unwrap_or(&Value::Null));
            compare(name, was, is);
        }
        if self.data != other.data {
            let short = |hash: &str| hash.chars().take(12).collect::<String>();
            let (was, is) = (short(&self.data), short(&other.data));
            differences.push(format!(
                "the music is not the same (hash {was}…, now {is}…)"
            ));
        }
        if differences.is_empty() {
            return Ok(());
        }
        Err(RecordError::Different {
            folder: folder.to_owned(),
            differences: differences.join("; "),
        })
    }
}

/// A recipe with the names that its settings have now.
fn current_recipe<'de, D: Deserializer<'de>>(from: D) -> Result<Value, D::Error> {
    Value::deserialize(from).map(with_current_names)
}

/// The settings of a recipe by name, those below its family too.
fn settings(recipe: &Value) -> BTreeMap<String, Value> {
    let mut settings = BTreeMap::new();
    for (name, value) in recipe.as_object().into_iter().flatten() {
        match value.as_object() {
            Some(families) if name == "family" => {
                for (family, fields) in families {
                    settings.insert(name.clone(), family.as_str().into());
                    let fields = fields.as_object().into_iter().flatten();
                    settings.extend(fields.map(|(name, value)| (name.clone(), value.clone())));
                }
            }
            _ => {
                settings.insert(name.clone(), value.clone());
            }
        }
    }
    settings
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), RecordError> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::other);
    text.and_then(|text| write_whole(path, format!("{text}\n").as_bytes()))
        .map_err(|source| RecordError::Io {
            path: path.to_owned(),
            source,
        })
}

fn broken(folder: &Path, why: &GenreError) -> RecordError {
    RecordError::Broken {
        path: folder.join(FILE),
        why: why.to_string(),
    }
}

impl RunRecord {
    /// The pair that the run was started with.
    ///
    /// # Errors
    /// The record names genres or places that this version does not know.
    pub fn pair(&self, folder: &Path) -> Result<Pair, RecordError> {
        self.pair.parse().map_err(|why| broken(folder, &why))
    }

    /// The genres that the run was started with.
    ///
    /// # Errors
    /// The record names genres or places that this version does not know.
    pub fn genres(&self, folder: &Path) -> Result<Vec<Genre>, RecordError> {
        let genres = self.pair.split('-').map(str::parse);
        genres
            .collect::<Result<_, _>>()
            .map_err(|why| broken(folder, &why))
    }

    /// The corpus and the selection that the run was started with.
    ///
    /// # Errors
    /// The record names genres or places that this version does not know.
    pub fn music(&self, folder: &Path) -> Result<(Corpus, CorpusSelection), RecordError> {
        let corpus = if let Some(dir) = self.places.get("data") {
            Corpus::Archives(dir.clone())
        } else if self.places.contains_key(STARTER) {
            Corpus::Starter
        } else {
            let folders = self.places.iter().map(|(name, dir)| {
                let genre: Genre = name.parse().map_err(|why| broken(folder, &why))?;
                Ok((genre, dir.clone()))
            });
            Corpus::Folders(folders.collect::<Result<_, _>>()?)
        };
        let selection = CorpusSelection {
            clean: self.clean,
            extra: self.extra,
        };
        Ok((corpus, selection))
    }

    /// Where the music of `corpus` is, as [`RunRecord::places`] holds it. The paths are made
    /// absolute, so that the run can go on from another working folder.
    pub fn places_of(corpus: &Corpus) -> BTreeMap<String, PathBuf> {
        let absolute = |dir: &PathBuf| std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
        match corpus {
            Corpus::Archives(dir) => BTreeMap::from([("data".to_owned(), absolute(dir))]),
            Corpus::Starter => BTreeMap::from([(STARTER.to_owned(), PathBuf::new())]),
            Corpus::Folders(folders) => folders
                .iter()
                .map(|(genre, dir)| (genre.to_string(), absolute(dir)))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record() -> RunRecord {
        let corpus = Corpus::Folders(BTreeMap::from([(Genre::Pop, "/music/pop".into())]));
        RunRecord {
            pair: Pair::JAZZ_POP.to_string(),
            columns: Vec::new(),
            recipe: json!({"steps": 200}),
            seed: 1,
            clean: false,
            extra: true,
            data: "0123456789abcdef".into(),
            places: RunRecord::places_of(&corpus),
        }
    }

    #[test]
    fn a_record_round_trips_and_names_its_music() {
        let dir = tempfile::tempdir().unwrap();
        record().write(dir.path()).unwrap();
        let read = RunRecord::read(dir.path()).unwrap();
        assert_eq!(read, record());
        let (corpus, selection) = read.music(dir.path()).unwrap();
        assert_eq!(read.pair(dir.path()).unwrap(), Pair::JAZZ_POP);
        assert_eq!(read.genres(dir.path()).unwrap(), [Genre::Jazz, Genre::Pop]);
        assert_eq!(RunRecord::places_of(&corpus), read.places);
        assert!(selection.extra && !selection.clean);
    }

    #[test]
    fn a_run_on_the_starter_corpus_goes_on_with_it() {
        let places = RunRecord::places_of(&Corpus::Starter);
        let record = RunRecord { places, ..record() };
        assert_eq!(
            record.music(Path::new("runs/x")).unwrap().0,
            Corpus::Starter
        );
    }

    #[test]
    fn another_run_is_refused_with_what_differs() {
        let mut other = record();
        let here = Path::new("runs/x");
        other.places.clear();
        record().check_same(&other, here).unwrap();
        other.seed = 2;
        let nested = |cycle| json!({"steps": 200, "family": {"x": {"cycle": cycle}}});
        other.recipe = nested(3.0);
        let why = other.check_same(
            &RunRecord {
                recipe: nested(4.0),
                ..other.clone()
            },
            here,
        );
        insta::assert_snapshot!(why.unwrap_err(), @"the run in runs/x cannot go on with other settings: cycle was 3.0 and is 4.0; leave them out to go on, or start a new run in another folder");
        other.recipe = json!({"steps": 200, "cycle": 3.0});
        other.data = "ffff".into();
        let why = record().check_same(&other, here).unwrap_err();
        insta::assert_snapshot!(why, @"the run in runs/x cannot go on with other settings: seed was 1 and is 2; cycle was null and is 3.0; the music is not the same (hash 0123456789ab…, now ffff…); leave them out to go on, or start a new run in another folder");
    }
}
