//! A training step of the paper's recipe with all four discriminators in the loss.

use candle_core::Device;
use third_stream_model::data::batch::Batch;
use third_stream_model::roll::{PITCHES, Roll, STEPS};
use third_stream_model::train::cyclegan::state::CycleGanState;
use third_stream_model::train::recipe::cyclegan::Mixed;
use third_stream_model::train::recipe::library;

use super::Args;
use super::peer::training_step;
use super::turns::{Error, Side, Unit, in_turn, pool, timed};

const BASE: usize = 32;
const BLOCKS: usize = 6;
const BATCH: usize = 16;

pub(crate) fn run(args: &Args, threads: usize) -> Result<(), Error> {
    for precision in ["f32", "bf16"] {
        let key = format!("step.{BASE}x{BLOCKS}.batch{BATCH}.threads{threads}.{precision}");
        if args.wants(&key) {
            case(args, &key, threads, precision)?;
        }
    }
    Ok(())
}

fn case(args: &Args, key: &str, threads: usize, precision: &str) -> Result<(), Error> {
    let mut recipe = library::find("paper/full")?.recipe;
    recipe.settings.generator.base_channels = BASE;
    recipe.settings.generator.residual_blocks = BLOCKS;
    recipe.settings.mixed = Mixed::InLoss;
    recipe.settings.replay_buffer = 0;
    recipe.settings.bf16 = precision == "bf16";
    let pool = pool(threads)?;
    let mut state = pool.install(|| CycleGanState::new(&recipe, 1, &Device::Cpu))?;
    let batch = Batch {
        a: rolls(1),
        b: rolls(2),
        mixed: rolls(3),
    };
    let mut step = 0;
    let mut sides = vec![Side::new("ours", || {
        step += 1;
        pool.install(|| {
            timed(|| {
                state.run(step, &batch, recipe.settings.learning_rate)?;
                Ok(())
            })
        })
    })];
    let sizes = [BASE, BLOCKS, BATCH, threads];
    sides.extend(training_step(args, "step", &sizes, threads, precision)?);
    in_turn(key, Unit::Seconds, args.rounds.div_ceil(5), 1, sides)
}

/// A batch of rolls that are mostly silent, as music is.
fn rolls(seed: usize) -> Vec<Roll> {
    let roll = |index: usize| {
        let mut roll = Roll::EMPTY;
        for note in 0..96 {
            let start = (note * 7 + index * seed) % (STEPS - 4);
            roll.fill((note * 29 + index) % PITCHES, start, start + 1 + note % 4);
        }
        roll
    };
    (0..BATCH).map(roll).collect()
}
