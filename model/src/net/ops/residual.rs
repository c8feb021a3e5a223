//! The end of a residual block: the sum of two tensors, then ReLU.
//!
//! candle's own sum would run on its process-wide pool of spinning threads where a tensor is
//! large, and those threads never end; nothing in the forward pass may start them.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{values, with_values};
use crate::net::kernels::{Isa, Precision, vectorised};

/// Values that one task of the pool takes.
const TASK: usize = 1 << 16;

pub(super) struct AddRelu;

impl CustomOp2 for AddRelu {
    fn name(&self) -> &'static str {
        "add-relu"
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let y = map2(values(a, a_layout)?, values(b, b_layout)?, |a, b| {
            (a + b).max(0.0)
        });
        Ok((CpuStorage::F32(y), a_layout.shape().clone()))
    }

    fn bwd(
        &self,
        _a: &Tensor,
        _b: &Tensor,
        y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let pass = |y: f32, dy: f32| if y > 0.0 { dy } else { 0.0 };
        let d = with_values(y, |y| with_values(dy, |dy| Ok(map2(y, dy, pass))))?;
        let d = Tensor::from_vec(d, y.shape(), y.device())?;
        Ok((Some(d.clone()), Some(d)))
    }
}

fn map2(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32 + Sync) -> Vec<f32> {
    let isa = Isa::of(Precision::Full);
    let mut y = vec![0.0; a.len()];
    y.par_chunks_mut(TASK)
        .zip(a.par_chunks(TASK))
        .zip(b.par_chunks(TASK))
        .for_each(|((y, a), b)| {
            vectorised(isa, || {
                for ((y, a), b) in y.iter_mut().zip(a).zip(b) {
                    *y = f(*a, *b);
                }
            });
        });
    y
}
