//! The cells of a table, from `model/recipes/sweeps` or a file.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use third_stream_model::train::recipe::library;

use crate::settings;

/// The tables that come with the program.
const EMBEDDED: [(&str, &str); 5] = [
    (
        "ablation",
        include_str!("../../../../recipes/sweeps/ablation.json"),
    ),
    (
        "arrangers",
        include_str!("../../../../recipes/sweeps/arrangers.json"),
    ),
    (
        "nine-cells",
        include_str!("../../../../recipes/sweeps/nine-cells.json"),
    ),
    (
        "seeds",
        include_str!("../../../../recipes/sweeps/seeds.json"),
    ),
    (
        "table-vi",
        include_str!("../../../../recipes/sweeps/table-vi.json"),
    ),
];

/// A table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    /// Settings of all cells.
    #[serde(default)]
    pub(super) set: Vec<String>,
    cells: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// The cell's name; that of its recipe where there is none.
    name: Option<String>,
    recipe: String,
    pair: Option<String>,
    #[serde(default)]
    set: Vec<String>,
}

/// One run.
#[derive(Debug, PartialEq)]
pub(super) struct Cell {
    /// The folder's name: cell and seed.
    pub(super) name: String,
    pub(super) recipe: String,
    pub(super) pair: Option<String>,
    /// Changes to its recipe.
    pub(super) set: Vec<String>,
    pub(super) seed: u64,
}

impl Plan {
    /// The table of this name or in this file.
    pub(super) fn find(name: &str) -> Result<Self> {
        let embedded = EMBEDDED.iter().find(|(known, _)| *known == name);
        let text = match embedded {
            Some((_, text)) => (*text).to_owned(),
            None if std::path::Path::new(name).is_file() => std::fs::read_to_string(name)
                .with_context(|| {
                    format!("{name}: cannot be read; expected the cells of a table")
                })?,
            None => bail!(
                "no table {name:?}: expected {}, or a JSON file of the same form",
                EMBEDDED.map(|(known, _)| known).join(", ")
            ),
        };
        serde_json::from_str(&text).with_context(|| {
            format!("{name}: not the cells of a table; expected JSON of the same form as ours")
        })
    }

    /// All cells, seed by seed, so that a sweep that is cut short has whole tables.
    pub(super) fn cells(&self, seeds: &[u64]) -> Vec<Cell> {
        let cell = |row: &Row, seed: u64| {
            let name = row
                .name
                .clone()
                .unwrap_or_else(|| row.recipe.replace('/', "-"));
            Cell {
                name: format!("{name}-seed{seed}"),
                recipe: row.recipe.clone(),
                pair: row.pair.clone(),
                set: row.set.clone(),
                seed,
            }
        };
        let mut cells = Vec::new();
        for seed in seeds {
            cells.extend(self.cells.iter().map(|row| cell(row, *seed)));
        }
        cells
    }
}

impl Cell {
    /// The number of steps with `changes` and, before those, `steps` in place of the recipe's.
    pub(super) fn steps(&self, steps: Option<u64>, changes: &[&String]) -> Result<u64> {
        let (mut recipe, _) = library::find_value(&self.recipe)?;
        if let Some(steps) = steps {
            settings::set_steps(&mut recipe, steps)?;
        }
        for change in changes {
            settings::set(&mut recipe, change)?;
        }
        Ok(settings::any(&recipe)?.schedule().steps)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_table_names_recipes_and_settings_that_are_there() {
        for (name, count) in [
            ("arrangers", 4),
            ("nine-cells", 9),
            ("table-vi", 6),
            ("ablation", 13),
            ("seeds", 3),
        ] {
            let plan = Plan::find(name).unwrap();
            let cells = plan.cells(&[1, 2]);
            let names: BTreeSet<&String> = cells.iter().map(|cell| &cell.name).collect();
            assert_eq!((cells.len(), names.len()), (2 * count, 2 * count), "{name}");
            for cell in &cells {
                let changes: Vec<&String> = plan.set.iter().chain(&cell.set).collect();
                assert_eq!(
                    cell.steps(Some(300), &changes).unwrap(),
                    300,
                    "{}",
                    cell.name
                );
            }
        }
    }

    #[test]
    fn an_unknown_table_says_what_there_is() {
        insta::assert_snapshot!(Plan::find("x").unwrap_err(), @r#"no table "x": expected ablation, arrangers, nine-cells, seeds, table-vi, or a JSON file of the same form"#);
    }
}
