//! `adopt`: trained weights for the plugin's own list.

use std::path::PathBuf;

use anyhow::{Context, Result};
use third_stream_model::user_weights;

/// The arguments of `adopt`.
#[derive(clap::Args)]
pub(crate) struct AdoptArgs {
    /// A weights file, such as a run's best.safetensors; the file itself stays where it is.
    file: PathBuf,
    /// The name in the plugin's list; without it that of the run's folder.
    #[arg(long)]
    name: Option<String>,
}

/// Puts a copy into the user's folder, once it is known that the plugin can use it.
pub(crate) fn run(args: &AdoptArgs) -> Result<()> {
    let name = match &args.name {
        Some(name) => name.clone(),
        None => name_of_run(args).with_context(|| {
            format!(
                "{}: no folder to name the weights after; say --name",
                args.file.display()
            )
        })?,
    };
    let (path, pairs) = user_weights::keep(&user_weights::folder()?, &name, &args.file)?;
    println!("wrote {}", path.display());
    for pair in pairs.0 {
        println!(
            "in the plugin: Pair, then \"{name}\" under {} \u{2013} {}",
            pair.a, pair.b
        );
    }
    Ok(())
}

/// The name of the folder that the file is in.
fn name_of_run(args: &AdoptArgs) -> Option<String> {
    let file = args.file.canonicalize().ok()?;
    Some(file.parent()?.file_name()?.to_str()?.to_owned())
}
