//! The networks that come inside the plugin: one file is the whole install.

use third_stream_model::genre::{Direction, Pair};
use third_stream_model::roll::{Roll, edits::Edits};
use third_stream_model::shipped;
use third_stream_model::transfer::Transfer;

use crate::engine::{Model, ModelError, ranked};

/// Reads the default pair's embedded networks. Takes a moment and allocates: for the engine's
/// worker.
pub(crate) fn load() -> Result<Box<dyn Model>, ModelError> {
    let mut embedded = Embedded {
        pairs: [const { None }; Pair::ALL.len()],
    };
    embedded.transfer(Pair::JAZZ_CLASSIC)?;
    Ok(Box::new(embedded))
}

/// The embedded networks as the worker wants them, in the order of [`Pair::ALL`]; each pair is
/// unpacked at the first question about it, for most processes use one.
struct Embedded {
    pairs: [Option<Transfer>; Pair::ALL.len()],
}

impl Embedded {
    fn transfer(&mut self, pair: Pair) -> Result<&Transfer, ModelError> {
        let known = Pair::ALL.iter().position(|known| *known == pair);
        let place = &mut self.pairs[known.ok_or(ModelError::NoWeights(pair))?];
        if place.is_none() {
            let read = Transfer::from_bytes(shipped::weights(pair));
            *place = Some(read.map_err(|error| ModelError::Weights(error.to_string()))?);
        }
        place.as_ref().ok_or(ModelError::NoWeights(pair))
    }
}

impl Model for Embedded {
    fn device(&self) -> &str {
        let mut loaded = self.pairs.iter().flatten();
        loaded.next().map_or("", Transfer::device)
    }

    fn edits(
        &mut self,
        pair: Pair,
        direction: Direction,
        roll: &Roll,
    ) -> Result<Edits, ModelError> {
        let transfer = self.transfer(pair)?;
        let probabilities = transfer
            .probabilities(std::slice::from_ref(roll), direction)
            .map_err(|error| ModelError::Pass(error.to_string()))?;
        ranked(roll, &probabilities, transfer.threshold(direction))
    }
}
