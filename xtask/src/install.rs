//! `cargo xtask install`: the plugin into the user's own plugin folders, where hosts look.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{bundle, system};

/// What to install.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run the networks on a GPU: cuda or metal.
    #[arg(long)]
    gpu: Option<String>,
    /// Install missing system libraries instead of naming them.
    #[arg(long)]
    install_deps: bool,
}

/// Where hosts look for a user's plugins.
#[derive(Debug, PartialEq, Eq)]
struct Folders {
    clap: PathBuf,
    vst3: PathBuf,
}

/// Builds, copies, and says where to.
pub(crate) fn run(args: &Args) -> Result<()> {
    system::libraries(args.install_deps)?;
    let folders = folders(std::env::consts::OS, |name| {
        std::env::var_os(name).map(PathBuf::from)
    })?;
    let features = args.gpu.iter().map(String::as_str).collect::<Vec<_>>();
    let bundles = bundle::bundle("release", &features)?;
    for (bundle, folder) in [(bundles.clap, folders.clap), (bundles.vst3, folders.vst3)] {
        let installed = put(&bundle, &folder)?;
        println!("installed {}", installed.display());
    }
    println!("Let your host scan its plugins again; Third Stream is among the note effects.");
    Ok(())
}

/// The plugin folders of the user on the operating system `os`.
fn folders(os: &str, variable: impl Fn(&str) -> Option<PathBuf>) -> Result<Folders> {
    let home = |name: &str| {
        variable(name).with_context(|| {
            format!(
                "the environment variable {name} is not set, so your plugin folders are unknown"
            )
        })
    };
    Ok(match os {
        "windows" => {
            let common = home("LOCALAPPDATA")?.join("Programs").join("Common");
            Folders {
                clap: common.join("CLAP"),
                vst3: common.join("VST3"),
            }
        }
        "macos" => {
            let plugins = home("HOME")?.join("Library/Audio/Plug-Ins");
            Folders {
                clap: plugins.join("CLAP"),
                vst3: plugins.join("VST3"),
            }
        }
        _ => {
            let home = home("HOME")?;
            Folders {
                clap: home.join(".clap"),
                vst3: home.join(".vst3"),
            }
        }
    })
}

/// Copies a bundle (a file or a folder) into `folder`, beside the old one first, so that a host
/// never sees half a plugin.
fn put(bundle: &Path, folder: &Path) -> Result<PathBuf> {
    let Some(name) = bundle.file_name() else {
        bail!("{} has no file name", bundle.display());
    };
    fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    let (place, new, old) = (
        folder.join(name),
        folder.join(".third-stream-new"),
        folder.join(".third-stream-old"),
    );
    let failed = || format!("could not install to {}", place.display());
    remove(&new).with_context(failed)?;
    remove(&old).with_context(failed)?;
    copy(bundle, &new).with_context(failed)?;
    if place.exists() {
        fs::rename(&place, &old).with_context(failed)?;
    }
    fs::rename(&new, &place).with_context(failed)?;
    // A host may still hold the old one open (on Windows that keeps it from being deleted).
    let _ = remove(&old);
    Ok(place)
}

fn remove(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        fs::remove_dir_all(path)
    } else if path.exists() {
        fs::remove_file(path)
    } else {
        Ok(())
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_its_folders() {
        let variable = |name: &str| Some(PathBuf::from(format!("/{name}")));
        let clap = |os: &str| folders(os, variable).unwrap().clap;
        assert_eq!(clap("linux"), Path::new("/HOME/.clap"));
        assert_eq!(
            clap("macos"),
            Path::new("/HOME/Library/Audio/Plug-Ins/CLAP")
        );
        assert_eq!(
            clap("windows"),
            Path::new("/LOCALAPPDATA")
                .join("Programs")
                .join("Common")
                .join("CLAP")
        );
        assert!(folders("linux", |_| None).is_err());
    }

    #[test]
    fn a_new_version_replaces_the_old_one_whole() {
        let scratch = std::env::temp_dir().join(format!("third-stream-{}", std::process::id()));
        let (old, new, place) = (scratch.join("1"), scratch.join("2"), scratch.join("place"));
        for (folder, file) in [(&old, "gone"), (&new, "kept")] {
            let bundle = folder.join("A.vst3/Contents");
            fs::create_dir_all(&bundle).unwrap();
            fs::write(bundle.join(file), file).unwrap();
            put(&folder.join("A.vst3"), &place).unwrap();
        }
        let contents = place.join("A.vst3/Contents");
        assert!(contents.join("kept").exists());
        assert!(!contents.join("gone").exists());
        assert_eq!(fs::read_dir(&place).unwrap().count(), 1);
        fs::remove_dir_all(&scratch).unwrap();
    }
}
