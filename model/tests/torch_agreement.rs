//! The networks against PyTorch: numbers of a fixed draw, written by `torch_reference.py`.

#![expect(
    clippy::unwrap_used,
    reason = "what a test builds on is a test's own failure"
)]

use std::collections::{BTreeMap, HashMap};

use candle_core::{Device, Tensor, Var};
use candle_nn::VarBuilder;
use third_stream_model::family::cyclegan::{
    Discriminator, DiscriminatorConfig, Generator, GeneratorConfig,
};
use third_stream_model::nn::ops;

const REFERENCE: &[u8] = include_bytes!("fixtures/torch_tiny.safetensors");

/// The configuration in `torch_reference.py`.
const GENERATOR: GeneratorConfig = GeneratorConfig::new(4, 2, 0.5);
const DISCRIMINATOR: DiscriminatorConfig = DiscriminatorConfig {
    base_channels: 4,
    spectral_norm: false,
};

struct Reference {
    tensors: HashMap<String, Tensor>,
}

impl Reference {
    fn read() -> Self {
        let tensors = candle_core::safetensors::load_buffer(REFERENCE, &Device::Cpu).unwrap();
        Self { tensors }
    }

    fn get(&self, name: &str) -> &Tensor {
        self.tensors
            .get(name)
            .unwrap_or_else(|| panic!("the reference has no {name}"))
    }

    /// The weights of a network as variables, by their names in it.
    fn variables(&self, network: &str) -> BTreeMap<String, Var> {
        let prefix = format!("{network}.");
        let own = self.tensors.iter().filter_map(|(name, tensor)| {
            let name = name.strip_prefix(&prefix)?;
            Some((name.to_owned(), Var::from_tensor(tensor).unwrap()))
        });
        own.collect()
    }
}

fn builder(variables: &BTreeMap<String, Var>) -> VarBuilder<'static> {
    let tensors = variables
        .iter()
        .map(|(name, v)| (name.clone(), v.as_tensor().clone()));
    VarBuilder::from_tensors(tensors.collect(), candle_core::DType::F32, &Device::Cpu)
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// The largest difference.
fn distance(found: &Tensor, expected: &Tensor) -> f32 {
    assert_eq!(found.dims(), expected.dims());
    let pairs = values(found).into_iter().zip(values(expected));
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// The norm of the difference over the norm of what is expected.
fn relative(found: &Tensor, expected: &Tensor) -> f32 {
    assert_eq!(found.dims(), expected.dims());
    let norm = |values: Vec<f32>| values.iter().map(|v| v * v).sum::<f32>().sqrt();
    norm(values(&(found - expected).unwrap())) / norm(values(expected)).max(1e-12)
}

/// How far values and gradients are from the reference.
struct Distance {
    /// The largest difference of an output.
    forward: f32,
    /// The largest relative difference of a gradient, and whose.
    worst: (f32, String),
    /// The relative difference of all gradients together.
    together: f32,
}

fn run(precision: ops::Precision) -> Distance {
    let reference = Reference::read();
    let variables = ["generator", "discriminator"].map(|network| reference.variables(network));
    let (y, scores, gradients) = ops::with_precision(precision, || {
        let generator = Generator::new(&GENERATOR, &builder(&variables[0])).unwrap();
        let judge = Discriminator::new(&DISCRIMINATOR, &builder(&variables[1])).unwrap();
        let x = reference.get("x");
        let y = generator.forward(x).unwrap();
        let scores = judge.forward(&y).unwrap();
        let adversarial = (&scores - 1.0).unwrap().sqr().unwrap().mean_all().unwrap();
        let cycle = (&y - x).unwrap().abs().unwrap().mean_all().unwrap();
        let loss = (adversarial + (cycle * 10.0).unwrap()).unwrap();
        (y, scores, loss.backward().unwrap())
    });
    let forward = distance(&y, reference.get("y")).max(distance(&scores, reference.get("scores")));
    let mut worst = (0.0, String::new());
    let (mut off, mut whole) = (0.0, 0.0);
    for (network, variables) in ["generator", "discriminator"].into_iter().zip(&variables) {
        for (name, variable) in variables {
            let name = format!("gradient.{network}.{name}");
            let found = gradients
                .get(variable)
                .expect("every weight has a gradient");
            let expected = reference.get(&name);
            for (found, expected) in values(found).into_iter().zip(values(expected)) {
                off += (found - expected).powi(2);
                whole += expected.powi(2);
            }
            let error = relative(found, expected);
            if error > worst.0 || error.is_nan() {
                worst = (error, name);
            }
        }
    }
    let together = (off / whole).sqrt();
    Distance {
        forward,
        worst,
        together,
    }
}

#[test]
fn values_and_gradients_are_pytorch_s() {
    let Distance { forward, worst, .. } = run(ops::Precision::Full);
    let (gradient, name) = worst;
    assert!(forward <= 1e-4, "the outputs differ by {forward:e}");
    assert!(gradient <= 1e-2, "{name} differs by {gradient:e}");
}

/// Two decimal digits in each factor, through thirteen layers: single small gradients are far
/// off, but all together point the same way.
#[test]
fn training_in_bf16_stays_near_them() {
    let distance = run(ops::Precision::Bf16);
    let Distance {
        forward, together, ..
    } = distance;
    assert!(forward <= 0.1, "the outputs differ by {forward:e}");
    assert!(together <= 0.2, "the gradients differ by {together:e}");
}
