//! `cargo xtask dist`: what is given to users of this platform, the same bytes from the same
//! sources: an archive, a bill of materials and their checksums.

mod archive;
mod audit;
mod bill;
mod licences;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::bundle::{self, Bundles};
use crate::process::{cargo, host, output, run as run_process};
use crate::system;

/// The cargo profile of what is shipped.
const PROFILE: &str = "dist";
/// The two halves of a universal macOS build.
const APPLE: [&str; 2] = ["aarch64-apple-darwin", "x86_64-apple-darwin"];
/// Files in the archive beside the programs.
const PAPERS: [&str; 4] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "CHANGELOG.md"];

/// What to make, and where.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder for the archive, the bill of materials and SHA256SUMS.
    #[arg(long, default_value = "target/dist/out")]
    out: PathBuf,
    /// macOS: for both kinds of processor in one bundle.
    #[arg(long)]
    universal: bool,
    /// Install missing system libraries instead of naming them.
    #[arg(long)]
    install_deps: bool,
}

/// Builds, looks for what must not be in there, packs, and says what was made.
pub(crate) fn run(args: &Args) -> Result<()> {
    system::libraries(args.install_deps)?;
    let targets: &[&str] = if args.universal { &APPLE } else { &[] };
    let bundles = plugin(targets)?;
    let tool = tool(targets)?;
    let host = host()?;
    let bill = bill::Bill::read(&host)?;

    let mut files = archive::Files::new();
    for path in [&bundles.clap, &bundles.vst3, &tool] {
        files.add(path, Path::new(""))?;
    }
    audit::no_machine_paths(&files)?;
    for paper in PAPERS {
        files.add(&crate::root().join(paper), Path::new(""))?;
    }
    files.add(&crate::root().join("weights/CARD.md"), Path::new(""))?;
    // The tool has the starter corpus in it, whose credits go with it.
    let credits = crate::root().join("corpus/README.md");
    files.add_text("STARTER-CORPUS.md", fs::read_to_string(credits)?);
    files.add_text("THIRD-PARTY.txt", licences::text(&bill)?);

    let name = format!("third-stream-{}-{}", bill.version(), platform(&host, args));
    let out = crate::root().join(&args.out);
    fs::create_dir_all(&out).with_context(|| format!("could not make {}", out.display()))?;
    let made = [
        (format!("{name}.tar.gz"), files.archive(&name)?),
        (format!("{name}.cdx.json"), bill.json()?.into_bytes()),
    ];
    let mut sums = String::new();
    for (name, bytes) in &made {
        let path = out.join(name);
        fs::write(&path, bytes).with_context(|| format!("could not write {}", path.display()))?;
        let sum = format!("{:x}  {name}\n", Sha256::digest(bytes));
        print!("{sum}");
        sums.push_str(&sum);
    }
    let path = out.join("SHA256SUMS");
    fs::write(&path, sums).with_context(|| format!("could not write {}", path.display()))?;
    println!("in {}", out.display());
    Ok(())
}

/// Builds and bundles the plugin for these targets; none stands for this machine's.
fn plugin(targets: &[&str]) -> Result<Bundles> {
    let package = ["build", "--package", "third-stream-plugin", "--lib"];
    build(&package, targets)?;
    if targets.is_empty() {
        bundle::pack_apart(PROFILE)
    } else {
        bundle::pack_universal(PROFILE)
    }
}

/// Builds the command-line tool for these targets; where it is.
fn tool(targets: &[&str]) -> Result<PathBuf> {
    let mut package = vec!["build", "--package", "third-stream-model"];
    package.extend(["--features", "train", "--bin", "third-stream"]);
    build(&package, targets)?;
    let name = format!("third-stream{}", std::env::consts::EXE_SUFFIX);
    let built = |target: &str| crate::target().join(target).join(PROFILE).join(&name);
    if targets.is_empty() {
        return Ok(built(""));
    }
    let both = crate::target().join(PROFILE).join(&name);
    fs::create_dir_all(crate::target().join(PROFILE))?;
    let mut lipo = Command::new("lipo");
    lipo.arg("-create").arg("-output").arg(&both);
    lipo.args(targets.iter().map(|target| built(target)));
    run_process(&mut lipo)?;
    Ok(both)
}

/// One cargo build for each target, with the machine's paths mapped away.
fn build(package: &[&str], targets: &[&str]) -> Result<()> {
    let alone = [""];
    let targets = if targets.is_empty() { &alone } else { targets };
    for target in targets {
        let mut command = cargo(package);
        command.args(["--profile", PROFILE]);
        if !target.is_empty() {
            command.args(["--target", target]);
        }
        let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
        command.env("CARGO_ENCODED_RUSTFLAGS", encoded(&flags, &remaps()));
        run_process(&mut command)?;
    }
    Ok(())
}

/// The licences of what is in the page's module, built for `target`.
pub(crate) fn licences_of_the_page(target: &str) -> Result<String> {
    licences::text(&bill::Bill::of_the_page(target)?)
}

/// The places of this machine that compilers write into binaries, and what is written instead.
pub(crate) fn remaps() -> Vec<(PathBuf, &'static str)> {
    let mut places = vec![(crate::root(), "/third-stream")];
    // Later ones win, so the home comes before what lies in it.
    places.extend(std::env::home_dir().map(|home| (home, "/home")));
    places.extend(cargo_home().map(|home| (home, "/cargo")));
    places.sort_by_key(|(place, _)| place.as_os_str().len());
    places
}

fn cargo_home() -> Option<PathBuf> {
    let set = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    set.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
}

/// The user's flags and ours, as cargo takes them.
fn encoded(flags: &str, remaps: &[(PathBuf, &str)]) -> String {
    let own = remaps
        .iter()
        .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    let flags = flags.split_whitespace().map(str::to_owned);
    flags.chain(own).collect::<Vec<_>>().join("\x1f")
}

/// The platform as users know it.
fn platform(host: &str, args: &Args) -> String {
    if args.universal {
        return "macos-universal".to_owned();
    }
    let architecture = host.split('-').next().unwrap_or(host);
    format!("{}-{architecture}", std::env::consts::OS)
}

/// Reads what cargo says in JSON.
fn json(command: &mut Command) -> Result<serde_json::Value> {
    let said = output(command)?;
    ensure!(!said.is_empty(), "cargo said nothing");
    Ok(serde_json::from_str(&said)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_mapped_from_the_outermost_in() {
        let places = remaps();
        let lengths: Vec<_> = places.iter().map(|(p, _)| p.as_os_str().len()).collect();
        assert!(lengths.is_sorted(), "{places:?}");
        assert!(places.iter().any(|(place, _)| *place == crate::root()));
        let flags = encoded("-C target-cpu=x", &[(PathBuf::from("/a b"), "/c")]);
        assert_eq!(
            flags.split('\x1f').collect::<Vec<_>>(),
            ["-C", "target-cpu=x", "--remap-path-prefix=/a b=/c"]
        );
    }

    #[test]
    fn a_platform_has_a_name_that_users_know() {
        let args = |universal| Args {
            out: PathBuf::new(),
            universal,
            install_deps: false,
        };
        assert_eq!(
            platform("aarch64-apple-darwin", &args(true)),
            "macos-universal"
        );
        let name = platform("x86_64-unknown-linux-gnu", &args(false));
        assert!(name.ends_with("-x86_64"), "{name}");
    }

    #[test]
    fn what_is_packed_is_there() {
        for paper in PAPERS.into_iter().chain(["weights/CARD.md"]) {
            assert!(crate::root().join(paper).is_file(), "{paper}");
        }
    }
}
