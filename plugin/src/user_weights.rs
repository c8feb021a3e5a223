//! The user's weights and styles in the plugin: names for project and editor, numbers for audio
//! thread and worker.
//!
//! A number stands for one file with one time stamp and size. Choosing a file that has changed
//! since, or was missing, gives a new number, also when a project is opened, and the worker reads
//! it again.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use nice_plug::params::persist::PersistentField;
use parking_lot::Mutex;
use third_stream_model::genre::{Direction, Pair};
use third_stream_model::transfer::LearnedStyle;
use third_stream_model::user_weights::{self, UserWeightsError};
use third_stream_model::weights::WeightsError;

use crate::changes::Changes;
use crate::link::WeightsId;

/// A user's file when it was chosen.
#[derive(Debug, PartialEq)]
struct File {
    folder: PathBuf,
    name: String,
    /// Its time stamp and size; `None` if it was missing.
    stamp: Option<(SystemTime, u64)>,
}

/// Files in use by any instance, by number. Locked by main threads, editors and worker.
static KNOWN: Mutex<BTreeMap<NonZeroU32, Weak<File>>> = Mutex::new(BTreeMap::new());

/// The last number given out; numbers are not reused.
static LATEST: AtomicU32 = AtomicU32::new(0);

impl File {
    fn now(folder: &Path, name: &str) -> Self {
        let metadata = user_weights::path(folder, name)
            .ok()
            .and_then(|file| file.metadata().ok());
        Self {
            folder: folder.to_owned(),
            name: name.to_owned(),
            stamp: metadata.and_then(|found| Some((found.modified().ok()?, found.len()))),
        }
    }

    /// The file with its number: an equal one in use, or this with a new number.
    fn numbered(self) -> Option<(NonZeroU32, Arc<Self>)> {
        let mut known = KNOWN.lock();
        let mut there = known
            .iter()
            .filter_map(|(number, file)| Some((*number, file.upgrade()?)));
        let same = there.find(|(_, file)| **file == self);
        drop(there);
        if same.is_some() {
            return same;
        }
        let number = NonZeroU32::new(LATEST.fetch_add(1, Ordering::Relaxed).wrapping_add(1))?;
        let file = Arc::new(self);
        known.insert(number, Arc::downgrade(&file));
        Some((number, file))
    }
}

/// Removes files that no instance uses.
fn forget() {
    KNOWN.lock().retain(|_, file| file.strong_count() > 0);
}

fn known(number: NonZeroU32) -> Option<Arc<File>> {
    KNOWN.lock().get(&number)?.upgrade()
}

/// Reads weights for `pair`. Worker.
pub(crate) fn read(number: NonZeroU32, pair: Pair) -> Result<Cow<'static, [u8]>, UserWeightsError> {
    // If nobody uses the file, nobody waits for the answer.
    let file = known(number).ok_or_else(|| UserWeightsError::Name(String::new()))?;
    user_weights::read(&file.folder, &file.name, pair)
}

/// Reads a user style. Worker.
pub(crate) fn read_style(number: NonZeroU32) -> Result<LearnedStyle, UserWeightsError> {
    let file = known(number).ok_or_else(|| UserWeightsError::Name(String::new()))?;
    user_weights::style(&file.folder, &file.name)
}

/// The error for weights or a style that were read and cannot be used.
pub(crate) fn refused(number: NonZeroU32, error: WeightsError) -> UserWeightsError {
    let file = known(number).map(|file| user_weights::path(&file.folder, &file.name));
    match file.unwrap_or_else(|| Err(UserWeightsError::Name(String::new()))) {
        Ok(file) => UserWeightsError::Refused(file, error),
        Err(error) => error,
    }
}

/// Chosen files, each at a place.
#[derive(Debug)]
struct Choices<const N: usize> {
    /// Numbers of the files; 0 for none.
    numbers: [AtomicU32; N],
    /// The files of these numbers. Never locked by the audio thread.
    files: Mutex<[Option<Arc<File>>; N]>,
}

impl<const N: usize> Default for Choices<N> {
    fn default() -> Self {
        Self {
            numbers: [const { AtomicU32::new(0) }; N],
            files: Mutex::new([const { None }; N]),
        }
    }
}

impl<const N: usize> Choices<N> {
    /// Audio thread.
    fn number(&self, place: usize) -> Option<NonZeroU32> {
        NonZeroU32::new(self.numbers[place].load(Ordering::Acquire))
    }

    fn name(&self, place: usize) -> Option<String> {
        Some(self.files.lock()[place].as_ref()?.name.clone())
    }

    fn choose(&self, place: usize, file: Option<(&Path, &str)>) {
        let file = file.and_then(|(folder, name)| File::now(folder, name).numbered());
        let (number, file) = file.unzip();
        let before = std::mem::replace(&mut self.files.lock()[place], file);
        self.numbers[place].store(number.map_or(0, NonZeroU32::get), Ordering::Release);
        drop(before);
        forget();
    }
}

/// The user weights of one instance, for each pair; without any, the plugin's. The project saves
/// their names, also if a file is missing, because it may come back.
#[derive(Debug, Default)]
pub(crate) struct ChosenWeights {
    /// Weights in the order of [`Pair::ALL`].
    weights: Choices<{ Pair::ALL.len() }>,
    /// Styles at the knob's ends, by direction.
    styles: Choices<2>,
    /// Incremented by each choice.
    changes: Changes,
}

impl ChosenWeights {
    /// Nothing chosen; `changes` counts each choice.
    pub(crate) fn new(changes: Changes) -> Self {
        Self {
            weights: Choices::default(),
            styles: Choices::default(),
            changes,
        }
    }

    /// The networks for `pair`. Audio thread.
    pub(crate) fn weights(&self, pair: Pair) -> WeightsId {
        WeightsId {
            pair,
            own: place(pair).and_then(|place| self.weights.number(place)),
            styles: [0, 1].map(|direction| self.styles.number(direction)),
        }
    }

    /// Leads `direction` to the style of that name in `folder`, or to the pair's genre, from the
    /// next request on. Not for the audio thread.
    pub(crate) fn choose_style(&self, direction: Direction, style: Option<(&Path, &str)>) {
        self.styles.choose(direction.index(), style);
        self.changes.add();
    }

    /// Name of the user style of `direction`, if any. Not for the audio thread.
    pub(crate) fn style(&self, direction: Direction) -> Option<String> {
        self.styles.name(direction.index())
    }

    /// Plays `pair` with the weights of that name in `folder`, or with the plugin's, from the next
    /// request on. Not for the audio thread.
    pub(crate) fn choose(&self, pair: Pair, own: Option<(&Path, &str)>) {
        if let Some(place) = place(pair) {
            self.weights.choose(place, own);
            self.changes.add();
        }
    }

    /// Name of the user weights for `pair`, if any. Not for the audio thread.
    pub(crate) fn name(&self, pair: Pair) -> Option<String> {
        self.weights.name(place(pair)?)
    }

    fn load(&self, saved: &Saved, folder: &Path) {
        for pair in Pair::ALL {
            let name = saved.get(&pair.to_string());
            self.choose(pair, name.map(|name| (folder, name.as_str())));
        }
        for direction in Direction::BOTH {
            let name = saved.get(end(direction));
            self.choose_style(direction, name.map(|name| (folder, name.as_str())));
        }
    }
}

impl Drop for ChosenWeights {
    fn drop(&mut self) {
        *self.weights.files.lock() = Default::default();
        *self.styles.files.lock() = Default::default();
        forget();
    }
}

fn place(pair: Pair) -> Option<usize> {
    Pair::ALL.iter().position(|known| *known == pair)
}

/// The knob's end of a direction, as it is saved.
const fn end(direction: Direction) -> &'static str {
    match direction {
        Direction::AToB => "right",
        Direction::BToA => "left",
    }
}

/// Names by pair, and names of styles by the knob's end, as `{"jazz-classic": "my weights", "left":
/// "My band"}`.
type Saved = BTreeMap<String, String>;

impl PersistentField<'_, Saved> for ChosenWeights {
    fn set(&self, saved: Saved) {
        // Without a folder the names stay, and requests for them report why they fail.
        self.load(&saved, &user_weights::folder().unwrap_or_default());
    }

    fn map<F, R>(&self, read: F) -> R
    where
        F: Fn(&Saved) -> R,
    {
        let named = |pair: Pair| Some((pair.to_string(), self.name(pair)?));
        let style = |direction| Some((end(direction).to_owned(), self.style(direction)?));
        let styles = Direction::BOTH.into_iter().filter_map(style);
        read(
            &Pair::ALL
                .into_iter()
                .filter_map(named)
                .chain(styles)
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use third_stream_model::shipped;
    use third_stream_model::weights::relabelled;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("from");
        std::fs::write(&from, shipped::cyclegan()).unwrap();
        user_weights::keep(folder.path(), "mine", &from).unwrap();
        folder
    }

    #[test]
    fn a_choice_is_for_its_pair_and_is_saved_by_name() {
        let folder = folder();
        let chosen = ChosenWeights::default();
        let before = chosen.changes.count_now();
        chosen.choose(Pair::JAZZ_CLASSIC, Some((folder.path(), "mine")));
        assert_ne!(chosen.changes.count_now(), before);
        let weights = chosen.weights(Pair::JAZZ_CLASSIC);
        let bytes = read(weights.own.unwrap(), Pair::JAZZ_CLASSIC).unwrap();
        assert_eq!(bytes, shipped::cyclegan());
        assert_eq!(
            chosen.weights(Pair::JAZZ_POP),
            WeightsId::shipped(Pair::JAZZ_POP)
        );

        let saved = chosen.map(Clone::clone);
        assert_eq!(
            serde_json::to_string(&saved).unwrap(),
            r#"{"jazz-classic":"mine"}"#
        );
        let again = ChosenWeights::default();
        again.choose(Pair::JAZZ_POP, Some((folder.path(), "other")));
        again.load(&saved, folder.path());
        for pair in Pair::ALL {
            assert_eq!(again.weights(pair), chosen.weights(pair));
        }
        again.choose(Pair::JAZZ_CLASSIC, None);
        assert!(again.map(Saved::is_empty));
    }

    #[test]
    fn a_style_is_chosen_for_an_end_of_the_knob_and_saved_by_name() {
        let folder = folder();
        let chosen = ChosenWeights::default();
        chosen.choose_style(Direction::BToA, Some((folder.path(), "Rags")));
        let weights = chosen.weights(Pair::JAZZ_POP);
        let style = weights.style(Direction::BToA).unwrap();
        assert_eq!((weights.own, weights.style(Direction::AToB)), (None, None));
        let said = read_style(style).unwrap_err().to_string();
        assert!(
            said.contains("Rags.safetensors: there are no such"),
            "{said}"
        );
        let saved = chosen.map(Clone::clone);
        assert_eq!(serde_json::to_string(&saved).unwrap(), r#"{"left":"Rags"}"#);

        let again = ChosenWeights::default();
        again.choose_style(Direction::AToB, Some((folder.path(), "other")));
        again.load(&saved, folder.path());
        assert_eq!(again.weights(Pair::JAZZ_POP), weights);
        assert_eq!(again.style(Direction::AToB), None);
        // A project without styles.
        again.load(&Saved::new(), folder.path());
        assert_eq!(
            again.weights(Pair::JAZZ_POP),
            WeightsId::shipped(Pair::JAZZ_POP)
        );
    }

    #[test]
    fn what_is_not_there_keeps_its_name_and_is_found_when_it_comes_back() {
        let folder = folder();
        let chosen = ChosenWeights::default();
        let saved = Saved::from([("classic-pop".into(), "later".into())]);
        chosen.load(&saved, folder.path());
        let missing = chosen.weights(Pair::CLASSIC_POP).own.unwrap();
        let said = read(missing, Pair::CLASSIC_POP).unwrap_err().to_string();
        assert!(
            said.contains("later.safetensors: there are no such weights"),
            "{said}"
        );
        assert_eq!(chosen.map(Clone::clone), saved);

        let from = folder.path().join("from");
        let bytes = relabelled(shipped::cyclegan(), Pair::CLASSIC_POP).unwrap();
        std::fs::write(&from, bytes).unwrap();
        user_weights::keep(folder.path(), "later", &from).unwrap();
        chosen.load(&saved, folder.path());
        let there = chosen.weights(Pair::CLASSIC_POP).own.unwrap();
        assert_ne!(there, missing);
        assert!(read(there, Pair::CLASSIC_POP).is_ok());
        assert!(
            read(there, Pair::JAZZ_POP).is_err(),
            "they are for another pair"
        );
    }

    #[test]
    fn a_file_that_has_changed_has_another_number() {
        let folder = folder();
        let chosen = ChosenWeights::default();
        let now = || {
            chosen.choose(Pair::JAZZ_CLASSIC, Some((folder.path(), "mine")));
            chosen.weights(Pair::JAZZ_CLASSIC).own.unwrap()
        };
        let before = now();
        assert_eq!(now(), before);
        let file = user_weights::path(folder.path(), "mine").unwrap();
        std::fs::write(file, b"cut").unwrap();
        let after = now();
        assert_ne!(after, before);
        assert!(known(before).is_none() && known(after).is_some());
        drop(chosen);
        assert!(known(after).is_none(), "what nobody has is forgotten");
    }
}
