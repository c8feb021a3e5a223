//! The transfer's forward pass with the shipped weights: the notes of the network that was
//! trained, and no allocation.

use candle_core::Device;
use third_stream_model::family::arranger::{
    ArrangerConfig, Attributes, Canvas, LOGITS, Network, encoding,
};
use third_stream_model::family::cyclegan::{rolls_of_tensor, tensor_of_rolls};
use third_stream_model::genre::Direction;
use third_stream_model::nn::inference::Level;
use third_stream_model::nn::init::Store;
use third_stream_model::roll::{CELLS, PITCHES, Roll, STEPS};
use third_stream_model::transfer::on_this_thread;
use third_stream_model::weights::read_generators;

const SHIPPED: &[u8] = include_bytes!("../../weights/cyclegan.safetensors");

/// Chords, a bass line and a melody that differ from phrase to phrase.
fn phrase(index: usize) -> Roll {
    let mut roll = Roll::EMPTY;
    for bar in 0..4 {
        let root = 12 + (bar * 5 + index * 7) % 12;
        for degree in [0, 3 + index % 2, 7, 10 + bar % 2] {
            roll.fill(24 + root + degree, 16 * bar, 16 * bar + 8 + index);
        }
        for beat in 0..4 {
            let start = 16 * bar + 4 * beat;
            roll.fill((root + beat * (index + 2)) % 24, start, start + 3);
            let tune = (root + beat * beat + bar * index) % 19;
            roll.fill(48 + tune, start + index % 2, start + 2 + beat % 3);
        }
    }
    roll
}

#[test]
fn the_notes_are_those_of_the_network_that_was_trained() {
    let (header, generators) = read_generators(SHIPPED, &Device::Cpu).unwrap();
    let rolls: Vec<Roll> = (0..6).map(phrase).collect();
    let x = tensor_of_rolls(&rolls, &Device::Cpu).unwrap();
    for direction in Direction::BOTH {
        let generator = &generators[direction.index()];
        let expected = generator.logits(&x).unwrap();
        let logits = expected.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let threshold = header.cyclegan().unwrap().threshold[direction.index()];
        let expected = candle_nn::ops::sigmoid(&expected).unwrap();
        let expected = rolls_of_tensor(&expected, threshold).unwrap();
        for level in Level::all() {
            let net = generator.prepared(level).unwrap();
            let mut arena = net.arena();
            for (index, roll) in rolls.iter().enumerate() {
                let (mut cells, mut found) = (vec![0.0; CELLS], vec![0.0; CELLS]);
                roll.write_values(&mut cells);
                net.logits(&mut arena, &cells, &mut found);
                let logits = &logits[index * CELLS..][..CELLS];
                let away = found.iter().zip(logits).map(|(a, b)| (a - b).abs());
                let worst = away.fold(0.0, f32::max);
                assert!(worst <= 1e-3, "{}: a logit is {worst} away", level.name());
                net.probabilities(&mut arena, &cells, &mut found);
                let found = Roll::from_values(&found, threshold);
                assert_eq!(found, expected[index], "{}, phrase {index}", level.name());
            }
        }
        // Something is transferred at all.
        assert_ne!(expected, rolls);
    }
}

#[test]
fn a_pass_does_not_allocate() {
    let (_, generators) = read_generators(SHIPPED, &Device::Cpu).unwrap();
    let net = generators[0].prepared(Level::best()).unwrap();
    let mut arena = net.arena();
    let (mut cells, mut found) = (vec![0.0; STEPS * PITCHES], vec![0.0; CELLS]);
    phrase(1).write_values(&mut cells);
    let mut pass = || net.probabilities(&mut arena, &cells, &mut found);
    on_this_thread(|| {
        pass();
        let counted = allocation_counter::measure(&mut pass);
        assert_eq!(counted.count_total, 0, "{counted:?}");
    });
}

#[test]
fn the_arranger_s_pass_does_not_allocate() {
    let config = ArrangerConfig::new(20, 2);
    let network = Network::new(&config, &Store::new(1).builder(&Device::Cpu)).unwrap();
    let net = network.prepared(Level::best()).unwrap();
    let mut arena = net.arena();
    let styles = [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]];
    let norms = styles.map(|style| {
        let told = Attributes::UNTOLD;
        net.fold(&encoding::condition(&config, style, 0.5, &told), None)
    });
    let [mut one, mut other] = [(); 2].map(|()| vec![0.0; LOGITS * CELLS]);
    let canvas = Canvas {
        hidden: phrase(1),
        ..Canvas::default()
    };
    let mut pass = || {
        net.logits(&mut arena, &canvas, &norms[0], &mut one);
        net.both(
            &mut arena,
            &canvas,
            norms.each_ref(),
            [&mut one, &mut other],
        );
    };
    on_this_thread(|| {
        pass();
        let counted = allocation_counter::measure(&mut pass);
        assert_eq!(counted.count_total, 0, "{counted:?}");
    });
}
