//! A style of the user's own as a target: numbers that an arranger's norms take beside its own.

use crate::family::arranger::{NormColumn, Palette};
use crate::weights::{Header, Style, WeightsError, read_style};

/// A style that was learned from the user's own music (`cargo xtask learn-style`). It works with
/// the weights that it was learned on alone.
#[derive(Clone, Debug, PartialEq)]
pub struct LearnedStyle {
    style: Style,
    columns: NormColumn,
    palette: Palette,
}

impl LearnedStyle {
    /// Loads a style's file.
    ///
    /// # Errors
    /// If it cannot be used, or holds networks.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WeightsError> {
        let (header, columns, palette) = read_style(bytes)?;
        let style = header.style()?.clone();
        Ok(Self {
            style,
            columns,
            palette,
        })
    }

    /// Header of its file.
    pub const fn about(&self) -> &Style {
        &self.style
    }

    pub(super) const fn columns(&self) -> &NormColumn {
        &self.columns
    }

    pub(super) const fn palette(&self) -> &Palette {
        &self.palette
    }

    /// True if it was learned on the weights with this hash and header.
    pub(super) fn fits(&self, hash: &str, header: &Header) -> Result<(), WeightsError> {
        let network = header.arranger()?.network;
        if self.style.base == hash && self.style.network == network {
            return Ok(());
        }
        Err(WeightsError::Base {
            name: self.style.name.clone(),
            found: self.style.base.chars().take(SHOWN).collect(),
            expected: hash.chars().take(SHOWN).collect(),
        })
    }
}

/// Digits of a hash that are shown.
const SHOWN: usize = 12;
