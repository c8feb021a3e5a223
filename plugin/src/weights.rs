//! The networks that come inside the plugin: one file is the whole install.

use third_stream_model::genre::{Direction, Pair};
use third_stream_model::roll::{Roll, edits::Edits};
use third_stream_model::transfer::Transfer;

use crate::engine::{Model, ModelError, ranked};

/// Both generators of jazz and classic.
const JAZZ_CLASSIC: &[u8] = include_bytes!("../../weights/jazz-classic.safetensors");

/// Reads the embedded networks. Takes a moment and allocates: for the engine's worker.
pub(crate) fn load() -> Result<Box<dyn Model>, ModelError> {
    let transfer = Transfer::from_bytes(JAZZ_CLASSIC)
        .map_err(|error| ModelError::Weights(error.to_string()))?;
    Ok(Box::new(Embedded { transfer }))
}

/// The embedded networks as the worker wants them.
struct Embedded {
    transfer: Transfer,
}

impl Model for Embedded {
    fn device(&self) -> &str {
        self.transfer.device()
    }

    fn edits(
        &mut self,
        pair: Pair,
        direction: Direction,
        roll: &Roll,
    ) -> Result<Edits, ModelError> {
        if pair != self.transfer.pair() {
            return Err(ModelError::NoWeights(pair));
        }
        let probabilities = self
            .transfer
            .probabilities(std::slice::from_ref(roll), direction)
            .map_err(|error| ModelError::Pass(error.to_string()))?;
        ranked(roll, &probabilities, self.transfer.threshold(direction))
    }
}
