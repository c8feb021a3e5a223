//! Steps, resumed steps and what a state gives and takes back.

use super::super::batch::MaskedSampler;
use super::super::batch::tests::data;
use super::*;
use crate::data::batch::Batches;
use crate::train::recipe::arranger::ArrangerRecipe;

const GENRES: [Genre; 2] = [Genre::Jazz, Genre::Pop];

fn settings() -> ArrangerSettings {
    let mut settings = ArrangerRecipe::smoke().settings;
    settings.network.base_channels = 4;
    settings
}

fn state(seed: u64) -> ArrangerState {
    ArrangerState::new(&settings(), &GENRES, seed, &Device::Cpu).unwrap()
}

fn bits(tensors: &BTreeMap<String, Tensor>) -> Vec<(String, Vec<u32>)> {
    let bits = |tensor: &Tensor| -> Vec<u32> {
        let values = tensor
            .flatten_all()
            .unwrap()
            .to_dtype(candle_core::DType::F32);
        let values = values.unwrap().to_vec1::<f32>().unwrap();
        values.into_iter().map(f32::to_bits).collect()
    };
    tensors
        .iter()
        .map(|(name, tensor)| (name.clone(), bits(tensor)))
        .collect()
}

#[test]
fn the_loss_falls_and_so_does_that_of_the_running_mean() {
    let data = data(&GENRES);
    let sampler = MaskedSampler::new(&data, &GENRES, &settings(), 1).unwrap();
    let mut state = state(1);
    let fixed = sampler.batch(1000).unwrap();
    let total = |state: &ArrangerState| state.loss(&fixed).unwrap().iter().sum::<f32>();
    let before = total(&state);
    let mut first = None;
    let mut last = ArrangerLosses::default();
    for step in 0..60 {
        last = state
            .run(step, &sampler.batch(step).unwrap(), 4e-3)
            .unwrap();
        first.get_or_insert(last);
        assert!(last.gradient_norm > 0.0);
    }
    let first = first.unwrap();
    assert!(last.onset + last.length < 0.8 * (first.onset + first.length));
    assert!(total(&state) < 0.8 * before);
    let drawn = state.run(60, &fixed, 0.0).unwrap();
    let [onset, length] = state.loss(&fixed).unwrap();
    assert_ne!([onset, length], [drawn.onset, drawn.length], "no mean");
}

#[test]
fn a_restored_state_goes_on_to_the_same_bits() {
    let data = data(&GENRES);
    let sampler = MaskedSampler::new(&data, &GENRES, &settings(), 1).unwrap();
    let go = |state: &mut ArrangerState, steps: std::ops::Range<u64>| {
        for step in steps {
            let batch = sampler.batch(step).unwrap();
            state.run(step, &batch, 1e-3).unwrap();
        }
    };
    let (mut whole, mut stopped, mut again) = (state(1), state(1), state(2));
    go(&mut whole, 0..5);
    go(&mut stopped, 0..2);
    again.restore(&stopped.tensors().unwrap()).unwrap();
    go(&mut again, 2..5);
    assert_eq!(
        bits(&again.tensors().unwrap()),
        bits(&whole.tensors().unwrap())
    );
}

#[test]
fn the_network_is_told_the_genre() {
    let data = data(&GENRES);
    let sampler = MaskedSampler::new(&data, &GENRES, &settings(), 1).unwrap();
    let state = state(1);
    let mut batch = sampler.batch(0).unwrap();
    let loss_as = |genre, batch: &mut Vec<MaskedPhrase>| {
        for one in batch.iter_mut() {
            one.genre = genre;
        }
        state.loss(batch).unwrap()
    };
    let [jazz, pop, none] =
        [Some(Genre::Jazz), Some(Genre::Pop), None].map(|genre| loss_as(genre, &mut batch));
    assert!(jazz != pop && pop != none && none != jazz);
    // One that has no column is none.
    assert_eq!(loss_as(Some(Genre::Classic), &mut batch), none);
}

#[test]
fn weights_that_do_not_fit_are_refused() {
    let mut state = state(1);
    let mut weights: HashMap<String, Tensor> = state.kept().into_iter().collect();
    weights.remove("output.kernel");
    let why = state.load(&weights).unwrap_err().to_string();
    assert!(why.contains("no tensor output.kernel"), "{why}");
}
