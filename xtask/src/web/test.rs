//! The page in Chromium: files are dropped on it, and what it saves is what `transfer` writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::process::{cargo, run as run_process};
use crate::system;

/// A file, the pair, where the knob stands, and the other controls by their names on the page.
struct Case {
    file: &'static str,
    pair: &'static str,
    knob: i32,
    controls: &'static [(&'static str, &'static str)],
}

const CASES: [Case; 5] = [
    Case {
        file: "tests/fixtures/clip.mid",
        pair: "jazz-classic",
        knob: 100,
        controls: &[],
    },
    Case {
        file: "tests/fixtures/clip.mid",
        pair: "jazz-classic",
        knob: 60,
        controls: &[("quantise", "40")],
    },
    Case {
        file: "docs/examples/09-classic-to-jazz-before.mid",
        pair: "jazz-classic",
        knob: -100,
        controls: &[],
    },
    Case {
        file: "docs/examples/09-classic-to-jazz-before.mid",
        pair: "classic-pop",
        knob: 80,
        controls: &[("variation", "3"), ("tune", "20"), ("harmony", "2")],
    },
    Case {
        file: "docs/examples/02-jazz-to-classic-before.mid",
        pair: "jazz-pop",
        knob: 100,
        controls: &[],
    },
];

impl Case {
    /// Settings for `transfer`.
    fn options(&self) -> Vec<String> {
        let (left, right) = self.pair.split_once('-').unwrap_or_default();
        let target = if self.knob < 0 { left } else { right };
        let amount = self.knob.abs().to_string();
        let mut options = ["--to", target, "--pair", self.pair, "--amount", &amount]
            .map(str::to_owned)
            .to_vec();
        for (name, value) in self.controls {
            let value = match (*name, *value) {
                ("harmony", "4") => "kept",
                ("harmony", "3") => "three",
                ("harmony", "2") => "enriched",
                (_, value) => value,
            };
            options.extend([format!("--{name}"), value.to_owned()]);
        }
        options
    }
}

/// Tries the page in `folder`.
pub(super) fn run(folder: &Path, picture: Option<&Path>) -> Result<()> {
    system::need("node", "install Node.js 18 or later")?;
    let mut own = cargo(&["test", "--manifest-path", "web/Cargo.toml", "--target-dir"]);
    run_process(own.arg(crate::target()))?;
    let tool = ["build", "--package", "third-stream-model"];
    let mut build = cargo(&tool);
    build.args(["--features", "train", "--bin", "third-stream"]);
    run_process(&mut build)?;
    let tool = crate::target().join("debug").join("third-stream");
    let expected = crate::target().join("web").join("expected");
    fs::create_dir_all(&expected)?;
    let mut cases = Vec::new();
    for (number, case) in CASES.iter().enumerate() {
        let (from, to) = (
            crate::root().join(case.file),
            expected.join(format!("{number}.mid")),
        );
        let mut transfer = Command::new(&tool);
        transfer.arg("transfer").args([&from, &to]);
        run_process(transfer.args(case.options()))?;
        let controls = case.controls.iter();
        let controls: serde_json::Map<String, Value> = controls
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        cases.push(json!({
            "file": from, "expected": to, "pair": case.pair, "knob": case.knob,
            "controls": controls,
        }));
    }
    let plan = json!({
        "page": folder.join("index.html"),
        "cases": cases,
        "picture": picture.map(std::path::absolute).transpose()?,
        "refused": crate::root().join("README.md"),
    });
    let path = expected.join("plan.json");
    fs::write(&path, plan.to_string())?;
    let mut browser = Command::new("node");
    browser.arg(crate::root().join("web/test/browser.mjs"));
    browser.arg(&path).env("CHROMIUM", chromium()?);
    run_process(&mut browser)
}

/// The browser that `CHROMIUM` names, or one under its usual names.
fn chromium() -> Result<PathBuf> {
    const NAMES: [&str; 4] = [
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ];
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Ok(named.into());
    }
    let found = NAMES.into_iter().find(|name| system::on_path(name));
    let found = found.context("there is no Chromium; install it, or name it by CHROMIUM")?;
    Ok(found.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_told_to_both_in_their_own_words() {
        let options = CASES[3].options().join(" ");
        assert_eq!(
            options,
            "--to pop --pair classic-pop --amount 80 --variation 3 --tune 20 --harmony enriched"
        );
        assert!(CASES[2].options().contains(&"jazz".to_owned()));
        for case in &CASES {
            assert!(crate::root().join(case.file).is_file(), "{}", case.file);
        }
    }
}
