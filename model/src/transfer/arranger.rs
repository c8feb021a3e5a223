//! The arranger's network, ready to run between any two genres that it knows.

use candle_core::Device;

use super::{LearnedStyle, Towards, TransferError, Wish, device_name, memory};
use crate::family::arranger::sampler::{Begun, Sample, SamplerSettings, Voices};
use crate::family::arranger::{Arranger, Attributes, Palette, Styles, seed};
use crate::genre::{Direction, Genre, Pair};
use crate::roll::edits::Edits;
use crate::roll::notes::NoteRoll;
use crate::weights::{
    ArrangerHeader as Known, Header, WeightsError, read_network, read_palettes, sha256,
};

/// The column of styles of the user's own where a seed is made of it: one behind the norms' own.
const OWN: usize = 4;

/// One network for all genres.
#[derive(Debug)]
pub struct ArrangerTransfer {
    header: Header,
    known: Known,
    palettes: Vec<(Genre, Palette)>,
    /// SHA-256 of the file.
    hash: String,
    arranger: Arranger,
    device: &'static str,
}

impl ArrangerTransfer {
    /// Loads an arranger's weights file for the CPU.
    ///
    /// # Errors
    /// If it cannot be used, or holds networks of another family.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WeightsError> {
        Self::on_device(bytes, Device::Cpu)
    }

    pub(super) fn on_device(bytes: &[u8], device: Device) -> Result<Self, WeightsError> {
        memory::to_load(bytes, &device)?;
        let (header, network) = read_network(bytes, &device)?;
        let unreadable = |error: candle_core::Error| WeightsError::Unreadable(error.to_string());
        Ok(Self {
            known: header.arranger()?.clone(),
            palettes: read_palettes(bytes)?,
            header,
            hash: sha256(bytes),
            device: device_name(&device),
            arranger: Arranger::new(network, device).map_err(unreadable)?,
        })
    }

    /// Header of the weights file.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The name of the device that the passes run on.
    pub const fn device(&self) -> &'static str {
        self.device
    }

    /// The phrase at full amount.
    ///
    /// # Errors
    /// If the network does not know the genres, or a pass fails.
    pub fn arrange(
        &self,
        phrase: &NoteRoll,
        (pair, direction): (Pair, Direction),
        wish: &Wish,
    ) -> Result<Sample, TransferError> {
        let target = Towards::Genre(pair, direction);
        self.draw_while(phrase, target, wish, None, &|| true)
    }

    /// Makes sure that a style was learned on these weights.
    ///
    /// # Errors
    /// If it was not.
    pub fn takes(&self, style: &LearnedStyle) -> Result<(), WeightsError> {
        style.fits(&self.hash, &self.header)
    }

    /// The phrase at full amount, as long as `wanted` says so, which is asked before each pass; the
    /// passes go on from `begun`, if there is one. A style has to be one of these weights
    /// ([`Self::takes`]).
    ///
    /// # Errors
    /// [`TransferError::Unwanted`] once it is not wanted; else as [`Self::arrange`].
    pub fn draw_while(
        &self,
        phrase: &NoteRoll,
        target: Towards<'_>,
        wish: &Wish,
        begun: Option<Begun<'_>>,
        wanted: &dyn Fn() -> bool,
    ) -> Result<Sample, TransferError> {
        // The column is for the seed.
        let (styles, palette, column, straight) = match target {
            Towards::Genre(pair, direction) => {
                let genre = pair.target(direction);
                let column = self
                    .known
                    .column(genre)
                    .ok_or(TransferError::Genres(pair))?;
                let mut palettes = self.palettes.iter();
                let palette = palettes.find(|(of, _)| *of == genre);
                let palette = palette.map(|(_, palette)| palette);
                let straight = genre != Genre::Jazz;
                (Styles::of_column(column), palette, column, straight)
            }
            Towards::Style(style) => {
                let own = Styles::of_own(style.columns());
                (own, Some(style.palette()), OWN, !style.about().swings)
            }
        };
        // A draw that goes on keeps the attributes that it began with.
        let told = begun.map_or(phrase, |begun| begun.phrase);
        let attributes = palette.map(|palette| palette.choose(told, wish.variation));
        let settings = SamplerSettings {
            passes: wish.passes,
            freedom: wish.freedom,
            attributes: attributes.unwrap_or(Attributes::UNTOLD),
            harmony: self.known.network.harmony,
            pitch_classes: wish.pitch_classes,
            seed: seed(phrase, column, wish.variation),
            decided: wish.decided,
            played: wish.played,
            voices: if wish.one_voice {
                Voices::of_phrase(phrase)
            } else {
                Voices::Free
            },
            straight,
        };
        let arranged = self
            .arranger
            .arrange_while(phrase, &styles, (&settings, begun), wanted)
            .map_err(|source| TransferError::Network {
                device: self.device.to_owned(),
                source: Box::new(source),
            })?;
        arranged.ok_or(TransferError::Unwanted)
    }

    /// The edits that lead from `phrase` to what the network makes of it.
    ///
    /// # Errors
    /// As [`Self::arrange`].
    pub fn edits(
        &self,
        phrase: &NoteRoll,
        ends: (Pair, Direction),
        wish: &Wish,
    ) -> Result<Edits, TransferError> {
        let (pair, direction) = ends;
        self.edits_while(phrase, Towards::Genre(pair, direction), wish, &|| true)
    }

    /// The edits that lead from `phrase` towards `target`, as long as `wanted` says so, which is
    /// asked before each pass. A style has to be one of these weights ([`Self::takes`]).
    ///
    /// # Errors
    /// [`TransferError::Unwanted`] once it says no; else as [`Self::arrange`].
    pub fn edits_while(
        &self,
        phrase: &NoteRoll,
        target: Towards<'_>,
        wish: &Wish,
        wanted: &dyn Fn() -> bool,
    ) -> Result<Edits, TransferError> {
        let sample = self.draw_while(phrase, target, wish, None, wanted)?;
        Ok(sample.edits(phrase, wish.held))
    }
}
