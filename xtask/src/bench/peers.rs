//! The virtual environment of the peers.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::process::run;

/// Python packages of the peers; safetensors hands them our weights, onnx describes the network.
const PACKAGES: [&str; 6] = [
    "numpy",
    "onnx",
    "onnxruntime",
    "openvino",
    "safetensors",
    "torch",
];

fn folder() -> PathBuf {
    crate::target().join("peers")
}

/// The environment's Python, if it has been made.
pub(super) fn installed() -> Option<PathBuf> {
    let programs = ["bin/python", "Scripts/python.exe"].map(|python| folder().join(python));
    programs.into_iter().find(|python| python.is_file())
}

/// Makes the environment, or brings it up to date, and says where its Python is.
pub(super) fn install() -> Result<PathBuf> {
    if installed().is_none() {
        let system = if cfg!(windows) { "python" } else { "python3" };
        run(Command::new(system).args(["-m", "venv"]).arg(folder()))?;
    }
    let python = installed().ok_or_else(|| {
        anyhow::anyhow!(
            "{} has no Python; delete it and try again",
            folder().display()
        )
    })?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet"]).args(PACKAGES);
    run(&mut pip)?;
    Ok(python)
}
