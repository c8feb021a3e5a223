//! The mean and the greatest value of each channel as one operation, with its gradient: candle's
//! own take several passes over the image.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

/// (phrases, channels, steps, rows) to (phrases, 2 × channels): the means, then the greatest.
pub(super) fn pooled(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Pool)
}

struct Pool;

impl CustomOp1 for Pool {
    fn name(&self) -> &'static str {
        "mean-and-greatest"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (phrases, channels, height, width) = layout.shape().dims4()?;
        let Some((start, end)) = layout.contiguous_offsets() else {
            candle_core::bail!("the pool needs a contiguous tensor")
        };
        let values = &storage.as_slice::<f32>()?[start..end];
        let pixels = height * width;
        let mut pooled = Vec::with_capacity(2 * phrases * channels);
        for phrase in values.chunks_exact(channels * pixels) {
            let means = phrase.chunks_exact(pixels);
            pooled.extend(means.map(|channel| channel.iter().sum::<f32>() / pixels as f32));
            pooled.extend(
                phrase
                    .chunks_exact(pixels)
                    .map(|channel| channel[greatest(channel)]),
            );
        }
        Ok((CpuStorage::F32(pooled), (phrases, 2 * channels).into()))
    }

    fn bwd(&self, x: &Tensor, _pooled: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let (_, channels, height, width) = x.dims4()?;
        let pixels = height * width;
        let values = x.flatten_all()?.to_vec1::<f32>()?;
        let gradient = gradient.flatten_all()?.to_vec1::<f32>()?;
        let mut out = vec![0.0f32; values.len()];
        let phrases = out.chunks_exact_mut(channels * pixels);
        let phrases = phrases.zip(values.chunks_exact(channels * pixels));
        for ((out, values), gradient) in phrases.zip(gradient.chunks_exact(2 * channels)) {
            let each = out
                .chunks_exact_mut(pixels)
                .zip(values.chunks_exact(pixels));
            for (channel, (out, values)) in each.enumerate() {
                out.fill(gradient[channel] / pixels as f32);
                out[greatest(values)] += gradient[channels + channel];
            }
        }
        Tensor::from_vec(out, x.shape(), x.device()).map(Some)
    }
}

/// Where the greatest value is; the first of several.
fn greatest(values: &[f32]) -> usize {
    let mut best = 0;
    for (place, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = place;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Var};

    #[test]
    fn it_is_candle_s_mean_and_maximum_with_their_gradients() {
        let values: Vec<f32> = (0..2 * 3 * 4 * 5)
            .map(|n| ((n * 37) % 101) as f32)
            .collect();
        let x = Var::from_vec(values, (2, 3, 4, 5), &Device::Cpu).unwrap();
        let weights = Tensor::arange(1.0f32, 13.0, &Device::Cpu).unwrap();
        let weights = weights.reshape((2, 6)).unwrap();
        let flat = x.flatten_from(2).unwrap();
        let parts = [flat.mean(2).unwrap(), flat.max(2).unwrap()];
        let expected = Tensor::cat(&parts, 1).unwrap();
        let results = [pooled(&x).unwrap(), expected].map(|pooled| {
            let loss = (&pooled * &weights).unwrap().sum_all().unwrap();
            let gradient = loss.backward().unwrap().remove(&x).unwrap();
            let gradient = gradient.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            (pooled.to_vec2::<f32>().unwrap(), gradient)
        });
        // Sums are added up in another order.
        let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4);
        assert!(near(&results[0].0.concat(), &results[1].0.concat()));
        assert!(near(&results[0].1, &results[1].1));
    }
}
