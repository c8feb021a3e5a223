//! The replay buffer of past fakes (Shrivastava et al. 2017, arXiv 1612.07828): the discriminators
//! see fakes of earlier steps again, so that the generators cannot go round in circles. As in the
//! authors' code, whole batches of both directions are kept, and each is drawn by its own index.

use candle_core::{DType, Result, Tensor};

use crate::nn::init::Normal;

/// The kept batches, for each direction.
pub(super) struct ReplayBuffer {
    capacity: usize,
    /// As bytes where fakes are binary: exact, and a quarter of the size.
    kind: DType,
    kept: [Vec<Tensor>; 2],
}

impl ReplayBuffer {
    /// Keeps up to `capacity` batches; with `binary` fakes they are kept as bytes.
    pub(super) fn new(capacity: usize, binary: bool) -> Self {
        let kind = if binary { DType::U8 } else { DType::F32 };
        Self {
            capacity,
            kind,
            kept: [Vec::new(), Vec::new()],
        }
    }

    /// Takes the newest fakes of both directions and gives those that the discriminators see:
    /// the newest while there is room, later by chance an older pair, whose place they take.
    pub(super) fn exchange(
        &mut self,
        fakes: [Tensor; 2],
        draw: &mut Normal,
    ) -> Result<[Tensor; 2]> {
        if self.capacity == 0 {
            return Ok(fakes);
        }
        if self.kept[0].len() < self.capacity {
            for (kept, fake) in self.kept.iter_mut().zip(&fakes) {
                kept.push(fake.to_dtype(self.kind)?);
            }
            return Ok(fakes);
        }
        if draw.next_uniform() <= 0.5 {
            return Ok(fakes);
        }
        let mut seen = fakes;
        for (kept, fake) in self.kept.iter_mut().zip(&mut seen) {
            let index = draw.next_below(kept.len());
            let old = std::mem::replace(&mut kept[index], fake.to_dtype(self.kind)?);
            *fake = old.to_dtype(DType::F32)?;
        }
        Ok(seen)
    }

    /// The kept batches, named `past.DIRECTION.INDEX`.
    pub(super) fn tensors(&self) -> impl Iterator<Item = (String, Tensor)> + '_ {
        self.kept.iter().enumerate().flat_map(|(direction, kept)| {
            let name = move |index| format!("past.{direction}.{index:03}");
            kept.iter()
                .enumerate()
                .map(move |(index, fake)| (name(index), fake.clone()))
        })
    }

    /// Takes back what [`ReplayBuffer::tensors`] gave.
    pub(super) fn restore(&mut self, find: impl Fn(&str) -> Option<Tensor>) {
        for (direction, kept) in self.kept.iter_mut().enumerate() {
            *kept = (0..self.capacity)
                .map_while(|index| find(&format!("past.{direction}.{index:03}")))
                .collect();
        }
    }
}
