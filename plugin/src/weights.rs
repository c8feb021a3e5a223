//! The networks that come inside the plugin: one file is the whole install.

use rayon::prelude::*;
use third_stream_model::genre::{Direction, Pair};
use third_stream_model::roll::{Roll, edits::Edits};
use third_stream_model::shipped;
use third_stream_model::transfer::{Gpu, Transfer};

use crate::engine::{Fallback, Model, ModelError, Question, caught, ranked, threads};

/// Reads the default pair's embedded networks; where the plugin was built for a GPU, that is
/// opened at the first question. Takes a moment and allocates: for the engine's worker.
pub(crate) fn load() -> Result<Box<dyn Model>, ModelError> {
    let cpu = Box::new(embedded(None)?);
    if !Gpu::IS_BUILT {
        return Ok(cpu);
    }
    let gpu = || {
        let gpu = Gpu::open().map_err(|error| ModelError::Pass(error.to_string()))?;
        Ok::<Box<dyn Model>, _>(Box::new(embedded(Some(gpu))?))
    };
    Ok(Box::new(Fallback::new(Box::new(gpu), cpu)))
}

fn embedded(gpu: Option<Gpu>) -> Result<Embedded, ModelError> {
    let mut embedded = Embedded {
        gpu,
        pairs: [const { None }; Pair::ALL.len()],
    };
    embedded.unpack(Pair::JAZZ_CLASSIC)?;
    Ok(embedded)
}

/// The embedded networks as the worker wants them, in the order of [`Pair::ALL`]; each pair is
/// unpacked at the first question about it, for most processes use one.
struct Embedded {
    /// Where they run, if not on the CPU.
    gpu: Option<Gpu>,
    pairs: [Option<Transfer>; Pair::ALL.len()],
}

impl Embedded {
    /// Makes sure that a pair's networks are there.
    fn unpack(&mut self, pair: Pair) -> Result<(), ModelError> {
        let known = Pair::ALL.iter().position(|known| *known == pair);
        let place = &mut self.pairs[known.ok_or(ModelError::NoWeights(pair))?];
        if place.is_none() {
            let bytes = shipped::weights(pair);
            let read = match &self.gpu {
                Some(gpu) => Transfer::on_gpu(bytes, gpu),
                None => Transfer::from_bytes(bytes),
            };
            *place = Some(read.map_err(|error| ModelError::Weights(error.to_string()))?);
        }
        Ok(())
    }

    /// The answer of networks that are there.
    fn answer(&self, asked: &Question) -> Result<Edits, ModelError> {
        let mut there = self.pairs.iter().flatten();
        let transfer = there
            .find(|transfer| transfer.pair() == asked.pair)
            .ok_or(ModelError::NoWeights(asked.pair))?;
        let probabilities = transfer
            .probabilities(std::slice::from_ref(&asked.roll), asked.direction)
            .map_err(|error| ModelError::Pass(error.to_string()))?;
        ranked(
            &asked.roll,
            &probabilities,
            transfer.threshold(asked.direction),
        )
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
        self.unpack(pair)?;
        let roll = *roll;
        self.answer(&Question {
            pair,
            direction,
            roll,
        })
    }

    /// On the CPU two passes side by side are done sooner than two that are shared out one after
    /// the other.
    fn at_once(&self) -> usize {
        if self.gpu.is_some() { 1 } else { threads() }
    }

    fn answers(&mut self, questions: &[Question]) -> Vec<Result<Edits, ModelError>> {
        let unpacked: Vec<Result<(), ModelError>> = questions
            .iter()
            .map(|asked| caught(|| self.unpack(asked.pair)))
            .collect();
        let this = &*self;
        let each = questions.par_iter().zip(unpacked);
        each.map(|(asked, unpacked)| unpacked.and_then(|()| caught(|| this.answer(asked))))
            .collect()
    }
}
