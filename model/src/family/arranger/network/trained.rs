//! The passes of training on the CPU, forward and back, written out: what [`Network::logits`] and
//! candle's graph would give, without the graph.

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor};

use super::{Layer, Network, Way};
use crate::nn::ops::{self, Padding, gradients};

/// Saved input and output of a layer.
struct Passed {
    x: Tensor,
    /// Before the norm.
    y: Tensor,
    /// The norm's, (batch, channels).
    scale: Tensor,
    z: Tensor,
}

impl Layer {
    fn pass(&self, x: &Tensor, condition: &Tensor) -> Result<Passed> {
        let kernel = self.kernel.detach();
        let y = match self.way {
            Way::Dilated(dilation) => ops::dilated_conv2d(x, &kernel, dilation)?,
            Way::Down => ops::conv2d(x, &kernel, 2, Padding::Zero(1))?,
            Way::Up => ops::conv_transpose2d(x, &kernel)?,
        };
        let channels = y.dim(1)?;
        let both = condition.matmul(&self.norm.weight.detach().t()?)?;
        let both = both.broadcast_add(&self.norm.bias.detach())?;
        let scale = (both.narrow(1, 0, channels)? + 1.0)?.contiguous()?;
        let offset = both.narrow(1, channels, channels)?.contiguous()?;
        let z = ops::norm_activation(&y, &scale, &offset, self.norm.activation)?;
        Ok(Passed {
            x: x.clone(),
            y,
            scale,
            z,
        })
    }

    /// Files the gradients of the layer's variables, given that of its output; returns that of its
    /// input, if it is `wanted`.
    fn back(
        &self,
        passed: Passed,
        condition: &Tensor,
        dz: &Tensor,
        wanted: bool,
        store: &mut GradStore,
    ) -> Result<Option<Tensor>> {
        let Passed { x, y, scale, z } = passed;
        let activation = self.norm.activation;
        let [dy, dscale, doffset] = gradients::norm_activation((&y, &scale, &z), activation, dz)?;
        drop((y, z));
        let both = Tensor::cat(&[&dscale, &doffset], 1)?;
        let weight = condition.t()?.matmul(&both)?.t()?.contiguous()?;
        store.insert(&self.norm.weight, weight);
        store.insert(&self.norm.bias, both.sum(0)?);
        let pair = (&x, &self.kernel);
        let (dx, kernel) = match self.way {
            Way::Dilated(dilation) => {
                let size = dilation * (self.kernel.dim(2)? - 1) / 2;
                gradients::conv2d(pair, [1, dilation], Padding::Zero(size), &dy, wanted)?
            }
            Way::Down => gradients::conv2d(pair, [2, 1], Padding::Zero(1), &dy, wanted)?,
            Way::Up => gradients::conv_transpose2d(pair, &dy, wanted)?,
        };
        if let Some(kernel) = kernel {
            store.insert(&self.kernel, kernel);
        }
        Ok(dx)
    }

    /// [`Self::back`] where the gradient of the input is wanted.
    fn through(
        &self,
        passed: Passed,
        condition: &Tensor,
        dz: &Tensor,
        store: &mut GradStore,
    ) -> Result<Tensor> {
        let dx = self.back(passed, condition, dz, true, store)?;
        dx.ok_or_else(|| candle_core::Error::msg("no gradient of a layer's input"))
    }
}

/// Activations of a forward pass that the backward pass needs.
pub(crate) struct Trace {
    condition: Tensor,
    input: Passed,
    down: [Passed; 2],
    /// For each residual block: its two layers and its output.
    residual: Vec<([Passed; 2], Tensor)>,
    up: [Passed; 2],
    /// Input of the last layer.
    last: Tensor,
}

impl Network {
    /// [`Self::logits`] on the CPU, and what [`Self::back`] needs.
    ///
    /// # Errors
    /// If the shapes are others.
    pub(crate) fn trace(&self, planes: &Tensor, condition: &Tensor) -> Result<(Tensor, Trace)> {
        let input = self.input.pass(planes, condition)?;
        let down1 = self.down[0].pass(&input.z, condition)?;
        let down2 = self.down[1].pass(&down1.z, condition)?;
        let mut x = down2.z.clone();
        let mut residual = Vec::with_capacity(self.residual.len());
        for block in &self.residual {
            let first = block.0[0].pass(&x, condition)?;
            let second = block.0[1].pass(&first.z, condition)?;
            x = ops::add_relu(&x, &second.z)?;
            residual.push(([first, second], x.clone()));
        }
        let up1 = self.up[0].pass(&x, condition)?;
        let both = Tensor::cat(&[&up1.z, &down1.z], 1)?;
        let up2 = self.up[1].pass(&both, condition)?;
        let last = Tensor::cat(&[&up2.z, &input.z], 1)?;
        let y = ops::dilated_conv2d(&last, &self.output.detach(), 1)?;
        let bias = self.bias.each_ref().map(Tensor::detach);
        let bias = Tensor::cat(&bias, 0)?;
        let logits = y.broadcast_add(&bias.reshape((1, (), 1, 1))?)?;
        let trace = Trace {
            condition: condition.clone(),
            input,
            down: [down1, down2],
            residual,
            up: [up1, up2],
            last,
        };
        Ok((logits, trace))
    }

    /// Files the gradients of this network's variables in `store`, given that of the logits.
    ///
    /// # Errors
    /// If the trace or the gradient is another network's.
    pub(crate) fn back(&self, trace: Trace, logits: &Tensor, store: &mut GradStore) -> Result<()> {
        let Trace {
            condition,
            input,
            down: [down1, down2],
            residual,
            up: [up1, up2],
            last,
        } = trace;
        let bias = gradients::channel_sums(logits)?;
        let onset = self.bias[0].elem_count();
        store.insert(&self.bias[0], bias.narrow(0, 0, onset)?);
        store.insert(
            &self.bias[1],
            bias.narrow(0, onset, bias.elem_count() - onset)?,
        );
        let size = (self.output.dim(2)? - 1) / 2;
        let pair = (&last, &self.output);
        let (d, output) = gradients::conv2d(pair, [1, 1], Padding::Zero(size), logits, true)?;
        drop(last);
        let (Some(d), Some(output)) = (d, output) else {
            candle_core::bail!("no gradient of the last layer");
        };
        store.insert(&self.output, output);
        let (d, of_full) = parts(&d, up2.z.dim(1)?)?;
        let d = self.up[1].through(up2, &condition, &d, store)?;
        let (d, of_half) = parts(&d, up1.z.dim(1)?)?;
        let mut d = self.up[0].through(up1, &condition, &d, store)?;
        for (block, ([first, second], sum)) in self.residual.iter().zip(residual).rev() {
            let kept = gradients::add_relu(&sum, &d)?;
            drop(sum);
            let inner = block.0[1].through(second, &condition, &kept, store)?;
            let inner = block.0[0].through(first, &condition, &inner, store)?;
            d = (kept + inner)?;
        }
        let d = self.down[1].through(down2, &condition, &d, store)?;
        let d = self.down[0].through(down1, &condition, &(of_half + d)?, store)?;
        self.input
            .back(input, &condition, &(of_full + d)?, false, store)?;
        Ok(())
    }
}

/// Splits the channels after the first `first`.
fn parts(x: &Tensor, first: usize) -> Result<(Tensor, Tensor)> {
    let others = x.dim(1)? - first;
    Ok((
        x.narrow(1, 0, first)?.contiguous()?,
        x.narrow(1, first, others)?.contiguous()?,
    ))
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device, Var};

    use super::*;
    use crate::family::arranger::{ATTRIBUTES, ArrangerConfig, Attributes, encoding};
    use crate::nn::init::{Normal, Store};
    use crate::roll::{PITCHES, STEPS};

    #[test]
    fn gradients_are_those_of_candle_s_graph() {
        let (store, device) = (Store::new(2), Device::Cpu);
        let config = ArrangerConfig::new(8, 2);
        let network = Network::new(&config, &store.builder(&device)).unwrap();
        let mut draw = Normal::new(5);
        let mut even = |planes: usize, least: f32| {
            let shape = (2, planes, STEPS, PITCHES);
            let value = |_| draw.next_below(1001) as f32 / 1000.0 * (1.0 - least) + least;
            let values: Vec<f32> = (0..2 * planes * STEPS * PITCHES).map(value).collect();
            Tensor::from_vec(values, shape, &device).unwrap()
        };
        let (planes, weights) = (even(9, 0.0), even(11, -1.0));
        let conditions = [[1.0, 0.0, 0.0, 0.0], [0.0, 0.5, 0.5, 0.0]];
        let told = Attributes([0.7; ATTRIBUTES]);
        let conditions = conditions.map(|style| encoding::condition(&config, style, 0.3, &told));
        let condition = Tensor::new(conditions.to_vec(), &device).unwrap();
        let loss = |logits: &Tensor| (logits * &weights).unwrap().sum_all().unwrap();

        let expected = network.logits(&planes, &condition).unwrap();
        let by_graph = loss(&expected).backward().unwrap();
        let (logits, trace) = network.trace(&planes, &condition).unwrap();
        let leaf = Var::from_tensor(&logits).unwrap();
        let mut found = loss(&leaf).backward().unwrap();
        let d = found.remove(&leaf).unwrap();
        network.back(trace, &d, &mut found).unwrap();

        let largest = |x: Tensor| {
            let x = x.abs().unwrap().flatten_all().unwrap().max(0).unwrap();
            x.to_dtype(DType::F64).unwrap().to_scalar::<f64>().unwrap()
        };
        assert_eq!(largest((logits - expected).unwrap()), 0.0);
        for (name, variable) in store.variables() {
            let (expected, found) = (by_graph.get(&variable), found.get(&variable));
            let (expected, found) = (expected.unwrap(), found.expect(&name));
            let far = largest((expected - found).unwrap());
            let size = largest(expected.clone());
            // Sums of ten thousand numbers of both signs round by some 1e-5 where they cancel.
            assert!(
                size > 0.0 && far <= 1e-5 * size + 2e-4,
                "{name}: {far:e} of {size:e}"
            );
        }
    }
}
