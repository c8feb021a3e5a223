//! `cargo xtask web`: a folder with a page on which a MIDI file is transferred in the browser,
//! without a server and without installing anything.
//!
//! Browsers open no file beside a page that lies in a folder, only scripts, so the module and the
//! weights are scripts, too.

mod test;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::dist::{licences_of_the_page, remaps};
use crate::process::{cargo, output, run as run_process};

/// Target of the module.
const TARGET: &str = "wasm32-unknown-unknown";
/// The page's own files.
const PAGE: [&str; 7] = [
    "index.html",
    "style.css",
    "engine.js",
    "knob.js",
    "page.js",
    "roll.js",
    "sound.js",
];
/// The example for users without a MIDI file.
const EXAMPLE: &str = "tests/fixtures/clip.mid";

/// How to build the page.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder to write, in the workspace.
    #[arg(long, default_value = "target/web/page")]
    out: PathBuf,
    /// A module that was built elsewhere, in place of building it (see docs/web.md).
    #[arg(long, value_name = "FILE")]
    module: Option<PathBuf>,
    /// Try the page in Chromium: what it saves must be what `transfer` writes. Needs node.
    #[arg(long)]
    test: bool,
    /// Keep a picture of the page.
    #[arg(long, value_name = "FILE", requires = "test")]
    picture: Option<PathBuf>,
}

/// Builds the page and says where it is.
pub(crate) fn run(args: &Args) -> Result<()> {
    let module = match &args.module {
        Some(module) => module.clone(),
        None => build()?,
    };
    let out = crate::root().join(&args.out);
    write(&module, &out)?;
    println!("{}", out.join("index.html").display());
    if args.test {
        return test::run(&out, args.picture.as_deref());
    }
    println!("Open it in a browser; the folder can be copied anywhere.");
    Ok(())
}

/// Builds the module; where it is.
fn build() -> Result<PathBuf> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", TARGET]);
    let library = PathBuf::from(output(&mut rustc)?.trim());
    ensure!(
        library.is_dir(),
        "the compiler has no library for {TARGET}; add it with `rustup target add {TARGET}`, or \
         see docs/web.md for a machine where that cannot be downloaded"
    );
    println!("building the module (the first time takes minutes) …");
    let place = crate::target().join("web").join("build");
    let mut command = cargo(&["build", "--release"]);
    // Its flags are in a file there; these come beside them.
    command.current_dir(crate::root().join("web"));
    command
        .args(["--config", &paths_away()])
        .arg("--target-dir");
    run_process(command.arg(&place))?;
    Ok(place
        .join(TARGET)
        .join("release")
        .join("third_stream_web.wasm"))
}

/// The setting that keeps this machine's paths out of the module.
fn paths_away() -> String {
    let flags = remaps().into_iter().map(|(from, to)| {
        let flag = format!("--remap-path-prefix={}={to}", from.display());
        format!("{flag:?}")
    });
    let flags: Vec<String> = flags.collect();
    format!("target.{TARGET}.rustflags=[{}]", flags.join(", "))
}

/// Writes the page's folder.
fn write(module: &Path, out: &Path) -> Result<()> {
    let (root, page) = (crate::root(), crate::root().join("web/page"));
    fs::create_dir_all(out).with_context(|| format!("could not make {}", out.display()))?;
    for name in PAGE {
        let text = read(&page.join(name))?;
        save(&out.join(name), &text)?;
    }
    let worker = String::from_utf8(read(&page.join("worker.js"))?)?;
    let script = script(&worker, &read(module)?, &read(&root.join(EXAMPLE))?)?;
    save(&out.join("module.js"), script.as_bytes())?;
    let weights = STANDARD.encode(read(&root.join("weights/arranger.safetensors"))?);
    let weights = format!("THIRD_STREAM.weights = \"{weights}\";\n");
    save(&out.join("weights.js"), weights.as_bytes())?;
    let own = "Third Stream is under MIT or Apache-2.0, as you like.\n";
    let card = "What its weights were trained on is in weights/CARD.md of its sources.\n\n";
    let licences = format!("{own}{card}{}", licences_of_the_page(TARGET)?);
    save(&out.join("LICENCES.txt"), licences.as_bytes())
}

/// The script that carries the worker's text, the module and an example.
fn script(worker: &str, module: &[u8], example: &[u8]) -> Result<String> {
    ensure!(
        module.starts_with(b"\0asm"),
        "the module is no WebAssembly; expected target/web/build/{TARGET}/release/*.wasm"
    );
    let value = serde_json::json!({
        "worker": worker,
        "wasm": STANDARD.encode(module),
        "example": STANDARD.encode(example),
    });
    Ok(format!("const THIRD_STREAM = {value};\n"))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("could not read {}", path.display()))
}

fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("could not write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_the_files_that_are_written_and_no_others() {
        let page = crate::root().join("web/page");
        let index = fs::read_to_string(page.join("index.html")).unwrap();
        for attribute in ["src=\"", "href=\""] {
            for named in index.split(attribute).skip(1) {
                let named = named.split('"').next().unwrap();
                let made = ["module.js", "weights.js", "LICENCES.txt", "data:,"];
                let there = made.contains(&named) || PAGE.contains(&named);
                assert!(there, "{named} is in no list");
            }
        }
        for name in PAGE {
            assert!(page.join(name).is_file(), "{name}");
            assert!(name == "index.html" || index.contains(name), "{name}");
        }
    }

    #[test]
    fn a_script_carries_the_module_in_text() {
        let script = script("\"\\\n", b"\0asm\x01", b"MThd").unwrap();
        let json = script.strip_prefix("const THIRD_STREAM = ").unwrap();
        let json = json.strip_suffix(";\n").unwrap();
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(value["worker"], "\"\\\n");
        assert_eq!(value["wasm"], "AGFzbQE=");
        assert!(super::script("", b"MZ", b"").is_err());
    }

    #[test]
    fn paths_are_kept_out_by_a_setting_that_cargo_reads() {
        let setting = paths_away();
        assert!(setting.contains("=/third-stream\""), "{setting}");
    }
}
