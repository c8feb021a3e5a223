//! One name for one thing: public types whose name is that of another public type.

use std::collections::BTreeMap;

use super::source::{code, words};
use super::{Files, has_extension, test_modules};

/// The packages whose types are compared.
const PACKAGES: [&str; 5] = ["model", "player", "plugin", "tests", "xtask"];

/// All that is not as it should be, one line each.
pub(super) fn problems(files: &Files) -> Vec<String> {
    let told = defined_twice(files).into_iter().map(|(name, places)| {
        format!(
            "{name}: a public type in {}; find another name",
            places.join(", ")
        )
    });
    told.collect()
}

/// The names of public types that more than one file defines, each with those files.
fn defined_twice(files: &Files) -> BTreeMap<String, Vec<String>> {
    let tests = test_modules(files);
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in files {
        let is_source = PACKAGES
            .iter()
            .any(|package| path.starts_with(&format!("{package}/src/")));
        let in_tests = tests.iter().any(|test| path.starts_with(test.as_str()));
        if is_source && !in_tests && has_extension(path, "rs") {
            for name in public_types(&code(text)) {
                let known = places.entry(name).or_default();
                if !known.contains(path) {
                    known.push(path.clone());
                }
            }
        }
    }
    places.retain(|_, places| places.len() > 1);
    places
}

/// The names of the types and traits that are `pub`, whoever can reach them.
fn public_types(code: &str) -> Vec<String> {
    let words = words(code);
    words
        .windows(3)
        .filter(|three| {
            three[0] == "pub" && ["struct", "enum", "union", "trait"].contains(&three[1])
        })
        .map(|three| three[2].to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_two_types_is_told_with_their_files() {
        let mut files = Files::new();
        files.insert("model/src/a.rs".into(), "pub struct State<T>(T);\n".into());
        files.insert(
            "plugin/src/b.rs".into(),
            "pub(crate) struct State;\npub trait X {}".into(),
        );
        assert!(defined_twice(&files).is_empty());
        files.insert(
            "plugin/src/c.rs".into(),
            "// pub enum X\npub enum State { A }".into(),
        );
        let found = defined_twice(&files);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["State"]);
        assert_eq!(found["State"], ["model/src/a.rs", "plugin/src/c.rs"]);
    }
}
