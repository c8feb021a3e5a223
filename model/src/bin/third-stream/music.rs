//! Which music is measured on.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};
use third_stream_model::data::starter;
use third_stream_model::data::{Corpus, CorpusSelection, Data, Split};
use third_stream_model::genre::{Genre, Pair};

/// The music of `evaluate` and `examples`.
#[derive(clap::Args, Debug)]
pub(crate) struct MusicArgs {
    /// Corpus: a folder with MANIFEST.csv and one <genre>.tar.gz for each genre [default: the
    /// starter corpus, of jazz and classic]
    #[arg(long, value_name = "DIR", conflicts_with = "a")]
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
    /// The pairs that there is music of.
    pub(crate) fn pairs(&self) -> Vec<Pair> {
        let genres = match (&self.data, &self.a) {
            (Some(dir), _) => Corpus::Archives(dir.clone()).genres(),
            (None, None) => Corpus::Starter.genres(),
            // Two folders are of whatever pair is asked for.
            (None, Some(_)) => Genre::ALL.to_vec(),
        };
        let there = |pair: &Pair| genres.contains(&pair.a) && genres.contains(&pair.b);
        Pair::ALL.into_iter().filter(there).collect()
    }

    /// The default corpus of measurements.
    pub(crate) fn unnamed(&self) -> Option<String> {
        let none = self.data.is_none() && self.a.is_none();
        none.then(|| format!("music: {}, {}", starter::NAME, starter::ABOUT))
    }

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
            _ if self.pairs().contains(&pair) => Corpus::Starter,
            _ => bail!(
                "{pair}: {} has no such music; give --data, or --a and --b",
                starter::NAME
            ),
        };
        let selection = CorpusSelection {
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
