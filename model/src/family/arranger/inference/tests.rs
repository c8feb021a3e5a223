//! The pass against the network of training, and against itself.

use candle_core::{Device, Tensor};

use super::*;
use crate::family::arranger::{ArrangerConfig, Attributes, Harmony, Network, encoding};
use crate::nn::init::{Normal, Store};
use crate::roll::notes::{GridNote, NoteRoll};
use crate::roll::{PITCHES, Roll, STEPS};

/// Two conditions of a network with attributes.
fn conditions() -> [Vec<f32>; 2] {
    let config = ArrangerConfig::default();
    let attributes = |up: f32| Attributes(std::array::from_fn(|place| up * place as f32 / 27.0));
    [
        encoding::condition(&config, [1.0, 0.0, 0.0, 0.0], 0.5, &attributes(1.0)),
        encoding::condition(&config, [0.0, 0.4, 0.6, 0.0], 0.0, &attributes(-0.5)),
    ]
}

fn network(base_channels: usize, residual_blocks: usize) -> Network {
    let config = ArrangerConfig::new(base_channels, residual_blocks);
    let store = Store::new(3);
    Network::new(&config, &store.builder(&Device::Cpu)).unwrap();
    // Norms that say something: initial ones hardly depend on the condition.
    for (name, variable) in store.variables() {
        if name.contains("norm") {
            let large = (variable.as_tensor() * 20.0).unwrap();
            variable.set(&large).unwrap();
        }
    }
    Network::new(&config, &store.builder(&Device::Cpu)).unwrap()
}

fn canvas(seed: u64) -> Canvas {
    let mut draw = Normal::new(seed);
    let mut notes = |count: usize| -> NoteRoll {
        let mut note = |_| GridNote {
            start: draw.next_below(STEPS) as u8,
            row: draw.next_below(PITCHES) as u8,
            length: 1 + draw.next_below(16) as u8,
        };
        (0..count).map(&mut note).collect()
    };
    let (shown, tune, hidden) = (notes(100), notes(20), notes(200));
    Canvas {
        shown,
        tune,
        hidden: *hidden.sounding(),
        harmony: Harmony(std::array::from_fn(|_| draw.next_below(1 << 12) as u16)),
    }
}

/// For each logit of a canvas: is its cell hidden?
fn is_hidden(canvas: &Canvas) -> impl Iterator<Item = bool> {
    let cell = |place| canvas.hidden.get(place % CELLS / PITCHES, place % PITCHES);
    (0..LOGITS * CELLS).map(cell)
}

fn logits(net: &PreparedArranger, canvas: &Canvas, condition: &[f32]) -> Vec<f32> {
    let mut logits = vec![0.0; LOGITS * CELLS];
    net.logits(
        &mut net.arena(),
        canvas,
        &net.fold(condition, None),
        &mut logits,
    );
    logits
}

#[test]
fn every_instruction_set_gives_what_the_network_of_training_gives() {
    // Sizes that fill a block of channels, a panel, neither, and more than one.
    for (base, blocks) in [(3, 1), (4, 2), (8, 3), (20, 2), (36, 1)] {
        let network = network(base, blocks);
        let mut canvases = [canvas(1), canvas(2)];
        canvases[1].hidden = Roll::from_steps([!0; STEPS]);
        let planes = encoding::planes(&canvases, &Device::Cpu).unwrap();
        let both = Tensor::new(conditions().to_vec(), &Device::Cpu).unwrap();
        let expected = network.logits(&planes, &both).unwrap();
        let expected = expected.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for level in Level::all() {
            let net = network.prepared(level).unwrap();
            let conditions = conditions();
            let found = canvases.iter().zip(&conditions);
            let found = found.flat_map(|(canvas, condition)| logits(&net, canvas, condition));
            let hidden = canvases.iter().flat_map(is_hidden);
            let pairs = found.zip(&expected).zip(hidden);
            let pairs = pairs.filter_map(|(pair, hidden)| hidden.then_some(pair));
            let far = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            println!("{}, {base} × {blocks}: {far:e}", level.name());
            assert!(far <= 1e-4, "{}, {base} × {blocks}: {far:e}", level.name());
        }
    }
}

#[test]
fn neither_threads_nor_earlier_passes_show() {
    let network = network(20, 2);
    for level in Level::all() {
        let net = network.prepared(level).unwrap();
        let norms = net.fold(&conditions()[0], None);
        let bits = |threads| {
            let pool = crate::nn::pool(threads);
            let mut arena = net.arena();
            let mut y = vec![0.0; LOGITS * CELLS];
            pool.install(|| {
                for seed in [3, 2, 1] {
                    y.fill(0.0);
                    net.logits(&mut arena, &canvas(seed), &norms, &mut y);
                }
            });
            y.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        let alone = bits(1);
        assert_eq!(alone, bits(2), "{}", level.name());
        assert_eq!(alone, bits(3), "{}", level.name());
        let fresh = logits(&net, &canvas(1), &conditions()[0]);
        let fresh: Vec<u32> = fresh.into_iter().map(f32::to_bits).collect();
        assert_eq!(alone, fresh, "{}", level.name());
    }
}

#[test]
fn what_is_kept_of_a_tune_is_of_that_tune() {
    let network = network(8, 1);
    let net = network.prepared(Level::best()).unwrap();
    let norms = net.fold(&conditions()[0], None);
    let (one, other) = (canvas(5), canvas(6));
    let harmony = Canvas {
        harmony: other.harmony,
        ..one
    };
    let shown = Canvas {
        shown: other.shown,
        hidden: other.hidden,
        ..one
    };
    let mut arena = net.arena();
    for canvas in [&one, &shown, &harmony, &other, &one] {
        let mut found = vec![0.0; LOGITS * CELLS];
        net.logits(&mut arena, canvas, &norms, &mut found);
        assert!(found == logits(&net, canvas, &conditions()[0]));
    }
}

#[test]
fn logits_of_cells_that_are_shown_stay() {
    let network = network(8, 1);
    let net = network.prepared(Level::best()).unwrap();
    let (norms, canvas) = (net.fold(&conditions()[0], None), canvas(7));
    let mut found = vec![f32::NAN; LOGITS * CELLS];
    net.logits(&mut net.arena(), &canvas, &norms, &mut found);
    for (value, hidden) in found.iter().zip(is_hidden(&canvas)) {
        assert_eq!(value.is_nan(), !hidden);
    }
}

#[test]
fn two_styles_at_once_are_each_of_them() {
    let network = network(20, 2);
    for level in Level::all() {
        let net = network.prepared(level).unwrap();
        let norms = conditions().map(|condition| net.fold(&condition, None));
        let [mut one, mut other] = [(); 2].map(|()| vec![0.0; LOGITS * CELLS]);
        let mut arena = net.arena();
        let canvas = canvas(4);
        net.both(
            &mut arena,
            &canvas,
            norms.each_ref(),
            [&mut one, &mut other],
        );
        let expected = conditions().map(|condition| logits(&net, &canvas, &condition));
        assert!(
            one == expected[0] && other == expected[1],
            "{}",
            level.name()
        );
    }
}
