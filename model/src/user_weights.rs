//! Weights of the user's own: files in one folder, which the plugin lists and
//! `cargo xtask adopt` puts there.
//!
//! Styles that were learned from the user's music (`cargo xtask learn-style`) lie in the same
//! folder. The CycleGAN that comes with the plugin ([`shipped::CYCLEGAN`]) is listed and read like
//! them.
//!
//! A file's name without its ending is the name of its weights. A file that cannot be used is named
//! and left where it is: nothing here removes one. Not for the audio thread.

use std::borrow::Cow;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::files::write_whole;
use crate::genre::Pair;
use crate::shipped;
use crate::transfer::{self, LearnedStyle};
use crate::weights::{Header, MOST_BYTES, WeightsError};

/// The ending of weights' files.
const EXTENSION: &str = "safetensors";
/// Bytes of a style's file, at most: the numbers of the largest network, and a long list of files.
const MOST_OF_A_STYLE: u64 = 4 << 20;
/// Characters of a name, at most.
pub const LONGEST_NAME: usize = 60;

/// Weights that are in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserWeights {
    /// As the user named them.
    pub name: String,
    /// The genre pair that they were trained for.
    pub pair: Pair,
}

/// The genre pairs that weights can play between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairs(pub Vec<Pair>);

impl fmt::Display for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.0.iter().map(Pair::to_string).collect();
        f.write_str(&names.join(", "))
    }
}

/// Why weights of the user's own cannot be used or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserWeightsError {
    /// The file is gone.
    #[error(
        "{0}: there are no such weights here; expected a file that `cargo xtask adopt` wrote: put \
         it back, or choose other weights"
    )]
    Missing(PathBuf),
    /// There is no file to be kept.
    #[error("{0}: no such file; expected a weights file, such as a run's best.safetensors")]
    NoFile(PathBuf),
    /// The file is no weights file of this version.
    #[error("{0}: {1}")]
    Refused(PathBuf, WeightsError),
    /// There is something else of that name.
    #[error(
        "{0}: there are weights of that name, not a style; expected a free name, or a style's to \
         take its place: choose another name, or move the file"
    )]
    Taken(PathBuf),
    /// The name is [`shipped::CYCLEGAN`].
    #[error(
        "{0}: the plugin's own CycleGAN has that name; expected another one: choose another name, \
         or rename the file"
    )]
    Reserved(PathBuf),
    /// The file is for other genres.
    #[error(
        "{path}: these weights are for {found}, expected {expected}; choose them with that pair"
    )]
    Pair {
        /// The file.
        path: PathBuf,
        /// The genre pairs it was trained for.
        found: Pairs,
        /// The genre pair that was asked for.
        expected: Pair,
    },
    /// The name is no file's.
    #[error(
        "{0:?} cannot name weights: expected 1 to {LONGEST_NAME} letters, digits, spaces and \
         - _ . ( ), the first a letter or digit; choose another name"
    )]
    Name(String),
    /// The system names no folder for the user's data.
    #[error(
        "there is no folder for weights: the system names none for the user's data; set HOME, or \
         XDG_DATA_HOME"
    )]
    NoFolder,
    /// The file system refused.
    #[error("{0}: {1}; see to its permissions and to room on the disk")]
    Io(PathBuf, io::Error),
}

/// Where the user's weights are: `Third Stream/Weights` in the folder that the system names for
/// the user's data.
///
/// # Errors
/// The system names no folder for a program's data.
pub fn folder() -> Result<PathBuf, UserWeightsError> {
    let data = dirs::data_dir().ok_or(UserWeightsError::NoFolder)?;
    Ok(data.join("Third Stream").join("Weights"))
}

/// The plugin's CycleGAN, the weights in `folder`, by name, and what cannot be used. A folder that
/// is not there has none.
pub fn list(folder: &Path) -> (Vec<UserWeights>, Vec<UserWeightsError>) {
    let (mut own, mut refused) = (Vec::new(), Vec::new());
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        let is_weights = path.extension().is_some_and(|e| e == EXTENSION);
        let name = path.file_stem().and_then(|stem| stem.to_str());
        let Some(name) = name.filter(|name| is_weights && is_name(name)) else {
            continue;
        };
        match pairs(&path) {
            Ok(_) if name == shipped::CYCLEGAN => refused.push(UserWeightsError::Reserved(path)),
            Ok(pairs) => own.extend(pairs.into_iter().map(|pair| UserWeights {
                name: name.to_owned(),
                pair,
            })),
            Err(error) => refused.push(error),
        }
    }
    own.sort_by_cached_key(|own: &UserWeights| own.name.to_lowercase());
    own.insert(
        0,
        UserWeights {
            name: shipped::CYCLEGAN.into(),
            pair: Pair::JAZZ_CLASSIC,
        },
    );
    refused.sort_by_cached_key(ToString::to_string);
    (own, refused)
}

/// The names of the styles in `folder`. What cannot be used is named by [`list`].
pub fn styles(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let style = |path: &Path| {
        let name = path.file_stem()?.to_str()?;
        let is_ours = path.extension()? == EXTENSION && is_name(name);
        (is_ours && is_style(path)).then(|| name.to_owned())
    };
    let mut names: Vec<String> = entries.filter_map(|entry| style(&entry.path())).collect();
    names.sort_by_cached_key(|name| name.to_lowercase());
    names
}

/// The style of that name.
///
/// # Errors
/// There is no such style, or its file cannot be used.
pub fn style(folder: &Path, name: &str) -> Result<LearnedStyle, UserWeightsError> {
    let path = path(folder, name)?;
    style_at(&path)
}

/// The style in this file, wherever it lies.
///
/// # Errors
/// The file cannot be read, or is no style.
pub fn style_at(path: &Path) -> Result<LearnedStyle, UserWeightsError> {
    let style = LearnedStyle::from_bytes(&bytes(path)?);
    style.map_err(|error| UserWeightsError::Refused(path.to_owned(), error))
}

/// Keeps a style's file under that name, in place of a style of the same name; where it is now.
///
/// # Errors
/// The name is taken or no file's, or the file cannot be written.
pub fn keep_style(folder: &Path, name: &str, style: &[u8]) -> Result<PathBuf, UserWeightsError> {
    let to = free_path(folder, name)?;
    if to.exists() && !is_style(&to) {
        return Err(UserWeightsError::Taken(to));
    }
    fs::create_dir_all(folder).map_err(|error| UserWeightsError::Io(folder.to_owned(), error))?;
    write_whole(&to, style).map_err(|error| UserWeightsError::Io(to.clone(), error))?;
    Ok(to)
}

fn is_style(path: &Path) -> bool {
    // Networks are larger, and need not be read.
    let is_small = path
        .metadata()
        .is_ok_and(|found| found.len() <= MOST_OF_A_STYLE);
    let bytes = || bytes(path).unwrap_or_default();
    is_small && Header::read(&bytes()).is_ok_and(|header| header.style().is_ok())
}

/// The file of the weights of that name.
///
/// # Errors
/// The name is no file's.
pub fn path(folder: &Path, name: &str) -> Result<PathBuf, UserWeightsError> {
    // A name comes from a project, and a project from anywhere.
    if !is_name(name) {
        return Err(UserWeightsError::Name(name.to_owned()));
    }
    Ok(folder.join(format!("{name}.{EXTENSION}")))
}

/// The file for weights or a style that are to be kept under that name.
///
/// # Errors
/// The name is no file's, or that of the plugin's CycleGAN.
pub fn free_path(folder: &Path, name: &str) -> Result<PathBuf, UserWeightsError> {
    let path = path(folder, name)?;
    if name == shipped::CYCLEGAN {
        return Err(UserWeightsError::Reserved(path));
    }
    Ok(path)
}

/// The bytes of the weights of that name, whose header says that they are for `pair`.
///
/// # Errors
/// The file is missing, cannot be read, or is for other genres.
pub fn read(folder: &Path, name: &str, pair: Pair) -> Result<Cow<'static, [u8]>, UserWeightsError> {
    let path = path(folder, name)?;
    let bytes = match name {
        shipped::CYCLEGAN => Cow::Borrowed(shipped::cyclegan()),
        _ => Cow::Owned(bytes(&path)?),
    };
    let found = pairs_of(&path, &bytes)?;
    if !found.contains(&pair) {
        let (found, expected) = (Pairs(found), pair);
        return Err(UserWeightsError::Pair {
            path,
            found,
            expected,
        });
    }
    Ok(bytes)
}

/// Makes sure that the weights of that name can be used for `pair`: reads all of them.
///
/// # Errors
/// The file is missing, cannot be read, or is for other genres.
pub fn check(folder: &Path, name: &str, pair: Pair) -> Result<(), UserWeightsError> {
    let path = path(folder, name)?;
    let bytes = read(folder, name, pair)?;
    let checked = transfer::check(&bytes);
    checked
        .map(drop)
        .map_err(|error| UserWeightsError::Refused(path, error))
}

/// Keeps the weights file `from` under that name, in place of one of the same name; where it is
/// now, and for which pairs. A file that cannot be used is refused, and nothing changes.
///
/// # Errors
/// The file is no weights file of this version, the name is taken or no file's, or the file cannot
/// be written.
pub fn keep(folder: &Path, name: &str, from: &Path) -> Result<(PathBuf, Pairs), UserWeightsError> {
    let to = free_path(folder, name)?;
    let bytes = bytes(from).map_err(|error| match error {
        UserWeightsError::Missing(from) => UserWeightsError::NoFile(from),
        error => error,
    })?;
    let refused = |error| UserWeightsError::Refused(from.to_owned(), error);
    let header = transfer::check(&bytes).map_err(refused)?;
    fs::create_dir_all(folder).map_err(|error| UserWeightsError::Io(folder.to_owned(), error))?;
    write_whole(&to, &bytes).map_err(|error| UserWeightsError::Io(to.clone(), error))?;
    Ok((to, Pairs(header.pairs())))
}

/// True if every file system takes `name`, and no path hides in it.
fn is_name(name: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || " -_.()".contains(c);
    name.chars().count() <= LONGEST_NAME
        && name.starts_with(char::is_alphanumeric)
        && name.chars().all(inside)
}

fn pairs(path: &Path) -> Result<Vec<Pair>, UserWeightsError> {
    pairs_of(path, &bytes(path)?)
}

fn pairs_of(path: &Path, bytes: &[u8]) -> Result<Vec<Pair>, UserWeightsError> {
    let header = Header::read(bytes).map(|header| header.pairs());
    header.map_err(|error| UserWeightsError::Refused(path.to_owned(), error))
}

/// A file's bytes, and of one that is too long one more than can be used.
fn bytes(path: &Path) -> Result<Vec<u8>, UserWeightsError> {
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(UserWeightsError::Missing(path.to_owned()))
        }
        Err(error) => Err(UserWeightsError::Io(path.to_owned(), error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::relabelled;

    fn folder_with(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        folder
    }

    #[test]
    fn the_folder_is_listed_by_name_and_what_cannot_be_used_is_named() {
        let jazz_pop = &relabelled(shipped::cyclegan(), Pair::JAZZ_POP).unwrap();
        let folder = folder_with(&[
            ("zebra.safetensors", jazz_pop),
            ("Alpha.safetensors", shipped::cyclegan()),
            ("CycleGAN (2018).safetensors", jazz_pop),
            ("cut.safetensors", &jazz_pop[..1000]),
            ("half.safetensors.part", jazz_pop),
            ("notes.txt", b"no weights"),
        ]);
        let (own, refused) = list(folder.path());
        let own: Vec<_> = own
            .iter()
            .map(|own| (own.name.as_str(), own.pair))
            .collect();
        assert_eq!(
            own,
            [
                ("CycleGAN (2018)", Pair::JAZZ_CLASSIC),
                ("Alpha", Pair::JAZZ_CLASSIC),
                ("zebra", Pair::JAZZ_POP)
            ]
        );
        let refused: Vec<_> = refused.iter().map(ToString::to_string).collect();
        assert_eq!(refused.len(), 2);
        assert!(refused[0].contains("(2018).safetensors: the plugin's own CycleGAN has that name"));
        assert!(refused[1].contains("cut.safetensors: not a whole safetensors file"));
        let (own, refused) = list(&folder.path().join("not there"));
        assert_eq!((own.len(), refused.len()), (1, 0));
    }

    #[test]
    fn the_plugin_s_cyclegan_needs_no_file_and_its_name_is_taken() {
        let nowhere = Path::new("");
        check(nowhere, shipped::CYCLEGAN, Pair::JAZZ_CLASSIC).unwrap();
        let said = check(nowhere, shipped::CYCLEGAN, Pair::JAZZ_POP).unwrap_err();
        assert!(matches!(said, UserWeightsError::Pair { .. }), "{said}");
        let folder = folder_with(&[("from", shipped::cyclegan())]);
        let from = folder.path().join("from");
        let said = keep(folder.path(), shipped::CYCLEGAN, &from).unwrap_err();
        assert!(matches!(said, UserWeightsError::Reserved(_)), "{said}");
        let said = keep_style(folder.path(), shipped::CYCLEGAN, b"").unwrap_err();
        assert!(matches!(said, UserWeightsError::Reserved(_)), "{said}");
    }

    #[test]
    fn what_is_kept_is_read_again_and_what_cannot_be_used_changes_nothing() {
        let (one, two) = (
            shipped::cyclegan(),
            &relabelled(shipped::cyclegan(), Pair::CLASSIC_POP).unwrap()[..],
        );
        let from = folder_with(&[("best.safetensors", one), ("other.safetensors", two)]);
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("Third Stream").join("Weights");
        let best = from.path().join("best.safetensors");
        let (path, pairs) = keep(&folder, "my band", &best).unwrap();
        let pair = Pair::JAZZ_CLASSIC;
        assert_eq!(pairs, Pairs(vec![pair]));
        assert_eq!(fs::read(&path).unwrap(), one);
        check(&folder, "my band", pair).unwrap();
        assert_eq!(read(&folder, "my band", pair).unwrap(), one);

        fs::write(&best, &one[..one.len() - 1]).unwrap();
        let said = keep(&folder, "my band", &best).unwrap_err().to_string();
        assert!(said.contains("best.safetensors: not a whole"), "{said}");
        assert_eq!(read(&folder, "my band", pair).unwrap(), one);

        keep(&folder, "my band", &from.path().join("other.safetensors")).unwrap();
        let said = read(&folder, "my band", pair).unwrap_err().to_string();
        assert!(
            said.contains("are for classic-pop, expected jazz-classic"),
            "{said}"
        );
        let none = fs::read_dir(&folder).unwrap().flatten().count();
        assert_eq!(none, 1, "nothing is left beside it");
    }

    #[test]
    fn styles_lie_beside_weights_and_take_the_place_of_no_others() {
        let style = crate::transfer::tests::style("Rags", shipped::arranger());
        let folder = folder_with(&[("net.safetensors", shipped::cyclegan())]);
        let folder = folder.path();
        let path = keep_style(folder, "Rags", &style).unwrap();
        keep_style(folder, "Rags", &style).unwrap();
        assert_eq!(fs::read(path).unwrap(), style);
        assert_eq!(styles(folder), ["Rags"]);
        let (own, refused) = list(folder);
        assert_eq!((own.len(), refused.len()), (2, 0));
        assert_eq!(super::style(folder, "Rags").unwrap().about().name, "Rags");
        let taken = keep_style(folder, "net", &style).unwrap_err();
        assert!(matches!(taken, UserWeightsError::Taken(_)), "{taken}");
        let gone = super::style(folder, "gone").unwrap_err();
        assert!(matches!(gone, UserWeightsError::Missing(_)), "{gone}");
        let other = super::style(folder, "net").unwrap_err().to_string();
        assert!(
            other.contains("the family is CycleGAN, expected style"),
            "{other}"
        );
    }

    #[test]
    fn weights_that_are_gone_or_cut_are_refused_with_a_reason() {
        let whole = shipped::cyclegan();
        let folder = folder_with(&[("cut.safetensors", &whole[..whole.len() / 2])]);
        let said = |name| check(folder.path(), name, Pair::JAZZ_CLASSIC).unwrap_err();
        assert!(matches!(said("gone"), UserWeightsError::Missing(_)));
        assert!(matches!(said("cut"), UserWeightsError::Refused(..)));
        for name in ["", "../cut", "/cut", "a/b", "a\\b", "c:cut", ".cut", "a\0b"] {
            assert!(matches!(said(name), UserWeightsError::Name(_)), "{name:?}");
        }
        assert!(matches!(said(&"x".repeat(61)), UserWeightsError::Name(_)));
    }
}
