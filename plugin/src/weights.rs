//! The networks that come inside the plugin: one file is the whole install.

use third_stream_model::genre::{Direction, Pair};
use third_stream_model::roll::{Roll, edits::Edits};
use third_stream_model::shipped;
use third_stream_model::transfer::Transfer;

use crate::engine::{Model, ModelError, ranked};

/// Reads the embedded networks. Takes a moment and allocates: for the engine's worker.
pub(crate) fn load() -> Result<Box<dyn Model>, ModelError> {
    let read = |pair| Transfer::from_bytes(shipped::weights(pair));
    let pairs: Result<Vec<Transfer>, _> = Pair::ALL.into_iter().map(read).collect();
    let pairs = pairs.map_err(|error| ModelError::Weights(error.to_string()))?;
    Ok(Box::new(Embedded { pairs }))
}

/// The embedded networks as the worker wants them, in the order of [`Pair::ALL`].
struct Embedded {
    pairs: Vec<Transfer>,
}

impl Model for Embedded {
    fn device(&self) -> &str {
        self.pairs[0].device()
    }

    fn edits(
        &mut self,
        pair: Pair,
        direction: Direction,
        roll: &Roll,
    ) -> Result<Edits, ModelError> {
        let mut pairs = self.pairs.iter();
        let transfer = pairs
            .find(|transfer| transfer.pair() == pair)
            .ok_or(ModelError::NoWeights(pair))?;
        let probabilities = transfer
            .probabilities(std::slice::from_ref(roll), direction)
            .map_err(|error| ModelError::Pass(error.to_string()))?;
        ranked(roll, &probabilities, transfer.threshold(direction))
    }
}
