//! The losses, as the authors' code computes them: squares where the paper prints norms.

use candle_core::{Result, Tensor};

use super::recipe::CycleLoss;

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

/// How far the patch scores of each phrase are from its own target (phrases): mean square.
pub(super) fn shares(scores: &Tensor, targets: &Tensor) -> Result<Tensor> {
    let targets = targets.reshape(((), 1, 1, 1))?;
    scores.broadcast_sub(&targets)?.sqr()?.mean_all()
}

/// How far the logits of a phrase that went there and back are from the phrase `x` (0 and 1);
/// cross-entropy has targets that are `smoothing` off, and no loss at those.
pub(super) fn cycle(
    logits: &Tensor,
    x: &Tensor,
    form: CycleLoss,
    smoothing: f64,
) -> Result<Tensor> {
    match form {
        CycleLoss::L1 => (candle_nn::ops::sigmoid(logits)? - x)?.abs()?.mean_all(),
        CycleLoss::CrossEntropy => {
            // max(z, 0) − z·x + ln(1 + e^−|z|), which no logit makes overflow.
            let small = (logits.abs()?.neg()?.exp()? + 1.0)?.log()?;
            let target = x.affine(1.0 - 2.0 * smoothing, smoothing)?;
            let loss = ((logits.relu()? - (logits * target)?)? + small)?.mean_all()?;
            loss - entropy(smoothing)
        }
    }
}

/// The least cross-entropy that a share of `smoothing` leaves.
fn entropy(smoothing: f64) -> f64 {
    let part = |share: f64| {
        if share > 0.0 {
            -share * share.ln()
        } else {
            0.0
        }
    };
    part(smoothing) + part(1.0 - smoothing)
}

/// How far the number of sounding cells of each phrase is from its source's: the mean of the
/// squared logarithm of their ratio, beyond a ratio of `free` (1 or more) either way, which costs
/// nothing. Without it a generator that a discriminator has caught out floods the roll before the
/// cycle can hold it.
pub(super) fn density(fake: &Tensor, source: &Tensor, free: f64) -> Result<Tensor> {
    let cells = |x: &Tensor| x.flatten_from(1)?.sum(1)? + 1.0;
    let beyond = ((cells(fake)? / cells(source)?)?.log()?.abs()? - free.ln())?;
    beyond.relu()?.sqr()?.mean_all()
}

/// The same of the number of notes: of cells that sound and did not one step before.
pub(super) fn onsets(fake: &Tensor, source: &Tensor, free: f64) -> Result<Tensor> {
    let begins = |x: &Tensor| -> Result<Tensor> {
        let steps = x.dim(2)?;
        let before = x.narrow(2, 0, steps - 1)?.pad_with_zeros(2, 1, 0)?;
        x * (1.0 - before)?
    };
    density(&begins(fake)?, &begins(source)?, free)
}

/// Semitones that sound at once and cost nothing, as a share of the sounding cells: in the mean of
/// the validation phrases real jazz has 0.03, classical music and pop 0.01 (`evaluate --split
/// validation`, "semitones at once").
const FREE_SEMITONES: f64 = 0.03;

/// How many semitones sound at once in each phrase beyond those of its source and those that are
/// free, as a share of the source's cells: the mean over the phrases.
pub(super) fn clusters(fake: &Tensor, source: &Tensor) -> Result<Tensor> {
    let cells = |x: &Tensor| x.flatten_from(1)?.sum(1);
    let semitones = |x: &Tensor| {
        let rows = x.dim(3)? - 1;
        cells(&(x.narrow(3, 0, rows)? * x.narrow(3, 1, rows)?)?)
    };
    let cells = (cells(source)? + 1.0)?;
    let free = semitones(source)?.maximum(&(&cells * FREE_SEMITONES)?)?;
    let beyond = (semitones(fake)? - free)?.relu()?;
    (beyond / cells)?.mean_all()
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
    fn cross_entropy_is_that_of_the_probabilities() {
        let z = Tensor::new(&[-3f32, 0.0, 2.0, 90.0], &Device::Cpu).unwrap();
        let x = Tensor::new(&[0f32, 1.0, 1.0, 1.0], &Device::Cpu).unwrap();
        let loss = number(&cycle(&z, &x, CycleLoss::CrossEntropy, 0.0).unwrap());
        let p = |z: f32| 1.0 / (1.0 + (-z).exp());
        let expected = -((1.0 - p(-3.0)).ln() + p(0.0).ln() + p(2.0).ln()) / 4.0;
        assert!((loss - expected).abs() < 1e-6, "{loss} {expected}");
    }

    #[test]
    fn smoothed_targets_cost_nothing_where_they_are_met() {
        let sure = (0.9f32 / 0.1).ln();
        let x = Tensor::new(&[0f32, 1.0], &Device::Cpu).unwrap();
        let loss = |z: f32| {
            let z = Tensor::new(&[-z, z], &Device::Cpu).unwrap();
            number(&cycle(&z, &x, CycleLoss::CrossEntropy, 0.1).unwrap())
        };
        assert!(loss(sure).abs() < 1e-6);
        assert!(loss(sure - 1.0) > 0.01 && loss(sure + 1.0) > 0.01);
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
    fn the_density_of_the_source_costs_nothing() {
        let source = Tensor::new(&[[[1f32, 1.0, 0.0]]], &Device::Cpu).unwrap();
        let other = Tensor::new(&[[[0f32, 1.0, 1.0]]], &Device::Cpu).unwrap();
        let empty = source.zeros_like().unwrap();
        assert_eq!(number(&density(&other, &source, 1.0).unwrap()), 0.0);
        let expected = 3f32.ln().powi(2);
        assert!((number(&density(&empty, &source, 1.0).unwrap()) - expected).abs() < 1e-6);
        // A third is beyond a half by two thirds; within a third nothing is.
        let expected = 1.5f32.ln().powi(2);
        assert!((number(&density(&empty, &source, 2.0).unwrap()) - expected).abs() < 1e-6);
        assert_eq!(number(&density(&empty, &source, 3.5).unwrap()), 0.0);
    }

    #[test]
    fn notes_are_counted_by_their_onsets() {
        let roll = |steps: [f32; 4]| Tensor::new(&steps, &Device::Cpu).unwrap();
        let one = |steps| roll(steps).reshape((1, 1, 4, 1)).unwrap();
        let long = one([0.0, 1.0, 1.0, 1.0]);
        assert_eq!(
            number(&onsets(&one([1.0, 1.0, 0.0, 0.0]), &long, 1.0).unwrap()),
            0.0
        );
        let two = number(&onsets(&one([1.0, 0.0, 1.0, 0.0]), &long, 1.0).unwrap());
        assert!((two - 1.5f32.ln().powi(2)).abs() < 1e-6);
    }

    #[test]
    fn more_semitones_than_there_were_cost() {
        let step = |rows: [f32; 5]| Tensor::new(&rows, &Device::Cpu).unwrap();
        let step = |rows| step(rows).reshape((1, 1, 1, 5)).unwrap();
        let cost = |rows, source| number(&clusters(&step(rows), &step(source)).unwrap());
        let (third, second) = ([1.0, 0.0, 0.0, 1.0, 0.0], [1.0, 1.0, 0.0, 0.0, 0.0]);
        assert_eq!(cost([1.0, 0.0, 1.0, 0.0, 1.0], third), 0.0);
        let free = FREE_SEMITONES as f32;
        assert!((cost([0.0, 1.0, 1.0, 1.0, 0.0], third) - (2.0 / 3.0 - free)).abs() < 1e-6);
        assert_eq!(cost([0.0, 1.0, 1.0, 1.0, 0.0], second), 1.0 / 3.0);
    }

    #[test]
    fn a_perfect_discriminator_has_no_loss() {
        let scores = Tensor::new(&[1f32, 1.0, 0.0, 0.0], &Device::Cpu).unwrap();
        assert_eq!(number(&discriminator(&scores, 2).unwrap()), 0.0);
        let wrong = Tensor::new(&[0f32, 0.0, 1.0, 1.0], &Device::Cpu).unwrap();
        assert_eq!(number(&discriminator(&wrong, 2).unwrap()), 1.0);
    }
}
