//! The arranger's network and its loss against PyTorch: numbers of a fixed draw, written by
//! `arranger_reference.py`, and those of the trained prototype where its files are there.

#![expect(
    clippy::unwrap_used,
    reason = "what a test builds on is a test's own failure"
)]

#[path = "arranger_agreement/npz.rs"]
mod npz;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::VarBuilder;
use third_stream_model::family::arranger::harmony::HarmonyInput;
use third_stream_model::family::arranger::{
    ArrangerConfig, Attributes, Canvas, Harmony, Network, encoding, from_prototype,
};
use third_stream_model::roll::notes::NoteRoll;
use third_stream_model::roll::{CELLS, Roll};
use third_stream_model::train::arranger::loss::{LossTerms, Targets, arranger_loss};

const REFERENCE: &[u8] = include_bytes!("fixtures/arranger_tiny.safetensors");

/// The prototype's shape.
const PROTOTYPE: ArrangerConfig = ArrangerConfig {
    base_channels: 32,
    residual_blocks: 6,
    harmony: HarmonyInput::Strongest,
    attributes: false,
};

/// The configuration in `arranger_reference.py`, and which steps' logits it keeps.
const TINY: ArrangerConfig = ArrangerConfig {
    base_channels: 4,
    residual_blocks: 2,
    ..PROTOTYPE
};
const KEPT: [u32; 4] = [0, 21, 42, 63];

struct Example {
    canvases: Vec<Canvas>,
    condition: Tensor,
    targets: Targets,
}

fn bits(bytes: &[u8]) -> u128 {
    bytes
        .iter()
        .rev()
        .fold(0, |all, b| all << 8 | u128::from(*b))
}

/// The rolls of bits: (phrases, 64, 11).
fn rolls(tensor: &Tensor) -> Vec<Roll> {
    let bytes: Vec<u8> = tensor.flatten_all().unwrap().to_vec1().unwrap();
    let phrases = bytes.chunks_exact(64 * 11);
    let roll = |phrase: &[u8]| {
        Roll::from_steps(std::array::from_fn(|step| bits(&phrase[11 * step..][..11])))
    };
    phrases.map(roll).collect()
}

fn notes(sounding: Vec<Roll>, onsets: Vec<Roll>) -> Vec<NoteRoll> {
    let pairs = sounding.into_iter().zip(onsets);
    pairs
        .map(|(sounding, onsets)| NoteRoll::new(sounding, onsets))
        .collect()
}

impl Example {
    fn new(
        condition: Tensor,
        [phrases, shown, tunes]: [Vec<NoteRoll>; 3],
        hidden: Vec<Roll>,
        harmonies: impl Iterator<Item = Harmony>,
    ) -> Self {
        let targets = Targets::new(&phrases, &hidden, &Device::Cpu).unwrap();
        let parts = shown.into_iter().zip(hidden).zip(tunes).zip(harmonies);
        let canvases = parts.map(|(((shown, hidden), tune), harmony)| Canvas {
            shown,
            hidden,
            tune,
            harmony,
        });
        Self {
            canvases: canvases.collect(),
            condition,
            targets,
        }
    }

    fn tiny(reference: &HashMap<String, Tensor>) -> Self {
        let notes = |prefix: &str| {
            let roll = |name| rolls(&reference[&format!("{prefix}{name}")]);
            notes(roll("sounding"), roll("onset"))
        };
        let harmony = reference["harmony"].flatten_all().unwrap();
        let harmony = harmony.to_vec1::<u8>().unwrap();
        let harmonies = harmony.chunks_exact(16).map(|phrase| {
            Harmony(std::array::from_fn(|half| {
                bits(&phrase[2 * half..][..2]) as u16
            }))
        });
        let condition = reference["condition"].clone();
        let all = [notes(""), notes("shown."), notes("tune.")];
        Self::new(condition, all, rolls(&reference["hidden"]), harmonies)
    }

    /// The logits and the terms of the loss of a network with these weights, and the gradients of
    /// the sum of them.
    fn run(
        &self,
        config: &ArrangerConfig,
        variables: &BTreeMap<String, Var>,
    ) -> (Tensor, [f32; 2], BTreeMap<String, Tensor>) {
        let tensors = variables.iter();
        let tensors = tensors.map(|(name, v)| (name.clone(), v.as_tensor().clone()));
        let vb = VarBuilder::from_tensors(tensors.collect(), DType::F32, &Device::Cpu);
        let network = Network::new(config, &vb).unwrap();
        let planes = encoding::planes(&self.canvases, &Device::Cpu).unwrap();
        let logits = network.logits(&planes, &self.condition).unwrap();
        let terms = arranger_loss(&logits, &self.targets).unwrap();
        let gradients = terms.total().unwrap().backward().unwrap();
        let gradient = |variable: &Var| gradients.get(variable).unwrap().clone();
        let gradients = variables
            .iter()
            .map(|(name, v)| (name.clone(), gradient(v)));
        let LossTerms { onset, length } = terms;
        let terms = [onset, length].map(|term| term.to_scalar().unwrap());
        (logits, terms, gradients.collect())
    }
}

fn variables(tensors: HashMap<String, Tensor>) -> BTreeMap<String, Var> {
    let variables = tensors.into_iter();
    let variables = variables.map(|(name, tensor)| (name, Var::from_tensor(&tensor).unwrap()));
    variables.collect()
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

#[test]
fn values_and_gradients_are_pytorch_s() {
    let reference = candle_core::safetensors::load_buffer(REFERENCE, &Device::Cpu).unwrap();
    let example = Example::tiny(&reference);
    let of_network =
        |(name, _): &(&String, &Tensor)| reference.contains_key(&format!("gradient.{name}"));
    let weights = reference.iter().filter(of_network);
    let weights = weights.map(|(name, tensor)| (name.clone(), tensor.clone()));
    let (logits, terms, gradients) = example.run(&TINY, &variables(weights.collect()));
    let kept = Tensor::new(&KEPT, &Device::Cpu).unwrap();
    let off = distance(
        &logits.index_select(&kept, 2).unwrap(),
        &reference["logits"],
    );
    assert!(off <= 1e-4, "the logits differ by {off:e}");
    for (term, name) in terms.into_iter().zip(["loss.onset", "loss.length"]) {
        let expected = reference[name].to_scalar::<f32>().unwrap();
        assert!(
            (term - expected).abs() <= 1e-4 * expected,
            "{name}: {term} {expected}"
        );
    }
    assert_eq!(gradients.len(), 3 * TINY.layers() + 3);
    for (name, gradient) in gradients {
        let off = relative(&gradient, &reference[&format!("gradient.{name}")]);
        assert!(off <= 1e-2, "the gradient of {name} differs by {off:e}");
    }
}

/// The prototype's files, which are no part of this repository.
fn prototype() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/prototypes/arranger");
    let there = ["reference.npz", "weights.safetensors"];
    there
        .iter()
        .all(|name| folder.join(name).exists())
        .then_some(folder)
}

#[test]
fn the_trained_prototype_gives_the_same_here() {
    let Some(folder) = prototype() else {
        println!("skipped: the prototype's files are not there");
        return;
    };
    let file = npz::read(&folder.join("reference.npz"));
    let get = |name: &str| file[name].clone();
    let cells = |tensor: Tensor| -> Vec<Roll> {
        let values = values(&tensor);
        let rolls = values.chunks_exact(CELLS);
        rolls.map(|values| Roll::from_values(values, 0.5)).collect()
    };
    let notes = |name: &str| {
        let plane = |plane| cells(get(name).narrow(1, plane, 1).unwrap());
        notes(plane(0), plane(1))
    };
    let harmonies = cells(get("harmonies")).into_iter().map(|roll| {
        Harmony(std::array::from_fn(|half| {
            (roll.steps()[8 * half] & 0xfff) as u16
        }))
    });
    // Jazz with a freedom of a half, classical music with none.
    let condition = [
        encoding::condition(&PROTOTYPE, [1.0, 0.0, 0.0, 0.0], 0.5, &Attributes::UNTOLD),
        encoding::condition(&PROTOTYPE, [0.0, 1.0, 0.0, 0.0], 0.0, &Attributes::UNTOLD),
    ];
    let condition = Tensor::new(condition.to_vec(), &Device::Cpu).unwrap();
    let all = [notes("phrase"), notes("shown"), notes("tunes")];
    let example = Example::new(condition, all, cells(get("mask")), harmonies);

    let weights = folder.join("weights.safetensors");
    let weights = candle_core::safetensors::load(weights, &Device::Cpu).unwrap();
    let weights = variables(from_prototype(weights).unwrap());
    let (logits, terms, gradients) = example.run(&PROTOTYPE, &weights);
    let off = distance(&logits, &get("logits"));
    println!("the logits differ by {off:e}");
    assert!(off <= 1e-3, "the logits differ by {off:e}");
    let loss = get("loss").to_scalar::<f32>().unwrap();
    let off = (terms[0] + terms[1] - loss).abs() / loss;
    assert!(off <= 1e-4, "the loss differs by {off:e}");
    let expected = file.iter().filter_map(|(name, tensor)| {
        let name = name.strip_prefix("gradient.")?;
        Some((name.to_owned(), tensor.clone()))
    });
    let expected = BTreeMap::from_iter(from_prototype(expected).unwrap());
    assert_eq!(expected.len(), 8);
    for (name, expected) in expected {
        let off = relative(&gradients[&name], &expected);
        println!("{name}: {off:e}");
        assert!(off <= 1e-2, "the gradient of {name} differs by {off:e}");
    }
}
