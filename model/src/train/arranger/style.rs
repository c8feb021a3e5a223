//! A style of the user's own: the numbers that one more genre has in the norms of an arranger,
//! learned from a handful of MIDI files; the network stays as it is.
//!
//! | module | what it is |
//! |---|---|
//! | [`lesson`] | the numbers, and one step of learning them |
//! | [`music`] | the user's files: what is learned from, what is kept back |

pub mod lesson;
pub mod music;

use crate::data::rolls::evenly_spaced;
use crate::family::arranger::palette::{ENTRIES, Palette};
use crate::genre::Genre;
use crate::train::run::AnyError;
use crate::weights::{self, FamilyHeader, Header, Style};

use lesson::StyleFit;
use music::Music;

/// The steps of a lesson, unless others are asked for: about a minute of one core for the network
/// that is trained by default.
pub const STEPS_OF_A_LESSON: u64 = 160;

/// Name and source of a style, for its header.
#[derive(Clone, Debug)]
pub struct About {
    /// The style's name.
    pub name: String,
    /// The seed of what is drawn.
    pub seed: u64,
    /// The commit of the code that learns.
    pub commit: String,
}

/// The loss on the pieces that were kept back, everything but tune and harmony hidden.
#[derive(Clone, Debug, PartialEq)]
pub struct StyleScores {
    /// Loss with the style of each genre that the network knows.
    pub genres: Vec<(Genre, f32)>,
    /// Loss with the learned style.
    pub style: f32,
}

impl StyleScores {
    /// The genre that is best there.
    pub fn best(&self) -> (Genre, f32) {
        let known = self.genres.iter().copied();
        let best = known.min_by(|(_, a), (_, b)| a.total_cmp(b));
        best.unwrap_or((Genre::Jazz, f32::NAN))
    }

    /// By which share the style is better than the best genre.
    pub fn gain(&self) -> f32 {
        1.0 - self.style / self.best().1
    }
}

/// Measures a lesson that is over. The file's bytes and the scores.
///
/// # Errors
/// If the network fails.
pub fn finish(
    lesson: &StyleFit<'_>,
    music: &Music,
    base: &[u8],
    about: &About,
) -> Result<(Vec<u8>, StyleScores), AnyError> {
    let mut header = Header {
        recipe: "learn-style".into(),
        steps: lesson.taken(),
        seed: about.seed,
        data: music.hash.clone(),
        commit: about.commit.clone(),
        ..Header::new(FamilyHeader::Style(Style {
            name: about.name.clone(),
            base: weights::sha256(base),
            network: lesson.shape(),
            near: lesson.near().to_string(),
            swings: music.swings(),
            files: music.files.clone(),
            kept_back: music.kept_files.clone(),
            phrases: music.learned.len(),
        }))
    };
    // What is measured is what is written: numbers of 16 bits.
    let entries = evenly_spaced(music.learned.len(), ENTRIES);
    let palette = Palette::of(entries.iter().map(|place| &music.learned[*place]));
    let rounded = weights::write_style(&header, &lesson.columns()?, &palette)?;
    let (_, columns, palette) = weights::read_style(&rounded)?;
    let scores = StyleScores {
        genres: lesson.losses_of_genres(&music.kept_back)?,
        style: lesson.loss_of(&columns, &music.kept_back)?,
    };
    let named = |(genre, loss): &(Genre, f32)| (format!("loss {genre}"), f64::from(*loss));
    header.scores.extend(scores.genres.iter().map(named));
    header.scores.insert("loss".into(), f64::from(scores.style));
    Ok((weights::write_style(&header, &columns, &palette)?, scores))
}

#[cfg(test)]
mod tests;
