//! `third-stream calibrate`: thresholds that match the density, chosen on validation phrases.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use third_stream_model::classify::judge::GenreClassifier;
use third_stream_model::data::Split;
use third_stream_model::data::threshold::{AIM, matched};
use third_stream_model::evaluate::validate;
use third_stream_model::genre::Direction;
use third_stream_model::roll::Roll;
use third_stream_model::transfer::{CycleGanTransfer, on_this_thread};
use third_stream_model::weights::{self, FamilyHeader};

use crate::evaluate::write;
use crate::music::MusicArgs;

/// Options of `calibrate`.
#[derive(clap::Args, Debug)]
pub(crate) struct CalibrateArgs {
    /// The weights
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,
    #[command(flatten)]
    music: MusicArgs,
    /// Validation phrases of each genre, at most
    #[arg(long, default_value_t = 400, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    phrases: u16,
    /// The file to write: the same networks with their new thresholds and scores
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Measures, writes, and says what was found.
pub(crate) fn run(args: &CalibrateArgs) -> Result<()> {
    let at = || args.weights.display().to_string();
    let bytes = fs::read(&args.weights).with_context(|| format!("{}: cannot be read", at()))?;
    let transfer = CycleGanTransfer::from_bytes(&bytes).with_context(at)?;
    let pair = transfer.pair();
    if let Some(music) = args.music.unnamed() {
        println!("{music}");
    }
    let data = args.music.read(pair)?;
    let some = |genre| {
        let rolls = &data.phrases(genre, Split::Validation).rolls;
        rolls.subset(usize::from(args.phrases))
    };
    let phrases: [Vec<Roll>; 2] = [some(pair.a)?, some(pair.b)?];
    ensure!(
        phrases.iter().all(|rolls| !rolls.is_empty()),
        "no validation phrases of {pair}: a tenth of the files are kept for it, so at least ten \
         of each genre are needed"
    );
    let judge = GenreClassifier::kept(&args.music.judges, pair, (&data, 1), false, &mut |_| ())?;
    let mut header = transfer.header().clone();
    let mut thresholds = header.cyclegan()?.threshold;
    for direction in Direction::BOTH {
        let rolls = &phrases[direction.index()];
        let found = on_this_thread(|| transfer.probabilities(rolls, direction))?;
        let found = matched(&found, rolls);
        let target = pair.target(direction);
        match found {
            Some(threshold) => {
                println!("to {target}: threshold {threshold:.2}");
                thresholds[direction.index()] = threshold;
            }
            None => println!(
                "to {target}: no threshold gives a density ratio of {} to {}; it stays at {:.2}",
                AIM[0],
                AIM[1],
                thresholds[direction.index()]
            ),
        }
    }
    if let FamilyHeader::CycleGan(cyclegan) = &mut header.family {
        cyclegan.threshold = thresholds;
    }
    let calibrated = CycleGanTransfer::from_bytes(&weights::with_header(&bytes, &header)?)?;
    let scored = |transfer: &CycleGanTransfer| {
        on_this_thread(|| validate(transfer, phrases.each_ref().map(Vec::as_slice), &judge))
    };
    let (before, after) = (scored(&transfer)?, scored(&calibrated)?);
    println!("validation before: {before:.3?}\nvalidation after: {after:.3?}");
    header.scores = after.named().into();
    write(&args.out, &weights::with_header(&bytes, &header)?)?;
    println!("{}", args.out.display());
    Ok(())
}
