//! The generator's forward pass.

use std::path::PathBuf;

use candle_core::{Device, Tensor};
use third_stream_model::family::cyclegan::{Generator, GeneratorConfig, tensor_of_rolls};
use third_stream_model::nn::inference::Level;
use third_stream_model::nn::init::Store;
use third_stream_model::roll::{PITCHES, Roll, STEPS};

use super::Args;
use super::given;
use super::peer::Peer;
use super::turns::{Error, Side, Unit, in_turn, pool, timed};

/// The paper's size and the shipped one.
const SIZES: [(usize, usize); 2] = [(64, 10), (32, 6)];
/// Sides of a comparison.
struct Kind {
    name: &'static str,
    peers: &'static [&'static str],
    /// The peers' numbers.
    precision: &'static str,
    /// Ours and the peers are limited to AVX2.
    avx2: bool,
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "f32",
        peers: &["pytorch", "onnxruntime", "openvino"],
        precision: "f32",
        avx2: false,
    },
    Kind {
        name: "avx2",
        peers: &["pytorch"],
        precision: "f32",
        avx2: true,
    },
    // Ours is the f32 pass here too: the peers have to make up for what bf16 loses.
    Kind {
        name: "peers-bf16",
        peers: &["pytorch", "openvino"],
        precision: "bf16",
        avx2: false,
    },
];

pub(crate) fn run(args: &Args, threads: usize) -> Result<(), Error> {
    let sizes = if args.quick { &SIZES[1..] } else { &SIZES };
    for (base, blocks) in sizes.iter().copied() {
        for kind in &KINDS {
            let key = format!("forward.{base}x{blocks}.threads{threads}.{}", kind.name);
            if args.wants(&key) {
                let config = GeneratorConfig::new(base, blocks, 2.0);
                case(args, &key, &config, threads, kind)?;
            }
        }
    }
    Ok(())
}

fn case(
    args: &Args,
    key: &str,
    config: &GeneratorConfig,
    threads: usize,
    kind: &Kind,
) -> Result<(), Error> {
    let store = Store::new(5);
    let generator = Generator::new(config, &store.builder(&Device::Cpu))?;
    let wanted = |level: &Level| !kind.avx2 || level.name() == "avx2";
    let Some(level) = Level::all().find(wanted) else {
        eprintln!("no figure {key}: this CPU has no AVX2");
        return Ok(());
    };
    let net = generator.prepared(level)?;
    let x = tensor_of_rolls(&[music()], &Device::Cpu)?;
    let cells = x.flatten_all()?.to_vec1::<f32>()?;
    let pool = pool(threads)?;
    let (mut arena, mut found) = (net.arena(), vec![0.0; cells.len()]);
    pool.install(|| net.probabilities(&mut arena, &cells, &mut found));
    let y = Tensor::from_slice(&found, x.shape(), x.device())?;
    let file = write(config, &store, &x, &y)?;
    let mut sides = vec![Side::new("ours", || {
        pool.install(|| {
            timed(|| {
                net.probabilities(&mut arena, &cells, &mut found);
                Ok(())
            })
        })
    })];
    for peer in kind.peers {
        let path = file.to_string_lossy();
        let threads_text = threads.to_string();
        let arguments = ["forward", peer, &path, &threads_text, kind.precision];
        let Some(python) = &args.python else { break };
        if let Some(mut process) = Peer::start(python, &arguments, threads, kind.avx2)? {
            if kind.precision == "f32" {
                process.agrees()?;
            }
            sides.push(Side::new(*peer, move || process.pass()));
        }
    }
    in_turn(key, Unit::Milliseconds, args.rounds, 2, sides)
}

/// A phrase with notes here and there, about as many as music has.
fn music() -> Roll {
    let mut roll = Roll::EMPTY;
    for note in 0..96 {
        let (start, pitch) = (note * 7 % (STEPS - 4), 20 + note * 29 % (PITCHES - 40));
        roll.fill(pitch, start, start + 1 + note % 4);
    }
    roll
}

/// The weights, the input and our output, for the peers.
fn write(
    config: &GeneratorConfig,
    store: &Store,
    x: &Tensor,
    y: &Tensor,
) -> Result<PathBuf, Error> {
    let variables = store.variables().into_iter();
    let mut tensors: Vec<(String, Tensor)> = variables
        .map(|(name, variable)| (name, variable.as_tensor().clone()))
        .collect();
    tensors.extend([("x".to_owned(), x.clone()), ("y".to_owned(), y.clone())]);
    let name = format!(
        "generator-{}x{}.safetensors",
        config.base_channels, config.residual_blocks
    );
    let about = [
        ("blocks", config.residual_blocks.to_string()),
        ("skip", config.skip.to_string()),
    ];
    given::write(&name, &tensors, &about)
}
