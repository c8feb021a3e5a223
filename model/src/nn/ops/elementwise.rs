//! The activations between layers in one pass each. candle's own take several, and above 65,536
//! values they run on a process-wide pool of spinning threads that nothing ends.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};

use super::norm::gate;
use super::{values, with_values};
use crate::nn::kernels::{Isa, Precision, for_each_isa};

/// max(0, a + b).
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
        let (a, b) = (values(a, a_layout)?, values(b, b_layout)?);
        let mut y = vec![0.0; a.len()];
        add_relu(Isa::of(Precision::Full), &mut y, a, b);
        Ok((CpuStorage::F32(y), a_layout.shape().clone()))
    }

    fn bwd(
        &self,
        _a: &Tensor,
        _b: &Tensor,
        y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let gradient = gated(y, dy, 0.0)?;
        Ok((Some(gradient.clone()), Some(gradient)))
    }
}

/// x where positive, a share of x elsewhere.
pub(super) struct LeakyRelu {
    pub(super) slope: f32,
}

impl CustomOp1 for LeakyRelu {
    fn name(&self) -> &'static str {
        "leaky-relu"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = values(x, layout)?;
        let mut y = vec![0.0; x.len()];
        gate(Isa::of(Precision::Full), &mut y, x, x, self.slope);
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, _x: &Tensor, y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        // The slope is positive, so the output has the input's sign.
        gated(y, dy, self.slope).map(Some)
    }
}

/// `dy` where `y` is positive, `slope` times it elsewhere.
pub(super) fn gated(y: &Tensor, dy: &Tensor, slope: f32) -> Result<Tensor> {
    let mut gradient = vec![0.0; y.elem_count()];
    with_values(y, |y| {
        with_values(dy, |dy| {
            gate(Isa::of(Precision::Full), &mut gradient, y, dy, slope);
            Ok(())
        })
    })?;
    Tensor::from_vec(gradient, y.shape(), y.device())
}

for_each_isa! {
    fn add_relu(y: &mut [f32], a: &[f32], b: &[f32]) {
        for ((y, a), b) in y.iter_mut().zip(a).zip(b) {
            *y = (a + b).max(0.0);
        }
    }
}
