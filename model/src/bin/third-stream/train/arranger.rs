//! Training of the arranger: one network for all genres.

use std::path::Path;

use anyhow::{Context, Result, bail};
use candle_core::Device;
use third_stream_model::data::Data;
use third_stream_model::family::arranger::{ArrangerConfig, palette};
use third_stream_model::genre::Genre;
use third_stream_model::roll::notes::NoteRoll;
use third_stream_model::train::arranger::batch::MaskedSampler;
use third_stream_model::train::arranger::learner::ArrangerLearner;
use third_stream_model::train::arranger::state::ArrangerState;
use third_stream_model::train::arranger::validation::ArrangerValidation;
use third_stream_model::train::recipe::arranger::ArrangerRecipe;
use third_stream_model::train::run::{self, Outcome, RunPlan, Validation};
use third_stream_model::weights::{self, ArrangerHeader};

use super::{Request, TrainArgs, commit, stop_on_interrupt};

/// Phrases of each genre on the run's page.
const SHOWN: usize = 2;
/// Steps between validations.
const VALIDATE_EVERY: u64 = 500;

/// Weights that a run begins with.
pub(super) struct Start {
    bytes: Vec<u8>,
    /// The genres that they know, in the order of the norms' columns.
    pub(super) columns: Vec<String>,
}

/// Reads the weights in a file, which have to be those of a network of the same shape that knows
/// the genres.
pub(super) fn start(path: &Path, recipe: &ArrangerRecipe, genres: &[Genre]) -> Result<Start> {
    let at = || path.display().to_string();
    let bytes = std::fs::read(path)
        .with_context(|| format!("{}: cannot be read; expected a weights file", at()))?;
    let header = weights::Header::read(&bytes).with_context(at)?;
    let known = header.arranger().with_context(at)?;
    let ArrangerHeader {
        network,
        genres: columns,
    } = known.clone();
    let wanted = recipe.settings.network;
    // It may have been told the harmony otherwise: it learns what the recipe tells it.
    let sizes = |network: ArrangerConfig| (network.base_channels, network.residual_blocks);
    if sizes(network) != sizes(wanted) {
        bail!(
            "--from {}: its network has {} channels × {} blocks, expected the recipe's {} × {}; \
             add --set network.base_channels={} --set network.residual_blocks={}",
            at(),
            network.base_channels,
            network.residual_blocks,
            wanted.base_channels,
            wanted.residual_blocks,
            network.base_channels,
            network.residual_blocks,
        );
    }
    if network.attributes && !wanted.attributes {
        bail!(
            "--from {}: its network is told a phrase's attributes, which the recipe's is not; \
             expected \"attributes\": true in the recipe's \"network\"",
            at()
        );
    }
    if let Some(missing) = genres.iter().find(|genre| known.column(**genre).is_none()) {
        bail!(
            "--from {}: knows {} but not {missing}; expected weights that know all genres of the \
             run",
            at(),
            columns.join(", ")
        );
    }
    Ok(Start { bytes, columns })
}

/// Builds the network and runs the plan.
pub(super) fn train(
    args: &TrainArgs,
    request: &Request,
    (recipe, genres): (&ArrangerRecipe, &[Genre]),
    start: Option<&Start>,
    data: &Data,
    plan: &RunPlan,
) -> Result<Outcome> {
    let settings = &recipe.settings;
    let batches = MaskedSampler::new(data, genres, settings, request.seed)?;
    let columns = plan.record.columns.iter().map(|name| name.parse());
    let mut columns: Vec<Genre> = columns.collect::<Result<_, _>>()?;
    if columns.is_empty() {
        columns = genres.to_vec();
    }
    let mut learner = ArrangerLearner {
        state: ArrangerState::new(settings, &columns, request.seed, &plan.device)?,
        recipe: recipe.name.clone(),
        seed: request.seed,
        data: data.hash().to_owned(),
        commit: commit(),
        palettes: batches.palettes(palette::ENTRIES)?,
        shown: shown(data, genres)?,
    };
    if let Some(start) = start {
        let kept = weights::read_palettes(&start.bytes)?.into_iter();
        let kept = kept.filter(|(genre, _)| !genres.contains(genre));
        learner.palettes.extend(kept);
        let tensors = weights::tensors(&start.bytes, &Device::Cpu)?;
        learner.state.load(&tensors)?;
    }
    let every = args.validate_every.unwrap_or(VALIDATE_EVERY);
    let panel = match every {
        _ if args.smoke => None,
        0 => None,
        _ => Some(ArrangerValidation::new(
            data,
            genres,
            settings,
            args.validate_phrases,
        )?),
    };
    let validation = panel.as_ref().map(|panel| Validation {
        every,
        score: Box::new(|learner: &ArrangerLearner| panel.score(&learner.state)),
    });
    let stop = stop_on_interrupt()?;
    Ok(run::run(&mut learner, &batches, plan, validation, &stop)?)
}

/// The phrases of the run's page, heard by no network where there are such; those of each genre go
/// to the next.
fn shown(data: &Data, genres: &[Genre]) -> Result<Vec<(Genre, NoteRoll)>> {
    let mut shown = Vec::new();
    let targets = genres.iter().cycle().skip(1);
    for (source, target) in genres.iter().zip(targets) {
        let phrases = data.held_out(*source).rolls.subset_notes(SHOWN)?;
        shown.extend(phrases.into_iter().map(|phrase| (*target, phrase)));
    }
    Ok(shown)
}
