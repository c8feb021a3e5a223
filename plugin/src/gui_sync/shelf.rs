//! The user's weights and styles, as the editor lists and chooses them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use third_stream_model::genre::{Direction, Pair};
use third_stream_model::shipped;
use third_stream_model::user_weights::{self, UserWeights, UserWeightsError};

use crate::editor::Notice;
use crate::user_weights::ChosenWeights;

/// The user's folder and its content when it was last read.
pub(crate) struct Shelf {
    folder: Result<PathBuf, UserWeightsError>,
    list: Arc<[UserWeights]>,
    styles: Arc<[String]>,
}

impl Shelf {
    /// Reads no file.
    pub(crate) fn new(folder: Result<PathBuf, UserWeightsError>) -> Self {
        Self {
            folder,
            list: Arc::default(),
            styles: Arc::default(),
        }
    }

    /// Names of the user styles.
    pub(crate) fn styles(&self) -> Arc<[String]> {
        Arc::clone(&self.styles)
    }

    /// Leads `direction` to the user style of that name, or to the pair's genre. A style that
    /// cannot be read is refused and changes nothing.
    pub(crate) fn choose_style(
        &self,
        chosen: &ChosenWeights,
        direction: Direction,
        name: Option<&str>,
    ) -> Result<(), Notice> {
        let check = |folder: &Path, name: &str| user_weights::style(folder, name).map(drop);
        chosen.choose_style(direction, self.checked(name, check)?);
        Ok(())
    }

    /// The folder with the name, once it is `check`ed; `None` without a name.
    fn checked<'a>(
        &'a self,
        name: Option<&'a str>,
        check: impl Fn(&Path, &str) -> Result<(), UserWeightsError>,
    ) -> Result<Option<(&'a Path, &'a str)>, Notice> {
        let warning = |error: &UserWeightsError| Notice::Warning(error.to_string());
        let Some(name) = name else { return Ok(None) };
        let folder = match &self.folder {
            Ok(folder) => folder,
            // The plugin's own lie in no folder.
            Err(_) if name == shipped::CYCLEGAN => Path::new(""),
            Err(error) => return Err(warning(error)),
        };
        check(folder, name).map_err(|error| warning(&error))?;
        Ok(Some((folder, name)))
    }

    /// The plugin's CycleGAN and the user weights.
    pub(crate) fn list(&self) -> Arc<[UserWeights]> {
        Arc::clone(&self.list)
    }

    /// Rereads the folder; returns a message about files that cannot be used. Without a folder there
    /// are the plugin's own alone.
    pub(crate) fn read(&mut self) -> Option<Notice> {
        let folder = self.folder.as_deref().unwrap_or(Path::new(""));
        let (list, refused) = user_weights::list(folder);
        self.list = list.into();
        self.styles = user_weights::styles(folder).into();
        refused
            .first()
            .map(|error| Notice::Warning(error.to_string()))
    }

    /// Plays `pair` with the user weights of that name, or with the plugin's. Weights that cannot
    /// be used are refused and change nothing.
    pub(crate) fn choose(
        &self,
        chosen: &ChosenWeights,
        pair: Pair,
        name: Option<&str>,
    ) -> Result<(), Notice> {
        let own = self.checked(name, |folder, name| user_weights::check(folder, name, pair))?;
        if own.is_some() || chosen.name(pair).is_some() {
            chosen.choose(pair, own);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plugin_s_cyclegan_is_listed_and_chosen_without_a_folder() {
        let mut shelf = Shelf::new(Err(UserWeightsError::NoFolder));
        assert_eq!(shelf.read(), None);
        let pair = Pair::JAZZ_CLASSIC;
        let all: Vec<_> = shelf.list().iter().map(|own| own.name.clone()).collect();
        assert_eq!(all, [shipped::CYCLEGAN]);
        let chosen = ChosenWeights::default();
        let choose = |pair, name| shelf.choose(&chosen, pair, Some(name));
        choose(pair, shipped::CYCLEGAN).unwrap();
        assert_eq!(chosen.name(pair).as_deref(), Some(shipped::CYCLEGAN));
        let number = chosen.weights(pair).own.unwrap();
        let bytes = crate::user_weights::read(number, pair).unwrap();
        assert_eq!(bytes, shipped::cyclegan());
        assert!(choose(Pair::JAZZ_POP, shipped::CYCLEGAN).is_err());
        assert!(choose(pair, "mine").is_err(), "there is no folder");
    }
}
