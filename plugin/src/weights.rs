//! The networks embedded in the plugin (one file is the whole install), and the user's own.

mod draws;

use std::num::NonZeroU32;

use rayon::prelude::*;
use third_stream_model::genre::Pair;
use third_stream_model::roll::edits::Edits;
use third_stream_model::shipped;
use third_stream_model::transfer::{
    Gpu, LearnedStyle, Towards, Transfer, TransferError, undivided,
};
use third_stream_model::user_weights::UserWeightsError;
use third_stream_model::weights::WeightsError;

use crate::engine::{GpuOrCpu, Model, ModelError, Question, Wanted, caught, threads};
use crate::link::WeightsId;
use draws::Draws;

/// Maximum number of user weights in memory; beyond it the least recently used is dropped and read
/// again on demand. One of the shipped size takes some 60 MB.
const MOST_OWN: usize = 4;
/// Maximum number of user styles in memory; one takes some 15 kB.
const MOST_STYLES: usize = 16;

/// Loads the embedded networks; in a GPU build the device is opened at the first question. Takes a
/// moment and allocates: for the engine's worker.
pub(crate) fn load() -> Result<Box<dyn Model>, ModelError> {
    let cpu = Box::new(embedded(None)?);
    if !Gpu::IS_BUILT {
        return Ok(cpu);
    }
    let gpu = || {
        let gpu = Gpu::open().map_err(|error| ModelError::Pass(error.to_string()))?;
        Ok::<Box<dyn Model>, _>(Box::new(embedded(Some(gpu))?))
    };
    Ok(Box::new(GpuOrCpu::new(Box::new(gpu), cpu)))
}

fn embedded(gpu: Option<Gpu>) -> Result<Embedded, ModelError> {
    let shipped = transfer(gpu.as_ref(), shipped::arranger())
        .map_err(|error| ModelError::Weights(error.to_string()))?;
    Ok(Embedded {
        gpu,
        shipped,
        own: Vec::new(),
        styles: Vec::new(),
        draws: Draws::default(),
    })
}

fn transfer(gpu: Option<&Gpu>, bytes: &[u8]) -> Result<Transfer, WeightsError> {
    match gpu {
        Some(gpu) => Transfer::on_gpu(bytes, gpu),
        None => Transfer::from_bytes(bytes),
    }
}

/// Why user weights cannot be used.
struct Refusal {
    text: String,
    /// A retry may succeed.
    passes: bool,
}

/// The embedded networks, which know all pairs, and the user's own.
struct Embedded {
    /// The device, unless it is the CPU.
    gpu: Option<Gpu>,
    /// The embedded networks.
    shipped: Transfer,
    /// User weights, least recently used first.
    own: Vec<(NonZeroU32, Result<Transfer, String>)>,
    /// User styles, least recently used first. Each question checks that the style fits its
    /// weights.
    styles: Vec<(NonZeroU32, Result<LearnedStyle, String>)>,
    draws: Draws,
}

impl Embedded {
    /// Loads the networks and the style of a question, if needed.
    fn prepare(&mut self, asked: &Question) -> Result<(), ModelError> {
        self.prepare_networks(asked.weights)?;
        match asked.weights.style(asked.direction) {
            Some(number) => self.prepare_style(number, asked.weights),
            None => Ok(()),
        }
    }

    fn prepare_style(&mut self, number: NonZeroU32, beside: WeightsId) -> Result<(), ModelError> {
        let known = self.styles.iter().position(|(known, _)| *known == number);
        let style = match known {
            Some(at) => self.styles.remove(at).1,
            // Not retried: a changed file has another number.
            None => crate::user_weights::read_style(number).map_err(|error| error.to_string()),
        };
        if self.styles.len() == MOST_STYLES {
            drop(self.styles.remove(0));
        }
        self.styles.push((number, style));
        let said = |text| Err(ModelError::Own { number, text });
        match (self.style(number), self.there(beside)) {
            (Some(Err(text)), _) => said(text.clone()),
            (Some(Ok(style)), Some(networks)) => match networks.takes(style) {
                Ok(()) => Ok(()),
                Err(error) => said(crate::user_weights::refused(number, error).to_string()),
            },
            _ => Err(ModelError::NoWeights(beside.pair)),
        }
    }

    fn style(&self, number: NonZeroU32) -> Option<&Result<LearnedStyle, String>> {
        let mut styles = self.styles.iter();
        let (_, style) = styles.find(|(known, _)| *known == number)?;
        Some(style)
    }

    fn prepare_networks(&mut self, weights: WeightsId) -> Result<(), ModelError> {
        let Some(number) = weights.own else {
            return Ok(());
        };
        let known = self.own.iter().position(|(known, _)| *known == number);
        let own = match known {
            Some(at) => self.own.remove(at),
            None => match self.read(number, weights.pair) {
                Ok(transfer) => (number, Ok(transfer)),
                // There may be memory for the next question.
                Err(Refusal { text, passes: true }) => {
                    return Err(ModelError::Own { number, text });
                }
                // Not retried: a changed file has another number.
                Err(Refusal { text, .. }) => (number, Err(text)),
            },
        };
        let refused = own.1.as_ref().err().cloned();
        if self.own.len() == MOST_OWN {
            drop(self.own.remove(0));
        }
        self.own.push(own);
        match refused {
            None => Ok(()),
            Some(text) => Err(ModelError::Own { number, text }),
        }
    }

    /// Reads user weights.
    fn read(&self, number: NonZeroU32, pair: Pair) -> Result<Transfer, Refusal> {
        let read = || {
            let bytes = crate::user_weights::read(number, pair)?;
            transfer(self.gpu.as_ref(), &bytes)
                .map_err(|error| crate::user_weights::refused(number, error))
        };
        let refusal = |error: UserWeightsError| Refusal {
            text: error.to_string(),
            passes: matches!(
                error,
                UserWeightsError::Refused(_, WeightsError::Memory { .. })
            ),
        };
        caught(|| Ok(read().map_err(refusal))).unwrap_or_else(|panic| {
            Err(Refusal {
                text: panic.to_string(),
                passes: false,
            })
        })
    }

    /// The networks of `weights`, if they are loaded.
    fn there(&self, weights: WeightsId) -> Option<&Transfer> {
        let Some(number) = weights.own else {
            return Some(&self.shipped);
        };
        let mut own = self.own.iter();
        let (_, transfer) = own.find(|(known, _)| *known == number)?;
        transfer.as_ref().ok()
    }

    /// The answer of loaded networks.
    fn answer(&self, asked: &Question, wanted: Wanted<'_>) -> Result<Edits, ModelError> {
        let transfer = self
            .there(asked.weights)
            .ok_or(ModelError::NoWeights(asked.weights.pair))?;
        let target = if let Some(number) = asked.weights.style(asked.direction) {
            let Some(Ok(style)) = self.style(number) else {
                // Never the pair's genre under the style's name.
                return Err(ModelError::NoWeights(asked.weights.pair));
            };
            Towards::Style(style)
        } else {
            Towards::Genre(asked.weights.pair, asked.direction)
        };
        let edits = match transfer {
            Transfer::Arranger(arranger) => self.draws.edits(asked, |(phrase, wish), begun| {
                arranger.draw_while(phrase, target, wish, begun, wanted)
            }),
            Transfer::CycleGan(_) => transfer.edits_while(&asked.roll, target, &asked.wish, wanted),
        };
        edits.map_err(|error| match error {
            TransferError::Unwanted => ModelError::Unwanted,
            error => ModelError::Pass(error.to_string()),
        })
    }
}

impl Model for Embedded {
    fn device(&self) -> &str {
        self.shipped.device()
    }

    fn edits(&mut self, asked: &Question, wanted: Wanted<'_>) -> Result<Edits, ModelError> {
        self.prepare(asked)?;
        self.answer(asked, wanted)
    }

    fn heeds_wishes(&self, weights: WeightsId) -> bool {
        matches!(self.there(weights), Some(Transfer::Arranger(_)) | None)
    }

    /// On the CPU two passes side by side are done sooner than two divided ones in sequence.
    fn at_once(&self) -> usize {
        if self.gpu.is_some() { 1 } else { threads() }
    }

    fn answers(&mut self, questions: &[(Question, Wanted<'_>)]) -> Vec<Result<Edits, ModelError>> {
        let unpacked: Vec<Result<(), ModelError>> = questions
            .iter()
            .map(|(asked, _)| caught(|| self.prepare(asked)))
            .collect();
        let this = &*self;
        // One thread each: no waiting for each other.
        let alone = questions.len() >= rayon::current_num_threads();
        let answer = |asked: &Question, wanted: Wanted<'_>| {
            if alone {
                undivided(|| this.answer(asked, wanted))
            } else {
                this.answer(asked, wanted)
            }
        };
        let each = questions.par_iter().zip(unpacked);
        each.map(|((asked, wanted), unpacked)| {
            unpacked.and_then(|()| caught(|| answer(asked, wanted)))
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use third_stream_model::genre::{Direction, Pair};
    use third_stream_model::roll::notes::NoteRoll;

    use super::*;
    use crate::link::Wish;
    use crate::user_weights::ChosenWeights;

    #[test]
    fn a_style_that_is_not_there_is_refused_by_its_number() {
        let folder = tempfile::tempdir().unwrap();
        let chosen = ChosenWeights::default();
        chosen.choose_style(Direction::AToB, Some((folder.path(), "Rags")));
        let mut model = embedded(None).unwrap();
        let weights = chosen.weights(Pair::JAZZ_CLASSIC);
        let mut asked = Question {
            weights,
            direction: Direction::AToB,
            roll: NoteRoll::EMPTY,
            wish: Wish::default(),
            earlier: None,
        };
        let number = weights.style(Direction::AToB).unwrap();
        let refused = model.edits(&asked, &|| true).unwrap_err();
        assert!(matches!(&refused, ModelError::Own { number: of, .. } if *of == number));
        assert!(
            refused.to_string().contains("Rags.safetensors"),
            "{refused}"
        );
        asked.direction = Direction::BToA;
        model.edits(&asked, &|| true).unwrap();
    }

    #[test]
    fn the_style_that_was_used_longest_ago_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let mut model = embedded(None).unwrap();
        let mut used = |name: usize| {
            let chosen = ChosenWeights::default();
            let name = format!("style {name}");
            chosen.choose_style(Direction::AToB, Some((folder.path(), &name)));
            let weights = chosen.weights(Pair::JAZZ_CLASSIC);
            let number = weights.style(Direction::AToB).unwrap();
            assert!(
                model.prepare_style(number, weights).is_err(),
                "no such file"
            );
            (number, chosen)
        };
        // Styles in use keep their numbers.
        let mut all: Vec<_> = (0..MOST_STYLES).map(&mut used).collect();
        let first = used(0);
        all.push(used(MOST_STYLES));
        assert_eq!(first.0, all[0].0);
        assert!(model.style(first.0).is_some());
        assert!(model.style(all[1].0).is_none());
        assert_eq!(model.styles.len(), MOST_STYLES);
    }
}
