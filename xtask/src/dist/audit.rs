//! Audit of what is shipped: it must not have paths of the machine that built it.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::archive::Files;

/// Fails where a file names a place of this machine.
pub(super) fn no_machine_paths(files: &Files) -> Result<()> {
    let places = places();
    let mut found = Vec::new();
    for (name, bytes) in files.iter() {
        for place in &places {
            if let Some(at) = find(bytes, place.as_bytes()) {
                found.push(format!("{name}: …{}…", around(bytes, at)));
            }
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    bail!(
        "paths of this machine are in what was built; expected them to be mapped away:\n{}",
        found.join("\n")
    )
}

/// The places that are looked for.
fn places() -> Vec<String> {
    let mut places: Vec<PathBuf> = vec![crate::root()];
    places.extend(super::cargo_home());
    places.extend(std::env::home_dir());
    let text = |place: PathBuf| place.to_string_lossy().into_owned();
    // A home of `/` or the like would be found everywhere.
    places
        .into_iter()
        .map(text)
        .filter(|place| place.len() > 3)
        .collect()
}

/// The first place of `needle`.
fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let (&first, rest) = needle.split_first()?;
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|&byte| byte == first) {
        from += at + 1;
        if bytes[from..].starts_with(rest) {
            return Some(from - 1);
        }
    }
    None
}

/// The text at a place, as far as it can be read.
fn around(bytes: &[u8], at: usize) -> String {
    let text = bytes[at..]
        .iter()
        .take(100)
        .take_while(|byte| (0x20..0x7F).contains(*byte));
    text.map(|&byte| char::from(byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_this_machine_is_found_wherever_it_is() {
        let with = |text: String| {
            let mut files = Files::new();
            files.add_text("A.clap/library", text);
            no_machine_paths(&files)
        };
        let root = crate::root();
        let text = format!("\0\0xx{}/model/src/lib.rs\0", root.display());
        let error = with(text).unwrap_err().to_string();
        assert!(error.contains("A.clap/library: …"), "{error}");
        assert!(error.contains("model/src/lib.rs"), "{error}");
        assert!(with("/third-stream/model/src/lib.rs".to_owned()).is_ok());
    }

    #[test]
    fn a_needle_is_found_at_the_first_place_and_after_a_false_start() {
        assert_eq!(find(b"aab aac", b"aac"), Some(4));
        assert_eq!(find(b"xaaac", b"aac"), Some(2));
        assert_eq!(find(b"aab", b"aac"), None);
    }
}
