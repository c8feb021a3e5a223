//! The arranger: an answer to one phrase and direction, and a training step as its recipe has it.

use std::path::PathBuf;

use candle_core::{Device, Tensor};
use third_stream_model::data::batch::Batches;
use third_stream_model::data::{Data, Piece, Split};
use third_stream_model::family::arranger::harmony::HarmonyInput;
use third_stream_model::family::arranger::sampler::SamplerSettings;
use third_stream_model::family::arranger::{
    Attributes, Canvas, LOGITS, column_share, encoding, tune,
};
use third_stream_model::genre::{Direction, Genre, Pair};
use third_stream_model::nn::inference::Level;
use third_stream_model::roll::notes::{GridNote, NoteRoll};
use third_stream_model::roll::{CELLS, PITCHES, Roll, STEPS};
use third_stream_model::shipped;
use third_stream_model::train::arranger::batch::{MaskedPhrase, MaskedSampler};
use third_stream_model::train::arranger::state::ArrangerState;
use third_stream_model::train::recipe::arranger::ArrangerRecipe;
use third_stream_model::transfer::{ArrangerTransfer, Wish, on_this_thread};
use third_stream_model::weights::{read_network, tensors};

use super::Args;
use super::given;
use super::peer::{Peer, training_step};
use super::turns::{Error, Side, Unit, in_turn, pool, timed};

pub(crate) fn run(args: &Args, threads: usize) -> Result<(), Error> {
    let key = format!("arranger.transfer.threads{threads}");
    if args.wants(&key) {
        transfer(args, &key, threads)?;
    }
    let recipe = ArrangerRecipe::usual();
    let network = recipe.settings.network;
    let (base, blocks) = (network.base_channels, network.residual_blocks);
    let batch = recipe.settings.batch;
    for precision in ["f32", "bf16"] {
        let key =
            format!("arranger.step.{base}x{blocks}.batch{batch}.threads{threads}.{precision}");
        if args.wants(&key) {
            case(args, &key, threads, precision)?;
        }
    }
    Ok(())
}

/// A whole answer of the weights that the plugin carries, to its edits.
fn transfer(args: &Args, key: &str, threads: usize) -> Result<(), Error> {
    let shipped = ArrangerTransfer::from_bytes(shipped::arranger())?;
    let pool = pool(threads)?;
    let phrase = phrase();
    let ends = (Pair::JAZZ_CLASSIC, Direction::AToB);
    let mut variation = 0;
    let mut sides = vec![Side::new("ours", || {
        variation = variation % 16 + 1;
        let wish = Wish {
            variation,
            ..Wish::default()
        };
        pool.install(|| {
            timed(|| {
                shipped.edits(&phrase, ends, &wish)?;
                Ok(())
            })
        })
    })];
    let file = given(&phrase)?;
    let (file, passes) = (
        file.to_string_lossy(),
        SamplerSettings::default().passes.to_string(),
    );
    for (name, framework, precision) in PEERS {
        let threads_text = threads.to_string();
        let arguments = [
            "arrange",
            framework,
            &file,
            &passes,
            &threads_text,
            precision,
        ];
        let Some(python) = &args.python else { break };
        if let Some(mut peer) = Peer::start(python, &arguments, threads, false)? {
            if precision == "f32" {
                peer.agrees()?;
            }
            sides.push(Side::new(name, move || peer.pass()));
        }
    }
    in_turn(key, Unit::Milliseconds, args.rounds, 2, sides)
}

/// Their name in keys, their framework, and their numbers.
const PEERS: [(&str, &str, &str); 5] = [
    ("pytorch", "pytorch", "f32"),
    ("pytorch-bf16", "pytorch", "bf16"),
    ("onnxruntime", "onnxruntime", "f32"),
    ("openvino", "openvino", "f32"),
    ("openvino-bf16", "openvino", "bf16"),
];

/// The shipped weights for the peers, with a canvas of which all cells are hidden, and our logits.
fn given(phrase: &NoteRoll) -> Result<PathBuf, Error> {
    let device = &Device::Cpu;
    let bytes = shipped::arranger();
    let (_, network) = read_network(bytes, device)?;
    let canvas = Canvas {
        hidden: Roll::from_steps([u128::MAX >> (128 - PITCHES); STEPS]),
        tune: tune::tune(phrase),
        harmony: HarmonyInput::Triads.of(phrase.sounding(), 3),
        ..Canvas::default()
    };
    let condition =
        encoding::condition(network.config(), column_share(1), 0.5, &Attributes::UNTOLD);
    let prepared = network.prepared(Level::best())?;
    let (mut arena, norms) = (prepared.arena(), prepared.fold(&condition, None));
    let mut logits = vec![0.0; LOGITS * CELLS];
    on_this_thread(|| prepared.logits(&mut arena, &canvas, &norms, &mut logits));
    let tensors = tensors(bytes, device)?.into_iter();
    let of_network = tensors.filter(|(name, _)| !name.starts_with("palette"));
    let mut tensors: Vec<(String, Tensor)> = of_network.collect();
    let shape = (1, LOGITS, STEPS, PITCHES);
    let ours = [
        ("x", encoding::planes(&[canvas], device)?),
        ("condition", Tensor::new(vec![condition], device)?),
        ("y", Tensor::from_vec(logits, shape, device)?),
    ];
    tensors.extend(ours.map(|(name, tensor)| (name.to_owned(), tensor)));
    let blocks = network.config().residual_blocks.to_string();
    given::write("arranger.safetensors", &tensors, &[("blocks", blocks)])
}

fn case(args: &Args, key: &str, threads: usize, precision: &str) -> Result<(), Error> {
    let mut settings = ArrangerRecipe::usual().settings;
    settings.bf16 = precision == "bf16";
    let pool = pool(threads)?;
    let mut state = pool.install(|| ArrangerState::new(&settings, &Genre::ALL, 1, &Device::Cpu))?;
    let data = music()?;
    let batches = MaskedSampler::new(&data, &Genre::ALL, &settings, 1)?;
    let batch: Vec<MaskedPhrase> = batches.batch(0)?;
    let mut step = 0;
    let mut sides = vec![Side::new("ours", || {
        step += 1;
        pool.install(|| {
            timed(|| {
                state.run(step, &batch, settings.learning_rate)?;
                Ok(())
            })
        })
    })];
    let network = settings.network;
    let sizes = [
        network.base_channels,
        network.residual_blocks,
        settings.batch,
        threads,
    ];
    sides.extend(training_step(args, "arranger", &sizes, threads, precision)?);
    in_turn(key, Unit::Seconds, args.rounds, 1, sides)
}

/// A phrase with as many notes as music has.
fn phrase() -> NoteRoll {
    let notes = (0..120usize).map(|note| GridNote {
        start: (note * 7 % 60) as u8,
        row: (note * 29 % PITCHES) as u8,
        length: (1 + note % 4) as u8,
    });
    notes.collect()
}

/// A phrase of each genre.
fn music() -> Result<Data, Error> {
    let piece = Piece::new("phrase.mid", "here", Split::Train, vec![phrase()]);
    let pieces = Genre::ALL.map(|genre| (genre, vec![piece.clone()]));
    Ok(Data::of_pieces(pieces.into(), Vec::new())?)
}
