//! Tidy: what the architecture promises about the files themselves, checked in a second.

mod graph;
mod names;
mod source;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// A file's lines, at most.
const LINES: usize = 500;
/// All weights together, in bytes, at most: they are in every copy of the plugin.
const WEIGHTS_BYTES: u64 = 40 * 1024 * 1024;
/// The starter corpus's packed music, in bytes, at most: it is in every clone, for good, and in
/// every copy of the command-line tool. It is the one binary besides weights and pictures, so
/// that `train` needs no other music.
const CORPUS_BYTES: u64 = 4 * 1024 * 1024;
/// Names that say nothing about what is in a file.
const EMPTY_NAMES: [&str; 6] = ["utils", "util", "common", "helpers", "base", "misc"];
/// Folders at the root that exist on one person's machine only.
const MACHINE_FOLDERS: [&str; 4] = ["home", "root", "Users", "work"];
/// Marks of work that is left open; in two parts, so that this file has none.
const MARKS: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

/// The workspace's text files by their path from the root, with `/` on every system.
type Files = BTreeMap<String, String>;

/// Everything that is not as it should be, one line each.
pub(crate) fn problems(root: &Path) -> Result<Vec<String>> {
    let mut files = Files::new();
    read(root, root, &mut files)?;
    let mut problems = Vec::new();
    let tests = test_modules(&files);
    for (path, text) in &files {
        if has_extension(path, "rs") {
            problems.extend(of_source(path, text));
            let in_tests = tests.iter().any(|module| path.starts_with(module.as_str()));
            if !in_tests {
                problems.extend(of_pure_source(path, text));
            }
        }
        problems.extend(of_text(path, text));
    }
    problems.extend(of_architecture(&files));
    problems.extend(graph::problems(&files));
    problems.extend(names::problems(&files));
    problems.extend(of_weights(&root.join("weights"))?);
    problems.extend(of_corpus(&root.join("corpus"))?);
    Ok(problems)
}

/// Rules for every source file.
fn of_source(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let first = text.lines().find(|line| !line.trim().is_empty());
    if !first.is_some_and(|line| line.starts_with("//!")) {
        found.push(format!(
            "{path}: a module opens with //! and says what it is"
        ));
    }
    let lines = text.lines().count();
    if lines > LINES {
        found.push(format!("{path}: {lines} lines; split what is over {LINES}"));
    }
    let name = path
        .rsplit('/')
        .next()
        .unwrap_or(path)
        .trim_end_matches(".rs");
    if EMPTY_NAMES.contains(&name) {
        found.push(format!(
            "{path}: the name says nothing; name the idea in it"
        ));
    }
    if name == "mod" {
        found.push(format!(
            "{path}: a module `foo` is foo.rs beside its folder foo/"
        ));
    }
    found
}

/// Rules on what a source file outside tests uses.
fn of_pure_source(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let pure = ["model/src/roll", "model/src/perform"];
    if pure.iter().any(|pure| path.starts_with(pure)) && text.contains("candle_") {
        found.push(format!(
            "{path}: knows candle, but the audio thread uses this module"
        ));
    }
    let may_do_io = [
        "model/src/data",
        "model/src/classify",
        "model/src/evaluate",
        "model/src/train",
        "model/src/bin/",
        "model/src/files.rs",
        "model/src/user_weights.rs",
    ];
    if path.starts_with("model/src/")
        && !may_do_io.iter().any(|allowed| path.starts_with(allowed))
        && code_before_tests(text).contains("std::fs")
    {
        found.push(format!(
            "{path}: reads or writes files; only data, classify, evaluate, train, files, user_weights and the command line do"
        ));
    }
    found
}

/// The modules that are compiled for tests only, each as the start of its files' paths.
fn test_modules(files: &Files) -> Vec<String> {
    let mut modules = Vec::new();
    for (path, text) in files {
        let folder = path.trim_end_matches(".rs");
        let folder = folder
            .strip_suffix("/lib")
            .or(folder.strip_suffix("/main"))
            .unwrap_or(folder);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for pair in lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]") {
            let line = pair[1].trim_start_matches("pub(crate) ");
            let name = line.strip_prefix("mod ").and_then(|m| m.strip_suffix(';'));
            if let Some(name) = name {
                modules.push(format!("{folder}/{name}.rs"));
                modules.push(format!("{folder}/{name}/"));
            }
        }
    }
    modules
}

/// Rules for every text file.
fn of_text(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let place = format!("{path}:{}", index + 1);
        for mark in MARKS {
            if line.contains(mark) {
                found.push(format!(
                    "{place}: {mark}; do it, or write it down as an issue"
                ));
            }
        }
        if has_extension(path, "rs") || has_extension(path, "toml") {
            for folder in MACHINE_FOLDERS {
                for start in [format!("/{folder}/"), format!(r"C:\{folder}")] {
                    if line.contains(&format!("\"{start}")) {
                        found.push(format!("{place}: a path of one machine, {start}…"));
                    }
                }
            }
        }
    }
    found
}

/// The architecture document knows every module of the model and the plugin; those of the host
/// and of the tasks are listed where they are.
fn of_architecture(files: &Files) -> Vec<String> {
    const DOCUMENT: &str = "docs/architecture.md";
    let Some(document) = files.get(DOCUMENT) else {
        return vec![format!("{DOCUMENT}: missing; it is the map of the project")];
    };
    let top_modules = files.keys().filter_map(|path| {
        let rest = path.strip_suffix(".rs")?;
        let (package, module) = rest.split_once("/src/")?;
        let top = !module.contains('/') && !["lib", "main"].contains(&module);
        let mapped = ["model", "plugin"].contains(&package);
        (top && mapped).then(|| (package.to_owned(), module.to_owned()))
    });
    top_modules
        .filter(|(package, module)| {
            let names = [
                format!("{package}::{module}"),
                format!("{package}/src/{module}"),
                format!("`{module}`"),
                format!("`{module}.rs`"),
            ];
            !names.iter().any(|name| document.contains(name.as_str()))
        })
        .map(|(package, module)| format!("{DOCUMENT}: does not mention {package}::{module}"))
        .collect()
}

/// The weights are the ones that the manifest lists, and small enough to ship.
fn of_weights(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut listed: BTreeMap<String, String> = BTreeMap::new();
    for line in fs::read_to_string(folder.join("MANIFEST"))
        .unwrap_or_default()
        .lines()
    {
        // As sha256sum writes it: the digest, two spaces (or one and a star), the name.
        match line.split_once(' ') {
            Some((digest, name)) if digest.len() == 64 => {
                let name = name.trim_start_matches([' ', '*']).to_owned();
                listed.insert(name, digest.to_ascii_lowercase());
            }
            _ => found.push(format!("weights/MANIFEST: not a sha256sum line: {line:?}")),
        }
    }
    let mut total = 0;
    let entries = fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|e| e != "safetensors") {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let bytes = fs::read(&path)?;
        total += bytes.len() as u64;
        let digest = format!("{:x}", Sha256::digest(&bytes));
        match listed.remove(name.as_ref()) {
            None => found.push(format!("weights/MANIFEST: does not list {name}")),
            Some(old) if old != digest => {
                found.push(format!(
                    "weights/MANIFEST: {name} has sha256 {digest}, not {old}"
                ));
            }
            Some(_) => {}
        }
    }
    found.extend(
        listed
            .keys()
            .map(|name| format!("weights/MANIFEST: lists {name}, which is not there")),
    );
    if total > WEIGHTS_BYTES {
        found.push(format!(
            "weights: {total} bytes; at most {WEIGHTS_BYTES} for all pairs"
        ));
    }
    Ok(found)
}

/// The starter corpus is small, and all that is in its folder is known.
fn of_corpus(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut total = 0;
    let entries = fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".tar.gz") {
            total += entry.metadata()?.len();
        } else if !has_extension(&name, "csv") && !has_extension(&name, "md") {
            found.push(format!(
                "corpus/{name}: expected archives, tables and the README alone"
            ));
        }
    }
    if total > CORPUS_BYTES {
        found.push(format!(
            "corpus: {total} bytes of music; at most {CORPUS_BYTES}"
        ));
    }
    Ok(found)
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|e| e == extension)
}

/// The text up to its unit tests, which may use scratch files.
fn code_before_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

/// Reads the text files under `folder`, skipping what is built or fetched.
fn read(root: &Path, folder: &Path, files: &mut Files) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            let skipped = ["target", "runs", "out", "shared", ".git"];
            if !skipped.contains(&name.as_str()) {
                read(root, &path, files)?;
            }
            continue;
        }
        let text = path
            .extension()
            .is_some_and(|e| ["rs", "toml", "md", "yml", "py"].iter().any(|t| e == *t));
        if text {
            let from_root = path.strip_prefix(root).unwrap_or(&path);
            let key = from_root.to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(&path).with_context(|| key.clone())?;
            files.insert(key, text);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_tidy() {
        let problems = problems(&crate::root()).unwrap();
        assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    }

    #[test]
    fn a_source_file_that_breaks_a_rule_is_named() {
        let good = "//! A module.\n";
        assert!(of_source("model/src/smf.rs", good).is_empty());
        let rules = |path, text: &str| of_source(path, text).len();
        assert_eq!(rules("model/src/smf.rs", "use std::io;\n"), 1);
        assert_eq!(rules("model/src/smf.rs", &good.repeat(501)), 1);
        assert_eq!(rules("model/src/helpers.rs", good), 1);
        assert_eq!(rules("plugin/src/rt/mod.rs", good), 1);
        let uses = |path, text: &str| of_pure_source(path, text).len();
        assert_eq!(
            uses("model/src/roll/codec.rs", "//! a\nuse candle_core::Tensor;"),
            1
        );
        assert_eq!(uses("model/src/smf.rs", "//! a\nuse std::fs;"), 1);
        assert_eq!(uses("model/src/data/folder.rs", "//! a\nuse std::fs;"), 0);
        let in_tests = "//! a\n#[cfg(test)]\nmod tests { use std::fs; }";
        assert_eq!(uses("model/src/smf.rs", in_tests), 0);
    }

    #[test]
    fn a_module_for_tests_may_read_files() {
        let mut files = Files::new();
        let parent = "//! a\n#[cfg(test)]\nmod corpus;\nmod time;\n".to_owned();
        files.insert("model/src/song.rs".into(), parent);
        let modules = test_modules(&files);
        assert!(modules.contains(&"model/src/song/corpus.rs".to_owned()));
        assert!(!modules.iter().any(|module| module.contains("time")));
    }

    #[test]
    fn marks_and_machine_paths_are_found_with_their_line() {
        assert_eq!(
            of_text("a.md", &format!("one\n// {} two\n", MARKS[0])).len(),
            1
        );
        let line = format!("let x = \"/{}/me/song.mid\";", MACHINE_FOLDERS[0]);
        assert!(of_text("a.rs", &line)[0].starts_with("a.rs:1"));
        assert!(of_text("a.md", "unzip to /home/me").is_empty());
    }

    #[test]
    fn a_module_that_the_map_lacks_is_named() {
        let mut files = Files::new();
        files.insert("docs/architecture.md".into(), "| `roll` | grid |".into());
        files.insert("model/src/roll.rs".into(), String::new());
        files.insert("model/src/roll/edits.rs".into(), String::new());
        assert!(of_architecture(&files).is_empty());
        files.insert("plugin/src/link.rs".into(), String::new());
        assert_eq!(of_architecture(&files).len(), 1);
    }

    #[test]
    fn the_starter_corpus_is_small_and_holds_nothing_else() {
        let folder = std::env::temp_dir().join(format!("third-stream-c-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let archive = fs::File::create(folder.join("jazz.tar.gz")).unwrap();
        archive.set_len(CORPUS_BYTES).unwrap();
        fs::write(folder.join("MANIFEST.csv"), "file").unwrap();
        assert_eq!(of_corpus(&folder).unwrap(), Vec::<String>::new());
        archive.set_len(CORPUS_BYTES + 1).unwrap();
        fs::write(folder.join("song.mid"), "MThd").unwrap();
        assert_eq!(of_corpus(&folder).unwrap().len(), 2);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn weights_are_compared_with_their_manifest() {
        let folder = std::env::temp_dir().join(format!("third-stream-w-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a.safetensors"), b"abc").unwrap();
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let check = |manifest: &str| {
            fs::write(folder.join("MANIFEST"), manifest).unwrap();
            of_weights(&folder).unwrap().len()
        };
        assert_eq!(check(&format!("{digest}  a.safetensors\n")), 0);
        assert_eq!(check(""), 1);
        assert_eq!(check(&format!("{}  a.safetensors\n", "0".repeat(64))), 1);
        assert_eq!(
            check(&format!(
                "{digest}  a.safetensors\n{digest}  b.safetensors\n"
            )),
            1
        );
        assert_eq!(check("nonsense\n"), 2);
        fs::remove_dir_all(&folder).unwrap();
    }
}
