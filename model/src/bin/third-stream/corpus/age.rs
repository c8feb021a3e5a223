//! Checks by their authors' year of death which works are in the public domain.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

/// Works of authors who died later than this are protected in most countries: seventy years are
/// over at the end of the seventieth.
const DIED_BY: u16 = 1955;

/// When authors died, by their names as the collections write them. A work that nobody is known
/// to have written has the author `[Traditional]`, without a year.
pub(super) struct Authors(BTreeMap<String, Option<u16>>);

#[derive(serde::Deserialize)]
struct Author {
    author: String,
    died: Option<u16>,
}

impl Authors {
    /// The table in a file of the columns `author` and `died`.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let at = || format!("{}: not a table of author,died", path.display());
        let mut table = csv::Reader::from_path(path).with_context(at)?;
        let mut authors = BTreeMap::new();
        for row in table.deserialize() {
            let Author { author, died } = row.with_context(at)?;
            let before = authors.insert(author.clone(), died);
            ensure!(before.is_none(), "{}: {author} twice", path.display());
        }
        Ok(Self(authors))
    }

    /// The authors with the years of their deaths, such as `Elgar, Edward (1934)`, if all of them
    /// are known and died long enough ago.
    pub(super) fn free(&self, names: &[String]) -> Option<String> {
        let each = names.iter().map(|name| match self.0.get(name)? {
            Some(year) => (*year <= DIED_BY).then(|| format!("{name} ({year})")),
            None => Some(name.clone()),
        });
        let each: Option<Vec<String>> = each.collect();
        each.map(|each| each.join("; "))
            .filter(|text| !text.is_empty())
    }
}

/// Who wrote a work, by where its collection has it: the folder that is named after them.
pub(super) fn authors(collection: &str, source: &str, composer: &str) -> Vec<String> {
    let path = source.split_once(" : ").map_or("", |(_, path)| path);
    let folder = path.split('/').nth(1).unwrap_or_default();
    let named = |name: &str| name.replace('_', " ");
    match collection {
        "openewld" => folder.split('-').map(named).collect(),
        "chopin-nifc" => vec![composer.to_owned()],
        // This folder has works of two authors under one name.
        "mutopia-ragtime" if composer.contains(" and Scott Hayden") => {
            vec![named(folder), "Scott Hayden".to_owned()]
        }
        _ => vec![named(folder)],
    }
}
