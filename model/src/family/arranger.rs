//! The arranger: a network that fills in the hidden notes of a phrase in a genre's manner, given
//! its tune and the harmony of each half bar.
//!
//! A masked model of notes (as Coconet, Huang et al. 2017, and MaskGIT, Chang et al. 2022), with
//! one network for all genres whose instance norms have a scale and an offset for each genre
//! (Dumoulin et al. 2017). To transfer a phrase, its tune and harmony are kept, everything else is
//! hidden, and the network fills it in, in a few passes, in the target genre's manner.

mod attributes;
mod canvas;
mod config;
mod dice;
pub mod encoding;
mod feel;
pub mod harmony;
pub mod inference;
mod loaded;
mod network;
mod norm_column;
pub mod palette;
mod prototype;
pub mod sampler;
mod seed;
pub mod tune;

pub use attributes::{ATTRIBUTES, Attributes};
pub use canvas::{Canvas, HALF_BARS, Harmony, LENGTHS, length_class};
pub use config::{ArrangerConfig, LOGITS, PLANES};
#[cfg(feature = "train")]
pub(crate) use feel::straightened;
pub use loaded::{Arranger, Styles, column_share};
pub use network::{NO_GENRE, Network};
pub use norm_column::NormColumn;
pub use palette::Palette;
pub use prototype::from_prototype;
pub use seed::seed;

pub use inference::{ArrangerArena, FoldedNorms, PreparedArranger};
