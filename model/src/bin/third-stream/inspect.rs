//! `inspect`: what a file of this project says of itself.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use third_stream_model::train::checkpoint;
use third_stream_model::weights::Header;

/// The arguments of `inspect`.
#[derive(clap::Args)]
pub(crate) struct InspectArgs {
    /// A weights file, or a checkpoint of a run.
    file: PathBuf,
}

/// Prints the header as JSON.
pub(crate) fn run(args: &InspectArgs) -> Result<()> {
    let bytes = std::fs::read(&args.file).with_context(|| {
        format!(
            "{}: cannot be read; expected a weights file or a checkpoint",
            args.file.display()
        )
    })?;
    let weights = match Header::read(&bytes) {
        Ok(header) => {
            println!("{}", serde_json::to_string_pretty(&header)?);
            return Ok(());
        }
        Err(why) => why,
    };
    match checkpoint::header(&args.file) {
        Ok(header) => println!("{}", serde_json::to_string_pretty(&header)?),
        Err(_) => bail!("{}: {weights}", args.file.display()),
    }
    Ok(())
}
