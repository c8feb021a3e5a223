//! The losses, as the authors' code computes them: squares where the paper prints norms.

use candle_core::{Result, Tensor};

/// How far patch scores are from `target` (1: real, 0: generated): mean square.
pub(super) fn adversarial(scores: &Tensor, target: f64) -> Result<Tensor> {
    (scores - target)?.sqr()?.mean_all()
}

/// ½ (mean (D(real) − 1)² + mean D(fake)²) of scores whose first `real` phrases are real.
pub(super) fn discriminator(scores: &Tensor, real: usize) -> Result<Tensor> {
    let fake = adversarial(&scores.narrow(0, real, scores.dim(0)? - real)?, 0.0)?;
    let real = adversarial(&scores.narrow(0, 0, real)?, 1.0)?;
    (real + fake)? * 0.5
}

/// Mean absolute difference of the probabilities of `logits` and the phrases `x` (0 and 1).
pub(super) fn cycle(logits: &Tensor, x: &Tensor) -> Result<Tensor> {
    (candle_nn::ops::sigmoid(logits)? - x)?.abs()?.mean_all()
}

/// 0 and 1 forward, the gradient of sigmoid(logit / width) backward.
pub(super) fn straight_through(logits: &Tensor, width: f64) -> Result<Tensor> {
    let smooth = candle_nn::ops::sigmoid(&(logits / width)?)?;
    let binary = logits.gt(0.0)?.to_dtype(logits.dtype())?;
    &smooth + (binary - &smooth)?.detach()
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    fn number(tensor: &Tensor) -> f32 {
        tensor.to_scalar().unwrap()
    }

    #[test]
    fn the_cycle_loss_is_the_mean_distance_of_the_probabilities() {
        let z = Tensor::new(&[0f32, 90.0, -90.0, 90.0], &Device::Cpu).unwrap();
        let x = Tensor::new(&[0f32, 1.0, 0.0, 0.0], &Device::Cpu).unwrap();
        let loss = number(&cycle(&z, &x).unwrap());
        assert!((loss - 1.5 / 4.0).abs() < 1e-6, "{loss}");
    }

    #[test]
    fn binarisation_lets_the_gradient_through() {
        let z = Var::new(&[-6f32, 0.0, 6.0], &Device::Cpu).unwrap();
        let y = straight_through(&z, 3.0).unwrap();
        assert_eq!(y.to_vec1::<f32>().unwrap(), [0.0, 0.0, 1.0]);
        let gradients = (y * 3.0).unwrap().sum_all().unwrap().backward().unwrap();
        let p = 1.0 / (1.0 + 2f32.exp());
        let slopes = [p * (1.0 - p), 0.25, p * (1.0 - p)];
        let gradient = gradients.get(&z).unwrap().to_vec1::<f32>().unwrap();
        for (gradient, slope) in gradient.into_iter().zip(slopes) {
            assert!((gradient - slope).abs() < 1e-6, "{gradient} {slope}");
        }
    }

    #[test]
    fn a_perfect_discriminator_has_no_loss() {
        let scores = Tensor::new(&[1f32, 1.0, 0.0, 0.0], &Device::Cpu).unwrap();
        assert_eq!(number(&discriminator(&scores, 2).unwrap()), 0.0);
        let wrong = Tensor::new(&[0f32, 0.0, 1.0, 1.0], &Device::Cpu).unwrap();
        assert_eq!(number(&discriminator(&wrong, 2).unwrap()), 1.0);
    }
}
