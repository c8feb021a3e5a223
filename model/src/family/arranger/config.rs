//! The shape of the network.

use serde::{Deserialize, Serialize};

/// The shape of an arranger's network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrangerConfig {
    /// Channels of the first layer; the inner layers have two and four times as many.
    pub base_channels: usize,
    /// Residual blocks.
    pub residual_blocks: usize,
}
