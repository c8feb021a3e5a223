//! The rows of the starter corpus's manifest: which pieces, under which licences, to whose credit.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use third_stream_model::genre::Genre;

use super::age::{self, Authors};

/// A collection that is taken from.
struct Collection {
    name: &'static str,
    /// How the licences begin that its pieces may have: none asks for more than a credit.
    licence: &'static str,
    credit: &'static str,
    tier: &'static str,
}

/// All of them.
const COLLECTIONS: [Collection; 6] = [
    Collection {
        name: "openscore-lieder",
        licence: "CC0 1.0",
        credit: "OpenScore Lieder Corpus, https://github.com/OpenScore/Lieder",
        tier: "core",
    },
    Collection {
        name: "openscore-quartets",
        licence: "CC0 1.0",
        credit: "OpenScore String Quartets, https://github.com/OpenScore/StringQuartets",
        tier: "core",
    },
    Collection {
        name: "mutopia",
        licence: "Public Domain",
        credit: "The Mutopia Project, https://www.mutopiaproject.org",
        tier: "core",
    },
    Collection {
        name: "chopin-nifc",
        licence: "CC BY 4.0",
        credit: "The Fryderyk Chopin Institute, \
                 https://github.com/pl-wnifc/humdrum-chopin-first-editions, changed: 4/4 alone, \
                 as MIDI, cut into phrases",
        tier: "core",
    },
    Collection {
        name: "openewld",
        licence: "stated public domain",
        credit: "OpenEWLD, Federico Simonetta, https://github.com/00sapo/OpenEWLD, changed: tune \
                 and chords with an accompaniment made by rule",
        tier: "semi-synthetic",
    },
    Collection {
        name: "mutopia-ragtime",
        licence: "Public Domain",
        credit: "The Mutopia Project, https://www.mutopiaproject.org, changed: one bar of 2/4 as \
                 one of 4/4",
        tier: "core",
    },
];

/// The columns of a row that are read and written.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Row {
    pub(super) file: String,
    genre: String,
    source: String,
    licence: String,
    composer: String,
    title: String,
    /// With the years of their deaths.
    #[serde(default)]
    authors: String,
    #[serde(default)]
    credit: String,
    composition_id: String,
    pub(super) phrases: usize,
    density_per_step: String,
    tier: String,
    suggested_phrase_weight: String,
    split: String,
    licence_class: String,
}

impl Row {
    /// True if it is a piece of this genre.
    pub(super) fn is_of(&self, genre: Genre) -> bool {
        self.genre == genre.folder()
    }

    fn collection(&self) -> &str {
        self.file.split('/').nth(1).unwrap_or_default()
    }
}

/// The rows of `manifest` that may be given to everybody, in the order of their files. In the
/// folder `by` lie the authors and the files that are left out.
pub(super) fn chosen(manifest: &Path, by: &Path) -> Result<Vec<Row>> {
    let authors = Authors::read(&by.join("authors.csv"))?;
    let left_out = left_out(&by.join("left-out.csv"))?;
    let at = || manifest.display().to_string();
    let mut rows = Vec::new();
    for row in csv::Reader::from_path(manifest)
        .with_context(at)?
        .into_deserialize()
    {
        let row: Row = row.with_context(at)?;
        let mut collections = COLLECTIONS.iter();
        let Some(collection) = collections.find(|one| one.name == row.collection()) else {
            continue;
        };
        let names = age::authors(collection.name, &row.source, &row.composer);
        let Some(free) = authors.free(&names) else {
            continue;
        };
        if row.licence_class == "clean"
            && row.licence.starts_with(collection.licence)
            && !left_out.contains(&row.file)
        {
            rows.push(Row {
                authors: free,
                credit: collection.credit.to_owned(),
                // There is no other edition beside it.
                tier: collection.tier.to_owned(),
                ..row
            });
        }
    }
    ensure!(!rows.is_empty(), "{}: no row of the collections", at());
    rows.sort_by(|a, b| a.file.cmp(&b.file));
    weigh(&mut rows);
    Ok(rows)
}

/// Lets training draw songs as often as rags; classical phrases are drawn alike.
fn weigh(rows: &mut [Row]) {
    let mut counts = BTreeMap::<String, usize>::new();
    for row in rows.iter().filter(|row| row.split == "train") {
        *counts.entry(row.collection().to_owned()).or_default() += row.phrases;
    }
    let count = |name: &str| counts.get(name).copied().unwrap_or_default().max(1) as f64;
    let songs = count("mutopia-ragtime") / count("openewld");
    for row in rows {
        let weight = match row.collection() {
            "openewld" => songs,
            _ => 1.0,
        };
        row.suggested_phrase_weight = format!("{weight:.3}");
    }
}

/// The files in a table of the columns `file` and `reason`.
fn left_out(path: &Path) -> Result<BTreeSet<String>> {
    let at = || format!("{}: not a table of file,reason", path.display());
    let rows = csv::Reader::from_path(path).with_context(at)?;
    let rows = rows.into_deserialize::<(String, String)>();
    rows.map(|row| Ok(row.with_context(at)?.0)).collect()
}

/// The rows as a manifest.
pub(super) fn manifest(rows: &[Row]) -> Result<Vec<u8>> {
    let mut table = csv::Writer::from_writer(Vec::new());
    for row in rows {
        table.serialize(row)?;
    }
    Ok(table.into_inner()?)
}
