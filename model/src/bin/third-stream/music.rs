//! Which music is measured on.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};
use third_stream_model::genre::Pair;
use third_stream_model::train::data::{Corpus, Data, Selection, Split};

/// The music of `evaluate` and `examples`.
#[derive(clap::Args, Debug)]
pub(crate) struct MusicArgs {
    /// Corpus: a folder with MANIFEST.csv and one <genre>.tar.gz for each genre
    #[arg(
        long,
        value_name = "DIR",
        required_unless_present = "a",
        conflicts_with = "a"
    )]
    data: Option<PathBuf>,
    /// Instead of --data: a folder of MIDI files of the pair's first genre
    #[arg(long, value_name = "DIR", requires = "b")]
    a: Option<PathBuf>,
    /// Instead of --data: a folder of MIDI files of the pair's second genre
    #[arg(long, value_name = "DIR", requires = "a")]
    b: Option<PathBuf>,
    /// Only pieces whose licence class is clean
    #[arg(long)]
    clean: bool,
    /// Folder in which judges and read music are kept
    #[arg(long, default_value = "runs/judges", value_name = "DIR")]
    pub(crate) judges: PathBuf,
}

impl MusicArgs {
    /// The music of a pair.
    pub(crate) fn read(&self, pair: Pair) -> Result<Data> {
        self.read_selected(pair, self.clean)
    }

    /// The music of a pair whatever its licence class; `None` where that is what [`Self::read`]
    /// gives.
    pub(crate) fn read_whole(&self, pair: Pair) -> Result<Option<Data>> {
        let differs = self.clean && self.data.is_some();
        differs.then(|| self.read_selected(pair, false)).transpose()
    }

    fn read_selected(&self, pair: Pair, clean: bool) -> Result<Data> {
        fs::create_dir_all(&self.judges)
            .with_context(|| format!("{}: cannot be made", self.judges.display()))?;
        let corpus = match (&self.data, &self.a, &self.b) {
            (None, Some(a), Some(b)) => {
                Corpus::Folders([(pair.a, a.clone()), (pair.b, b.clone())].into())
            }
            (Some(dir), ..) => Corpus::Archives(dir.clone()),
            _ => bail!("no music to measure on: give --data, or --a and --b"),
        };
        let selection = Selection {
            clean,
            extra: false,
        };
        Ok(Data::read(
            &corpus,
            &[pair.a, pair.b],
            selection,
            Some(&self.judges),
        )?)
    }
}

/// Refuses collections that the corpus has no phrases of in this split.
pub(crate) fn check_collections(
    names: &[String],
    data: &Data,
    pair: Pair,
    split: Split,
) -> Result<()> {
    let mut known: Vec<&str> = Vec::new();
    for genre in [pair.a, pair.b] {
        let sources = data.phrases(genre, split).sources.iter();
        known.extend(sources.map(|source| &*data.sources()[usize::from(*source)]));
    }
    known.sort_unstable();
    known.dedup();
    for name in names {
        ensure!(
            known.contains(&name.as_str()),
            "no {split} phrases of {pair} from a collection {name:?}; there are: {}",
            known.join(", ")
        );
    }
    Ok(())
}
