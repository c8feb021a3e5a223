//! `cargo xtask bundle`: the plugin as CLAP and VST3, under its display name.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use crate::process::{cargo, run as run_process};
use crate::system;

/// The library's name, which `bundler.toml` turns into the display name.
const LIBRARY: &str = "third-stream";
/// The plugin's name in the bundles.
const DISPLAY_NAME: &str = "Third Stream";

/// What to build.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The cargo profile: release is what is shipped, dev builds faster.
    #[arg(long, default_value = "release")]
    profile: String,
    /// Run the networks on a GPU: cuda or metal.
    #[arg(long)]
    gpu: Option<String>,
    /// Install missing system libraries instead of naming them.
    #[arg(long)]
    install_deps: bool,
}

/// The two bundles of one build.
pub(crate) struct Bundles {
    pub(crate) clap: PathBuf,
    pub(crate) vst3: PathBuf,
}

/// Builds and says where the bundles are.
pub(crate) fn run(args: &Args) -> Result<()> {
    system::libraries(args.install_deps)?;
    let features = args.gpu.iter().map(String::as_str).collect::<Vec<_>>();
    let bundles = bundle(&args.profile, &features)?;
    println!("{}\n{}", bundles.clap.display(), bundles.vst3.display());
    Ok(())
}

/// Builds the plugin in `profile` with its `features` and bundles it in target/bundled.
pub(crate) fn bundle(profile: &str, features: &[&str]) -> Result<Bundles> {
    build(profile, features)?;
    pack(&crate::target(), profile, false)
}

/// As [`bundle`], but in a folder of the profile's own, so that a build with checks in it is
/// never taken for the one to install.
pub(crate) fn bundle_apart(profile: &str, features: &[&str]) -> Result<Bundles> {
    build(profile, features)?;
    pack_apart(profile)
}

/// Bundles what was built in `profile`, in a folder of the profile's own.
pub(crate) fn pack_apart(profile: &str) -> Result<Bundles> {
    // The bundler looks for the library in TARGET/PROFILE and writes to TARGET/bundled; with
    // the profile's folder as TARGET and `.` as PROFILE both are the profile's own.
    pack(&crate::target().join(profile), ".", false)
}

/// Bundles what was built in `profile` for both of Apple's kinds of processor.
pub(crate) fn pack_universal(profile: &str) -> Result<Bundles> {
    pack(&crate::target(), profile, true)
}

fn build(profile: &str, features: &[&str]) -> Result<()> {
    let features = features.join(",");
    let mut args = vec!["build", "--package", "third-stream-plugin", "--lib"];
    args.extend(["--profile", profile]);
    if !features.is_empty() {
        args.extend(["--features", &features]);
    }
    run_process(&mut cargo(&args))
}

fn pack(target: &Path, folder: &str, universal: bool) -> Result<Bundles> {
    // The bundler reads bundler.toml from the current folder.
    std::env::set_current_dir(crate::root())?;
    let folder = if folder == "dev" { "debug" } else { folder };
    let profile = format!("--profile={folder}");
    nice_plug_xtask::bundle(target, LIBRARY, &[profile], universal)
        .map_err(|error| anyhow!("{error:#}"))
        .context("the plugin was built but could not be bundled")?;
    let bundled = |extension: &str| {
        let path = target
            .join("bundled")
            .join(format!("{DISPLAY_NAME}.{extension}"));
        path.exists().then_some(path).with_context(|| {
            format!("the {extension} bundle is missing: does the plugin export {extension}?")
        })
    };
    Ok(Bundles {
        clap: bundled("clap")?,
        vst3: bundled("vst3")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_display_name_is_the_bundler_s() {
        let config = std::fs::read_to_string(crate::root().join("bundler.toml")).unwrap();
        assert!(config.contains(&format!("[{LIBRARY}]\nname = \"{DISPLAY_NAME}\"")));
    }
}
