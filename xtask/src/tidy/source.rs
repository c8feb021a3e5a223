//! Rust source as tidy reads it: code without comments, strings and tests, and the paths in it.

/// The code alone: comments, strings and the tests at the end are left out.
pub(super) fn code(text: &str) -> String {
    let text = match text.find("#[cfg(test)]\nmod tests {") {
        Some(end) => &text[..end],
        None => text,
    };
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if next == '"' {
            string_length(rest)
        } else if rest.starts_with("'\"'") {
            3
        } else {
            code.push(next);
            rest = &rest[next.len_utf8()..];
            continue;
        };
        code.push(' ');
        rest = &rest[skipped..];
    }
    code
}

/// The length of the string literal with which a text starts, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// All paths from `crate::` and `super::` in the code of a module, from the crate's root on.
pub(super) fn paths(code: &str, module: &[&str]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let words = words(code);
    let mut at = 0;
    while at < words.len() {
        let starts = at == 0 || words[at - 1] != "::";
        let root = match words[at] {
            "crate" if starts => Some(Vec::new()),
            "super" if starts => Some(module.iter().map(|part| (*part).to_owned()).collect()),
            _ => None,
        };
        let Some(mut root) = root else {
            at += 1;
            continue;
        };
        while words.get(at) == Some(&"super") {
            root.pop();
            at += 1;
            if words.get(at) == Some(&"::") && words.get(at + 1) == Some(&"super") {
                at += 1;
            }
        }
        if words.get(at) == Some(&"crate") {
            at += 1;
        }
        if words.get(at) == Some(&"::") {
            at = tree(&words, at + 1, &root, &mut found);
        }
    }
    found
}

/// The paths of `use` lines that begin with a name of the module itself.
pub(super) fn relative_uses(code: &str) -> Vec<Vec<String>> {
    let words = words(code);
    let mut found = Vec::new();
    for at in 0..words.len() {
        if words[at] == "use" && !matches!(words.get(at + 1), Some(&"crate" | &"super")) {
            tree(&words, at + 1, &[], &mut found);
        }
    }
    found
}

/// Reads a path or a tree of paths at word `at`; returns the place behind it.
fn tree(words: &[&str], mut at: usize, root: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = root.to_vec();
    while let Some(word) = words.get(at) {
        if *word == "{" {
            at += 1;
            while words.get(at).is_some_and(|word| *word != "}") {
                at = tree(words, at, &path, found);
                if words.get(at) == Some(&",") {
                    at += 1;
                }
            }
            return at + 1;
        }
        if !is_name(word) && *word != "*" {
            return at + 1;
        }
        path.push((*word).to_owned());
        at += 1;
        if words.get(at) != Some(&"::") {
            if words.get(at) == Some(&"as") {
                path.pop();
                path.extend(words.get(at + 1).map(|name| (*name).to_owned()));
                at += 2;
            }
            break;
        }
        at += 1;
    }
    found.push(path);
    at
}

fn is_name(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

/// Names, `::`, and every other sign by itself.
pub(super) fn words(code: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let in_name = |letter: char| letter.is_alphanumeric() || letter == '_';
        let length = if in_name(first) {
            rest.find(|letter| !in_name(letter)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        words.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(code: &str) -> Vec<String> {
        let paths = paths(code, &["a", "b"]);
        paths.iter().map(|path| path.join(".")).collect()
    }

    #[test]
    fn paths_are_followed_to_their_root() {
        assert_eq!(
            found("use crate::x::{y, z::{W, V as U}};"),
            ["x.y", "x.z.W", "x.z.U"]
        );
        assert_eq!(found("use super::{c, Type};"), ["a.c", "a.Type"]);
        assert_eq!(found("super::super::d::f(crate::e)"), ["d.f", "e"]);
        assert_eq!(found("pub(crate) fn f(x: super::X) {}"), ["a.X"]);
        assert!(found("use std::fmt; pub(in crate) struct A;").is_empty());
    }

    #[test]
    fn comments_strings_and_tests_are_no_code() {
        let text = "// crate::a\nlet x = \"crate::b \\\" crate::c\"; /* crate::d */ '\"' crate::e\n\
                    #[cfg(test)]\nmod tests { use crate::f; }\n";
        assert_eq!(paths(&code(text), &[]), [["e"]]);
    }
}
