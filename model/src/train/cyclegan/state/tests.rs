//! A step learns what it should, and a restored state goes on exactly.

use candle_core::DType;

use super::discriminators::generator_judged_by;
use super::*;

fn rolls(seed: u64, count: usize) -> Vec<Roll> {
    let mut draw = Normal::new(seed);
    (0..count)
        .map(|_| {
            let mut roll = Roll::EMPTY;
            for _ in 0..30 {
                let (row, start) = (draw.next_below(PITCHES), draw.next_below(STEPS));
                roll.fill(row, start, start + 1 + draw.next_below(6));
            }
            roll
        })
        .collect()
}

fn batch(seed: u64) -> Batch {
    Batch {
        a: rolls(seed, 2),
        b: rolls(seed + 1, 2),
        mixed: rolls(seed + 2, 2),
    }
}

fn bits(state: &CycleGanState) -> Vec<(String, Vec<u32>)> {
    let bits = |tensor: &Tensor| {
        let tensor = tensor.flatten_all().unwrap().to_dtype(DType::F32).unwrap();
        tensor
            .to_vec1::<f32>()
            .unwrap()
            .into_iter()
            .map(f32::to_bits)
            .collect()
    };
    state
        .tensors()
        .unwrap()
        .iter()
        .map(|(name, tensor)| (name.clone(), bits(tensor)))
        .collect()
}

#[test]
fn a_restored_state_goes_on_as_if_it_had_never_stopped() {
    let recipe = CycleGanRecipe::smoke();
    let mut whole = CycleGanState::new(&recipe, 5, &Device::Cpu).unwrap();
    for step in 0..3 {
        whole.run(step, &batch(step), 1e-3).unwrap();
    }
    let saved = whole.tensors().unwrap();
    let saved = saved
        .into_iter()
        .map(|(n, t)| (n, t.copy().unwrap()))
        .collect();
    let mut resumed = CycleGanState::new(&recipe, 5, &Device::Cpu).unwrap();
    resumed.restore(&saved).unwrap();
    for step in 3..8 {
        let losses = whole.run(step, &batch(step), 1e-3).unwrap();
        assert_eq!(resumed.run(step, &batch(step), 1e-3).unwrap(), losses);
    }
    assert_eq!(bits(&whole), bits(&resumed));
}

#[test]
fn each_discriminator_judges_the_fakes_that_aim_at_its_genre() {
    // D_A (index 0) and D_A,m (2) are for fakes of A, which generator B→A makes.
    assert_eq!(
        [0, 1, 2, 3].map(generator_judged_by).map(Direction::index),
        [1, 0, 1, 0]
    );
}

#[test]
fn discriminators_learn_to_tell_genres_apart() {
    // Real music of A is high, of B low; the fresh generators are close to the identity, so the
    // fakes of A are low and those of B high. A discriminator of the wrong domain could not win.
    let one = |row: usize| {
        let mut roll = Roll::EMPTY;
        roll.fill(row, 0, STEPS);
        roll
    };
    let batch = Batch {
        a: vec![one(60); 2],
        b: vec![one(20); 2],
        mixed: vec![one(40); 2],
    };
    let recipe = CycleGanRecipe::smoke();
    let mut state = CycleGanState::new(&recipe, 1, &Device::Cpu).unwrap();
    let first = state.run(0, &batch, 1e-3).unwrap().discriminators;
    let mut last = first;
    for step in 1..40 {
        last = state.run(step, &batch, 1e-3).unwrap().discriminators;
    }
    assert!(
        last < 0.8 * first,
        "the discriminators' loss went from {first} to {last}"
    );
}

#[test]
fn the_cycle_loss_falls_without_discriminators_in_the_way() {
    let mut recipe = CycleGanRecipe::smoke();
    recipe.settings.generator.skip = 0.0;
    recipe.settings.terms.cycle = 100.0;
    let mut state = CycleGanState::new(&recipe, 2, &Device::Cpu).unwrap();
    let batch = batch(9);
    let first = state.run(0, &batch, 5e-3).unwrap().cycle;
    let mut last = first;
    for step in 1..40 {
        last = state.run(step, &batch, 5e-3).unwrap().cycle;
    }
    assert!(
        last < 0.8 * first,
        "the cycle loss went from {first} to {last}"
    );
}
