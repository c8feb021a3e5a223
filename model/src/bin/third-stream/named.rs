//! Weights files with a name, as `evaluate` and `examples` take them.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context as _, Result, bail, ensure};
use third_stream_model::family::cyclegan::GeneratorConfig;
use third_stream_model::genre::Pair;
use third_stream_model::transfer::{ArrangerTransfer, CycleGanTransfer};
use third_stream_model::user_weights::Pairs;
use third_stream_model::weights::Header;

/// `[NAME=]FILE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// What tables call it; the file's name without its extension unless given.
    pub(crate) name: String,
    file: PathBuf,
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = match text.split_once('=') {
            // A file whose own name has the sign in it.
            Some(_) if Path::new(text).is_file() => (None, text),
            Some((name, file)) => (Some(name.to_owned()), file),
            None => (None, text),
        };
        let file = PathBuf::from(file);
        let stem = || {
            let stem = file.file_stem()?;
            Some(stem.to_string_lossy().into_owned())
        };
        match name.or_else(stem) {
            Some(name) if !name.is_empty() => Ok(Self { name, file }),
            _ => Err("expected FILE or NAME=FILE".to_owned()),
        }
    }
}

/// Weights, ready to run.
pub(crate) struct Loaded {
    pub(crate) name: String,
    pub(crate) transfer: CycleGanTransfer,
}

/// Reads a file.
pub(crate) fn load(named: &Named) -> Result<Loaded> {
    let at = || named.file.display().to_string();
    let bytes = fs::read(&named.file)
        .with_context(|| format!("{}: cannot be read; expected a weights file", at()))?;
    Ok(Loaded {
        name: named.name.clone(),
        transfer: CycleGanTransfer::from_bytes(&bytes).with_context(at)?,
    })
}

/// An arranger's weights, ready to run.
pub(crate) struct Arranging {
    pub(crate) name: String,
    pub(crate) drawn: ArrangerTransfer,
}

/// Reads files of both families.
pub(crate) fn load_all(files: &[Named]) -> Result<(Vec<Loaded>, Vec<Arranging>)> {
    let (mut loaded, mut arranging) = (Vec::new(), Vec::new());
    for named in files {
        let at = || named.file.display().to_string();
        let bytes = fs::read(&named.file).unwrap_or_default();
        if Header::read(&bytes).is_ok_and(|header| header.arranger().is_ok()) {
            let name = named.name.clone();
            let drawn = ArrangerTransfer::from_bytes(&bytes).with_context(at)?;
            arranging.push(Arranging { name, drawn });
        } else {
            loaded.push(load(named)?);
        }
    }
    let headers = loaded.iter().map(|one| (&*one.name, one.transfer.header()));
    check_seeds(&headers.collect::<Vec<_>>())?;
    Ok((loaded, arranging))
}

/// Weights with the same name and pair must be of one recipe and size and of different seeds:
/// their mean and range are given as those of seeds.
fn check_seeds(named: &[(&str, &Header)]) -> Result<()> {
    for (index, (name, header)) in named.iter().enumerate() {
        let before = named[..index].iter();
        for (_, other) in before.filter(|(n, h)| n == name && h.pairs() == header.pairs()) {
            let differs = if (&other.recipe, shape(other)) != (&header.recipe, shape(header)) {
                "of different recipes or sizes"
            } else if other.seed == header.seed {
                "of the same seed"
            } else {
                continue;
            };
            bail!(
                "two weights for {} named {name:?} are {differs}; files with the same name are \
                 measured as seeds of one recipe, so name these apart, as in --weights other=FILE",
                Pairs(header.pairs())
            );
        }
    }
    Ok(())
}

/// The shape of the networks, to be compared.
fn shape(header: &Header) -> Option<GeneratorConfig> {
    header.cyclegan().ok().map(|cyclegan| cyclegan.generator)
}

/// The pairs of the weights in their order, or the pair that was asked for. Without either,
/// jazz and classic.
pub(crate) fn pairs(loaded: &[Loaded], asked: Option<Pair>) -> Result<Vec<Pair>> {
    let mut pairs: Vec<Pair> = Vec::new();
    for one in loaded {
        let own = one.transfer.pair();
        ensure!(
            asked.is_none_or(|asked| asked == own),
            "the weights {} are for {own}, not for {}; leave --pair out",
            one.name,
            asked.map(|pair| pair.to_string()).unwrap_or_default()
        );
        if !pairs.contains(&own) {
            pairs.push(own);
        }
    }
    if pairs.is_empty() {
        pairs.push(asked.unwrap_or(Pair::JAZZ_CLASSIC));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use third_stream_model::weights::{CycleGanHeader, FamilyHeader};

    #[test]
    fn a_name_may_stand_before_the_file() {
        let named = |text: &str| text.parse::<Named>().map(|named| (named.name, named.file));
        let file = PathBuf::from("runs/a/best.safetensors");
        assert_eq!(
            named("ours=runs/a/best.safetensors"),
            Ok(("ours".to_owned(), file.clone()))
        );
        assert_eq!(
            named("runs/a/best.safetensors"),
            Ok(("best".to_owned(), file))
        );
        assert_eq!(named("=x"), Err("expected FILE or NAME=FILE".to_owned()));
        assert_eq!(named(""), Err("expected FILE or NAME=FILE".to_owned()));
        let dir = tempfile::tempdir().unwrap();
        let odd = dir.path().join("rate=3.safetensors");
        std::fs::write(&odd, b"").unwrap();
        assert_eq!(
            named(odd.to_str().unwrap()),
            Ok(("rate=3".to_owned(), odd.clone()))
        );
    }

    #[test]
    fn without_weights_there_is_a_pair_all_the_same() {
        assert_eq!(pairs(&[], None).unwrap(), [Pair::JAZZ_CLASSIC]);
        assert_eq!(pairs(&[], Some(Pair::JAZZ_POP)).unwrap(), [Pair::JAZZ_POP]);
    }

    #[test]
    fn a_missing_file_is_named() {
        let named = "ours=nowhere.safetensors".parse().unwrap();
        let error = load_all(&[named]).err().unwrap();
        assert_eq!(
            error.to_string(),
            "nowhere.safetensors: cannot be read; expected a weights file"
        );
    }

    #[test]
    fn the_same_name_is_for_seeds_of_one_recipe() {
        let header = |pair: &str, recipe: &str, seed| Header {
            format: 1,
            roll: (64, 84, 24),
            family: FamilyHeader::CycleGan(CycleGanHeader {
                pair: pair.into(),
                generator: GeneratorConfig::new(1, 1, 2.0),
                threshold: [0.5, 0.5],
            }),
            recipe: recipe.into(),
            steps: 3,
            seed,
            data: "none".into(),
            commit: "none".into(),
            scores: BTreeMap::new(),
        };
        let first = header("jazz-classic", "ours", 1);
        let check = |name, second: &Header| {
            let checked = check_seeds(&[("ours", &first), (name, second)]);
            checked.map_err(|error| error.to_string())
        };
        assert_eq!(check("ours", &header("jazz-classic", "ours", 2)), Ok(()));
        assert_eq!(check("ours", &header("jazz-pop", "ours", 1)), Ok(()));
        assert_eq!(check("more", &header("jazz-classic", "ours", 1)), Ok(()));
        insta::assert_snapshot!(
            check("ours", &header("jazz-classic", "ours", 1)).unwrap_err(),
            @r#"two weights for jazz-classic named "ours" are of the same seed; files with the same name are measured as seeds of one recipe, so name these apart, as in --weights other=FILE"#
        );
        let other = check("ours", &header("jazz-classic", "paper/base", 2)).unwrap_err();
        assert!(other.contains("of different recipes or sizes"), "{other}");
    }
}
