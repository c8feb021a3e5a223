//! The recipes that come with the program (`model/recipes`), and recipes in files.
//!
//! A file is a whole recipe, such as the `recipe.json` of a run, or names another recipe and what
//! it changes: `{"extends": "paper/base", "pair": "jazz-pop", "changes": {"family":
//! {"cyclegan": {"noise": 0.01}}}}`.
//! Either has the settings of its family below `family`, such as
//! `{"name": "mine", "family": {"arranger": {…}}}`.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::cyclegan::CycleGanRecipe;
use super::{Family, with_current_names};
use crate::genre::Pair;

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        /// Names and texts of the recipes in `model/recipes`.
        const EMBEDDED: &[(&str, &str)] = &[$((
            $name,
            include_str!(concat!("../../../recipes/", $name, ".json")),
        )),*];
    };
}

embedded![
    "arranger",
    "arranger-smoke",
    "cyclegan",
    "smoke",
    "paper/base",
    "paper/base-classic-pop",
    "paper/base-jazz-classic",
    "paper/base-jazz-pop",
    "paper/full",
    "paper/full-classic-pop",
    "paper/full-jazz-classic",
    "paper/full-jazz-pop",
    "paper/partial",
    "paper/partial-classic-pop",
    "paper/partial-jazz-classic",
    "paper/partial-jazz-pop",
];

/// A recipe of the CycleGAN, and the pair that it is for where it is for one only.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// All its settings.
    pub recipe: CycleGanRecipe,
    /// The pair, for example of `paper/full-jazz-pop`.
    pub pair: Option<Pair>,
}

/// A recipe that cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// Neither one of ours nor a file.
    #[error(
        "no recipe {0:?}: expected one of {known}, or a JSON file such as the recipe.json of a \
         run",
        known = names().collect::<Vec<_>>().join(", ")
    )]
    Unknown(String),
    /// The file cannot be read.
    #[error(
        "{path}: cannot be read: {source}; expected a JSON file such as the recipe.json of a run"
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text is no recipe.
    #[error("{name}: not a recipe: {why}; expected settings as in the recipe.json of a run")]
    Broken {
        /// The recipe's name or file.
        name: String,
        /// Description of the fault.
        why: String,
    },
}

/// The names of the recipes that come with the program.
pub fn names() -> impl Iterator<Item = &'static str> {
    EMBEDDED.iter().map(|(name, _)| *name)
}

/// The CycleGAN's recipe of this name, or in this file.
///
/// # Errors
/// There is no such recipe, or it is broken; see [`RecipeError`].
pub fn find(name: &str) -> Result<Named, RecipeError> {
    let (value, pair) = find_value(name)?;
    let recipe = serde_json::from_value(value).map_err(|why| RecipeError::Broken {
        name: name.to_owned(),
        why: format!("not one for the CycleGAN: {why}"),
    })?;
    Ok(Named { recipe, pair })
}

/// All settings of the recipe of this name, or in this file, whatever its [`Family`], and the pair
/// that it is for where it is for one only.
///
/// # Errors
/// There is no such recipe, or it is broken; see [`RecipeError`].
pub fn find_value(name: &str) -> Result<(Value, Option<Pair>), RecipeError> {
    if let Some((known, text)) = EMBEDDED.iter().find(|(known, _)| *known == name) {
        let (mut value, pair) = read(known, text)?;
        value["name"] = (*known).into();
        return Ok((value, pair));
    }
    let path = Path::new(name);
    if !path.is_file() {
        return Err(RecipeError::Unknown(name.to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(|source| RecipeError::Io {
        path: path.to_owned(),
        source,
    })?;
    read(name, &text)
}

/// A recipe that changes another.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Extension {
    extends: String,
    #[serde(default)]
    pair: Option<String>,
    #[serde(default)]
    changes: Value,
}

fn read(name: &str, text: &str) -> Result<(Value, Option<Pair>), RecipeError> {
    let broken = |why: String| RecipeError::Broken {
        name: name.to_owned(),
        why,
    };
    let value: Value = serde_json::from_str(text).map_err(|why| broken(why.to_string()))?;
    let value = with_current_names(value);
    if value.get("extends").is_none() {
        return Ok((checked(value).map_err(broken)?, None));
    }
    let extension: Extension =
        serde_json::from_value(value).map_err(|why| broken(why.to_string()))?;
    // Only our own recipes can be extended, and they do not extend themselves.
    if !names().any(|known| known == extension.extends && known != name) {
        return Err(RecipeError::Unknown(extension.extends));
    }
    let (mut recipe, before) = find_value(&extension.extends)?;
    merge(&mut recipe, with_current_names(extension.changes));
    let pair = match extension.pair {
        Some(pair) => Some(pair.parse().map_err(|why| broken(format!("{why}")))?),
        None => before,
    };
    Ok((checked(recipe).map_err(broken)?, pair))
}

/// The recipe as its family writes it, if it is one: every setting, and none that is not there.
fn checked(recipe: Value) -> Result<Value, String> {
    let written = match Family::of(&recipe) {
        Family::Arranger => serde_json::from_value::<super::arranger::ArrangerRecipe>(recipe)
            .and_then(serde_json::to_value),
        Family::Cyclegan => {
            serde_json::from_value::<CycleGanRecipe>(recipe).and_then(serde_json::to_value)
        }
    };
    written.map_err(|why| why.to_string())
}

/// Puts `changes` into `value`, objects field by field.
fn merge(value: &mut Value, changes: Value) {
    match (value, changes) {
        (Value::Object(fields), Value::Object(changes)) => {
            for (name, change) in changes {
                merge(fields.entry(name).or_insert(Value::Null), change);
            }
        }
        (_, Value::Null) => {}
        (value, change) => *value = change,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::cyclegan::{Mixed, MixedMusic};
    use super::*;

    #[test]
    fn every_file_is_embedded_and_readable() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes");
        let mut files = BTreeSet::new();
        for folder in ["", "paper/"] {
            for entry in std::fs::read_dir(root.join(folder)).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                files.extend(
                    name.strip_suffix(".json")
                        .map(|name| format!("{folder}{name}")),
                );
            }
        }
        assert_eq!(files, names().map(str::to_owned).collect());
        for name in names() {
            assert_eq!(find_value(name).unwrap().0["name"], name);
        }
    }

    #[test]
    fn the_paper_s_nine_cells_have_its_best_noise() {
        for (name, noise) in [
            ("paper/base-jazz-classic", 1.0),
            ("paper/partial-jazz-classic", 0.0),
            ("paper/full-jazz-classic", 0.01),
            ("paper/base-classic-pop", 0.1),
            ("paper/partial-classic-pop", 1.0),
            ("paper/full-classic-pop", 1.0),
            ("paper/base-jazz-pop", 0.01),
            ("paper/partial-jazz-pop", 0.01),
            ("paper/full-jazz-pop", 0.0),
        ] {
            let Named { recipe, pair } = find(name).unwrap();
            assert_eq!(recipe.settings.noise, noise, "{name}");
            assert!(name.ends_with(&pair.unwrap().to_string()), "{name}");
        }
        let full = find("paper/full-jazz-pop").unwrap().recipe.settings;
        assert_eq!(
            (full.mixed, full.mixed_music),
            (Mixed::Released, MixedMusic::All)
        );
        assert_eq!((full.replay_buffer, full.generator.base_channels), (50, 64));
    }

    #[test]
    fn the_usual_recipe_is_the_partial_model_in_the_paper_s_number_of_updates() {
        let [usual, paper] = ["cyclegan", "paper/partial"].map(|name| find(name).unwrap().recipe);
        let (usual, paper) = (usual.settings, paper.settings);
        assert_eq!((usual.steps, usual.batch), (14_000, paper.batch));
        assert_eq!(usual.mixed_music, paper.mixed_music);
        assert_eq!((usual.mixed, paper.mixed), (Mixed::InLoss, Mixed::Released));
        assert_eq!(usual.terms.cycle, paper.terms.cycle);
    }

    #[test]
    fn a_file_can_change_one_of_ours() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.json");
        let text = r#"{"extends": "cyclegan", "changes": {"name": "mine",
            "family": {"cyclegan": {"generator": {"skip": 1.0}}}}}"#;
        std::fs::write(&path, text).unwrap();
        let mine = find(path.to_str().unwrap()).unwrap().recipe;
        let (name, mine) = (mine.name, mine.settings.generator);
        let usual = CycleGanRecipe::usual().settings.generator;
        assert_eq!((name.as_str(), mine.skip), ("mine", 1.0));
        assert_eq!(mine.base_channels, usual.base_channels);
        let wrong = r#"{"extends": "yours"}"#;
        assert!(matches!(read("x", wrong), Err(RecipeError::Unknown(name)) if name == "yours"));
    }

    #[test]
    fn a_recipe_with_guides_says_that_they_are_gone() {
        let old = r#"{"name": "ours", "steps": 6000, "guide_weight": 1.0, "mixtures": 3.0}"#;
        insta::assert_snapshot!(read("recipe.json", old).unwrap_err(), @"recipe.json: not a recipe: it has the settings guide_weight, mixtures, but training with frozen guides was removed: take the recipe cyclegan, or go on with the version that began the run; expected settings as in the recipe.json of a run");
    }

    #[test]
    fn settings_lie_below_their_family() {
        let steps = r#"{"extends": "arranger", "changes": {"family": {"arranger": {"steps": 7}}}}"#;
        let (mine, _) = read("x", steps).unwrap();
        assert_eq!(Family::of(&mine), Family::Arranger);
        assert_eq!(mine["family"]["arranger"]["steps"], 7);
        let wrong = steps.replace("steps", "stepz");
        let why = read("x", &wrong).unwrap_err().to_string();
        assert!(why.contains("unknown field `stepz`"), "{why}");
        let why = find("arranger").unwrap_err().to_string();
        assert!(why.contains("not one for the CycleGAN"), "{why}");
    }
}
