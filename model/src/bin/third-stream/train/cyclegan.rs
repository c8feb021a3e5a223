//! Training of a genre pair's two generators.

use std::path::Path;

use anyhow::{Context, Result};
use third_stream_model::data::Data;
use third_stream_model::data::batch::{Drawing, PairSampler};
use third_stream_model::genre::{Genre, Pair};
use third_stream_model::roll::Roll;
use third_stream_model::train::cyclegan::learner::PairLearner;
use third_stream_model::train::cyclegan::state::CycleGanState;
use third_stream_model::train::cyclegan::validation::CycleGanValidation;
use third_stream_model::train::recipe::cyclegan::CycleGanRecipe;
use third_stream_model::train::run::{self, Outcome, RunPlan, Validation};

use super::{Request, TrainArgs, commit, parent, stop_on_interrupt};

/// Phrases of each genre on the run's page.
const SHOWN: usize = 3;
/// Steps between validations.
const VALIDATE_EVERY: u64 = 250;

/// The genres whose music is needed.
pub(super) fn genres(recipe: &CycleGanRecipe, pair: Pair) -> Vec<Genre> {
    let mut genres = vec![pair.a, pair.b];
    genres.extend(recipe.mixed_genres(pair));
    genres.sort_unstable();
    genres.dedup();
    genres
}

/// Builds the networks and runs the plan.
pub(super) fn train(
    args: &TrainArgs,
    request: &Request,
    (recipe, pair): (&CycleGanRecipe, Pair),
    data: &Data,
    plan: &RunPlan,
) -> Result<Outcome> {
    let drawing = Drawing {
        seed: request.seed,
        size: recipe.settings.batch,
        transpose: recipe.settings.transpose,
    };
    let batches = PairSampler::new(data, pair, &recipe.mixed_genres(pair), drawing)?;
    let mut learner = PairLearner {
        state: CycleGanState::new(recipe, request.seed, &plan.device)?,
        pair,
        data: data.hash().to_owned(),
        commit: commit(),
        shown: [shown(data, pair.a)?, shown(data, pair.b)?],
    };
    let every = args.validate_every.unwrap_or(VALIDATE_EVERY);
    let panel = match every {
        _ if args.smoke => None,
        0 => None,
        _ => Some(panel(args, request, pair, parent(&plan.folder))?),
    };
    let validation = panel.as_ref().map(|panel| Validation {
        every,
        score: Box::new(|learner: &PairLearner| panel.score(learner)),
    });
    let stop = stop_on_interrupt()?;
    Ok(run::run(&mut learner, &batches, plan, validation, &stop)?)
}

/// The phrases of the run's page: heard by no network, where there are such.
fn shown(data: &Data, genre: Genre) -> Result<Vec<Roll>> {
    Ok(data.held_out(genre).rolls.subset(SHOWN)?)
}

/// The judge and the phrases of the validations.
fn panel(
    args: &TrainArgs,
    request: &Request,
    pair: Pair,
    cache: &Path,
) -> Result<CycleGanValidation> {
    std::fs::create_dir_all(&args.judges).with_context(|| {
        format!(
            "{}: cannot be made; choose another --judges folder",
            args.judges.display()
        )
    })?;
    let mut told = args.quiet;
    let panel = CycleGanValidation::new(
        &args.judges,
        pair,
        (&request.corpus, request.selection),
        args.validate_phrases,
        Some(cache),
        &mut |_| {
            if !std::mem::replace(&mut told, true) {
                eprintln!("training the judge; it is kept for other runs");
            }
        },
    )?;
    Ok(panel)
}
