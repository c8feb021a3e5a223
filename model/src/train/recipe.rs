//! Recipes: the settings of a training run, in one small file, `{"name": …, "family": {…}}`.
//!
//! | module | what it is |
//! |---|---|
//! | [`arranger`] | the arranger's settings |
//! | [`cyclegan`] | the CycleGAN's settings |
//! | [`library`] | recipes by name or file |

pub mod arranger;
pub mod cyclegan;
pub mod library;

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

/// A family of networks, each with its own settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// One network for all genres that fills in a phrase around its tune and harmony.
    Arranger,
    /// Two generators for a pair of genres, as in the paper.
    Cyclegan,
}

impl Family {
    /// The family of a recipe: one without the field is the CycleGAN's.
    pub fn of(recipe: &Value) -> Self {
        match recipe.pointer("/family/arranger") {
            Some(_) => Self::Arranger,
            None => Self::Cyclegan,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arranger => "arranger",
            Self::Cyclegan => "cyclegan",
        })
    }
}

impl FromStr for Family {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        [Self::Arranger, Self::Cyclegan]
            .into_iter()
            .find(|family| family.to_string() == name)
            .ok_or_else(|| format!("unknown family {name:?}: expected arranger or cyclegan"))
    }
}

/// Settings that had other names in older recipes: the family, the old name, the new one.
const RENAMED: [(&str, &str, &str); 4] = [
    ("arranger", "average", "ema_decay"),
    ("cyclegan", "average", "ema_decay"),
    ("cyclegan", "past_fakes", "replay_buffer"),
    ("cyclegan", "straight_through", "ste_width"),
];

/// The recipe with the names that its settings have now.
pub(super) fn with_current_names(mut recipe: Value) -> Value {
    for (family, old, new) in RENAMED {
        let settings = recipe.pointer_mut(&format!("/family/{family}"));
        let settings = settings.and_then(Value::as_object_mut);
        if let Some((settings, value)) = settings.and_then(|all| all.remove(old).map(|v| (all, v)))
        {
            settings.entry(new).or_insert(value);
        }
    }
    recipe
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_with_old_names_are_read() {
        let old = json!({"family": {"cyclegan": {"average": 0.9, "past_fakes": 5, "noise": 0.0}}});
        let new =
            json!({"family": {"cyclegan": {"ema_decay": 0.9, "replay_buffer": 5, "noise": 0.0}}});
        assert_eq!(with_current_names(old), new);
        assert_eq!(with_current_names(new.clone()), new);
        let old = json!({"family": {"arranger": {"average": 0.9}}});
        assert_eq!(
            with_current_names(old)["family"]["arranger"]["ema_decay"],
            0.9
        );
    }
}
