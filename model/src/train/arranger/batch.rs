//! Batches of the arranger: phrases of all genres with some of their notes hidden.
//!
//! The batch of a step is a pure function of the seed and the step, so that a run that goes on
//! after an interruption sees the same batches as one that was never stopped.

use std::io;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{disturb, masks};
use crate::data::batch::Batches;
use crate::data::weighted::{WeightedDraw, key_by_chance, random};
use crate::data::{Data, Split};
use crate::family::arranger::{Attributes, Canvas, Harmony, Palette, tune};
use crate::genre::Genre;
use crate::roll::Roll;
use crate::roll::notes::NoteRoll;
use crate::train::recipe::arranger::ArrangerSettings;

/// How many pitch classes a half bar's harmony has, each as likely as it is often here.
const CLASSES: [usize; 4] = [2, 3, 3, 4];

/// A phrase to learn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaskedPhrase {
    /// The network's input.
    pub canvas: Canvas,
    /// The whole phrase.
    pub target: NoteRoll,
    /// Its genre, where the network is told.
    pub genre: Option<Genre>,
    /// How far the tune has been disturbed, 0 to 1; the network is told.
    pub freedom: f32,
    /// The phrase's attributes, where the network is told.
    pub attributes: Attributes,
}

impl MaskedPhrase {
    /// Hides notes of `target` and disturbs its tune and harmony, by chance.
    pub fn draw(
        target: NoteRoll,
        genre: Genre,
        settings: &ArrangerSettings,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let freedom = match (rng.random::<f64>(), rng.random::<f32>()) {
            (chance, _) if chance < settings.true_tune => 0.0,
            (_, strength) => strength,
        };
        let tune = disturb::tune(&tune::tune(&target), freedom, rng);
        let classes = CLASSES[rng.random_range(0..CLASSES.len() as u32) as usize];
        let harmony = disturb::harmony(
            &settings.network.harmony.of(target.sounding(), classes),
            settings.harmony_dropped,
            settings.harmony_invented,
            rng,
        );
        let hidden = masks::mask(rng);
        let mut without = |chance: f64| rng.random::<f64>() < chance;
        let [no_tune, no_harmony, no_genre] =
            [settings.no_tune, settings.no_harmony, settings.no_genre].map(&mut without);
        let told = settings.network.attributes && !without(settings.no_attributes);
        let attributes = if told {
            Attributes::of(&target)
        } else {
            Attributes::UNTOLD
        };
        Self {
            canvas: Canvas {
                shown: shown(&target, &hidden),
                hidden,
                tune: if no_tune { NoteRoll::EMPTY } else { tune },
                harmony: if no_harmony {
                    Harmony::default()
                } else {
                    harmony
                },
            },
            target,
            genre: (!no_genre).then_some(genre),
            freedom,
            attributes,
        }
    }
}

/// The notes that begin in cells that are not hidden, whole.
fn shown(phrase: &NoteRoll, hidden: &Roll) -> NoteRoll {
    let open = |start: u8, row: u8| !hidden.get(usize::from(start), usize::from(row));
    let notes = phrase.notes().filter(|note| open(note.start, note.row));
    notes.collect()
}

/// A genre that is to be learned and has no music.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no training phrase of {0} with a weight above 0; name a corpus (--data) or a folder \
     (--genre {0}=DIR) that has some"
)]
pub struct NoTrainingPhrase(Genre);

/// Draws batches from the training phrases of a corpus.
#[derive(Clone, Debug)]
pub struct MaskedSampler<'d> {
    genres: Vec<(Genre, f64, WeightedDraw<'d>)>,
    settings: ArrangerSettings,
    seed: u64,
}

impl<'d> MaskedSampler<'d> {
    /// A sampler of `genres`, as often as the recipe says.
    ///
    /// # Errors
    /// A genre has no training phrase with a weight above 0.
    pub fn new(
        data: &'d Data,
        genres: &[Genre],
        settings: &ArrangerSettings,
        seed: u64,
    ) -> Result<Self, NoTrainingPhrase> {
        let weighted = |(&genre, share)| {
            let weighted = WeightedDraw::new(data.phrases(genre, Split::Train))
                .ok_or(NoTrainingPhrase(genre))?;
            Ok((genre, share, weighted))
        };
        let shares = settings.shares_of(genres);
        Ok(Self {
            genres: genres
                .iter()
                .zip(shares)
                .map(weighted)
                .collect::<Result<_, _>>()?,
            settings: *settings,
            seed,
        })
    }

    /// What phrases of each genre are like: `entries` of them, drawn as often as in training.
    ///
    /// # Errors
    /// If phrases cannot be read.
    pub fn palettes(&self, entries: usize) -> io::Result<Vec<(Genre, Palette)>> {
        let palette = |(genre, _, weighted): &(Genre, f64, WeightedDraw<'_>)| {
            let drawn = (0..entries as u64)
                .map(|entry| weighted.draw(&mut random(self.seed, entry, b"palette")));
            let phrases: Vec<NoteRoll> = drawn.collect::<io::Result<_>>()?;
            Ok((*genre, Palette::of(&phrases)))
        };
        self.genres.iter().map(palette).collect()
    }

    fn example(&self, rng: &mut ChaCha8Rng) -> io::Result<MaskedPhrase> {
        let sum: f64 = self.genres.iter().map(|(_, share, _)| share).sum();
        let mut left = rng.random::<f64>() * sum;
        let drawn = self.genres.iter().find(|(_, share, _)| {
            left -= share;
            left < 0.0
        });
        let Some((genre, _, weighted)) = drawn.or(self.genres.last()) else {
            return Err(io::Error::other("there is no genre to draw from"));
        };
        let phrase = weighted.draw(rng)?;
        let by = key_by_chance(phrase.sounding(), self.settings.transpose, rng);
        Ok(MaskedPhrase::draw(
            phrase.transpose(by),
            *genre,
            &self.settings,
            rng,
        ))
    }
}

impl Batches for MaskedSampler<'_> {
    type Batch = Vec<MaskedPhrase>;

    fn batch(&self, step: u64) -> io::Result<Vec<MaskedPhrase>> {
        let mut rng = random(self.seed, step, b"arranger");
        (0..self.settings.batch)
            .map(|_| self.example(&mut rng))
            .collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::data::Piece;
    use crate::roll::notes::GridNote;
    use crate::train::recipe::arranger::ArrangerRecipe;

    /// Twelve phrases of each genre: a line over chords, different in each.
    pub(in crate::train::arranger) fn data(genres: &[Genre]) -> Data {
        let phrase = |genre: Genre, number: u8| -> NoteRoll {
            let line = (0..16u8).map(|beat| GridNote {
                start: 4 * beat,
                row: 40 + (beat * (3 + number) + 5 * genre as u8) % 20,
                length: 2 + genre as u8,
            });
            let chords = (0..12u8).map(|note| GridNote {
                start: 16 * (note / 3),
                row: 15 + 4 * (note % 3) + number % 5,
                length: 12,
            });
            line.chain(chords).collect()
        };
        let piece = |genre: Genre, split: Split| Piece {
            file: format!("{split}.mid"),
            source: "here".into(),
            split,
            weight: 1.0,
            rolls: (0..12)
                .map(|number| phrase(genre, number))
                .collect::<Vec<_>>()
                .into(),
        };
        let pieces: BTreeMap<_, _> = genres
            .iter()
            .map(|&genre| (genre, Split::ALL.map(|split| piece(genre, split)).to_vec()))
            .collect();
        Data::of_pieces(pieces, Vec::new()).unwrap()
    }

    fn settings(batch: usize) -> ArrangerSettings {
        ArrangerSettings {
            batch,
            ..ArrangerRecipe::usual().settings
        }
    }

    #[test]
    fn a_batch_is_given_by_seed_and_step_alone() {
        let data = data(&Genre::ALL);
        let sampler = |seed| MaskedSampler::new(&data, &Genre::ALL, &settings(4), seed).unwrap();
        let (one, again) = (sampler(3), sampler(3));
        let forward: Vec<_> = (0..4).map(|step| one.batch(step).unwrap()).collect();
        let backward: Vec<_> = (0..4)
            .rev()
            .map(|step| again.batch(step).unwrap())
            .collect();
        assert!(forward.iter().eq(backward.iter().rev()));
        assert_ne!(forward[0], forward[1]);
        assert_ne!(forward[0], sampler(4).batch(0).unwrap());
    }

    #[test]
    fn what_is_told_and_shown_comes_in_the_recipe_s_shares() {
        const COUNT: usize = 4000;
        let data = data(&Genre::ALL);
        let sampler = MaskedSampler::new(&data, &Genre::ALL, &settings(COUNT), 1).unwrap();
        let batch = sampler.batch(0).unwrap();
        let share = |has: &dyn Fn(&MaskedPhrase) -> bool| {
            batch.iter().filter(|one| has(one)).count() as f64 / COUNT as f64
        };
        let shares = [
            (0.12, share(&|one| one.genre.is_none())),
            (0.88 * 0.4, share(&|one| one.genre == Some(Genre::Jazz))),
            (0.88 * 0.2, share(&|one| one.genre == Some(Genre::Pop))),
            (0.25, share(&|one| one.freedom == 0.0)),
            (0.05, share(&|one| one.canvas.tune.is_empty())),
            (0.05, share(&|one| one.canvas.harmony == Harmony::default())),
            (0.12, share(&|one| one.attributes == Attributes::UNTOLD)),
        ];
        for (expected, found) in shares {
            assert!((expected - found).abs() < 0.025, "{shares:?}");
        }
    }

    #[test]
    fn what_is_shown_is_the_phrase_outside_of_what_is_hidden() {
        let data = data(&[Genre::Jazz, Genre::Pop]);
        let genres = [Genre::Jazz, Genre::Pop];
        let sampler = MaskedSampler::new(&data, &genres, &settings(200), 1).unwrap();
        for one in sampler.batch(7).unwrap() {
            let MaskedPhrase { canvas, target, .. } = one;
            for note in target.notes() {
                let (start, row) = (usize::from(note.start), usize::from(note.row));
                let expected = (!canvas.hidden.get(start, row)).then_some(note);
                assert_eq!(canvas.shown.note_at(start, row), expected);
            }
            assert!(canvas.shown.count() <= target.count());
            if one.freedom == 0.0 && !canvas.tune.is_empty() {
                assert_eq!(canvas.tune, tune::tune(&target));
            }
        }
    }

    #[test]
    fn a_genre_without_music_is_named() {
        let data = data(&[Genre::Jazz]);
        let why = MaskedSampler::new(&data, &Genre::ALL, &settings(1), 1).unwrap_err();
        insta::assert_snapshot!(why, @"no training phrase of classic with a weight above 0; name a corpus (--data) or a folder (--genre classic=DIR) that has some");
    }
}
