//! The rows of the matrix, as text and in docs/hosts.md.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// Between these lines of docs/hosts.md is what this writes.
const BEGIN: &str = "<!-- written by cargo xtask hosts --markdown -->";
const END: &str = "<!-- end -->";
const HEAD: [&str; 8] = [
    "host",
    "format",
    "knob",
    "notes",
    "export",
    "state",
    "window",
    "beside that",
];
/// Marks what a host cannot do, or what was not tested.
const NONE: &str = "–";

/// Result of one host.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// The host's name.
    pub(super) host: &'static str,
    /// Name and version.
    shown: String,
    format: &'static str,
    /// How far the knob is turned, where the notes were looked at.
    pub(super) knob: String,
    pub(super) notes: String,
    pub(super) export: String,
    state: String,
    window: String,
    beside: String,
    /// True if nothing was found wrong.
    pub(super) good: bool,
}

impl Row {
    /// Parses the output of a host's script, lines of `key: words`.
    pub(super) fn of(host: &'static str, format: &'static str, said: &str) -> Self {
        let find = |key: &str| {
            let line = said.lines().filter_map(|line| line.split_once(": "));
            let words = line
                .filter(|(name, _)| *name == key)
                .map(|(_, words)| words.trim());
            words.collect::<Vec<_>>().join("; ")
        };
        let or_none = |words: String| {
            if words.is_empty() {
                NONE.to_owned()
            } else {
                words
            }
        };
        Self {
            host,
            shown: format!("{host} {}", find("version")).trim().to_owned(),
            format,
            knob: NONE.to_owned(),
            notes: or_none(find("notes")),
            export: or_none(find("export")),
            state: or_none(find("state")),
            window: or_none(find("window")),
            beside: or_none(find("beside")),
            good: find("wrong").is_empty(),
        }
    }

    /// A host that could not be run.
    pub(super) fn failed(host: &'static str, format: &'static str, error: &anyhow::Error) -> Self {
        let mut row = Self::of(host, format, "");
        row.beside = format!("failed: {error}");
        row.good = false;
        row
    }

    fn cells(&self) -> [&str; 8] {
        [
            &self.shown,
            self.format,
            &self.knob,
            &self.notes,
            &self.export,
            &self.state,
            &self.window,
            &self.beside,
        ]
    }
}

/// The rows as a Markdown table, which is read well enough as text.
pub(super) fn text(rows: &[Row]) -> String {
    let line = |cells: [&str; 8]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(HEAD);
    text.push_str(&"|---".repeat(HEAD.len()));
    text.push_str("|\n");
    for row in rows {
        text.push_str(&line(row.cells()));
    }
    text
}

/// Puts the rows into a page, in place of those that were there.
pub(super) fn write(page: &Path, rows: &[Row]) -> Result<()> {
    let before =
        fs::read_to_string(page).with_context(|| format!("could not read {}", page.display()))?;
    let after = put(&before, rows)
        .with_context(|| format!("{} has no lines {BEGIN:?} and {END:?}", page.display()))?;
    fs::write(page, after).with_context(|| format!("could not write {}", page.display()))
}

fn put(page: &str, rows: &[Row]) -> Result<String> {
    let (head, rest) = page.split_once(BEGIN).context("no beginning")?;
    let (_, tail) = rest.split_once(END).context("no end")?;
    ensure!(!rows.is_empty(), "no rows");
    let text = text(rows);
    Ok(format!("{head}{BEGIN}\n{text}{END}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_what_the_script_said() {
        let said =
            "version: 7.3\nstate: kept\nwindow: opened and closed 9 times\nbeside: a\nbeside: b\n";
        let row = Row::of("Ardour", "VST3", said);
        assert_eq!(
            row.cells(),
            [
                "Ardour 7.3",
                "VST3",
                NONE,
                NONE,
                NONE,
                "kept",
                "opened and closed 9 times",
                "a; b"
            ]
        );
        assert!(row.good);
        assert!(!Row::of("Ardour", "VST3", "wrong: the state").good);
    }

    #[test]
    fn the_page_s_table_is_replaced_and_the_rest_stays() {
        let row = Row::of("Ardour", "VST3", "version: 7.3");
        let page = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let written = put(&page, std::slice::from_ref(&row)).unwrap();
        assert!(written.starts_with(&format!("before\n{BEGIN}\n| host |")));
        assert!(written.ends_with(&format!(
            "| Ardour 7.3 | VST3 | – | – | – | – | – | – |\n{END}\nafter\n"
        )));
        assert_eq!(put(&written, std::slice::from_ref(&row)).unwrap(), written);
        assert!(put("no lines", &[row]).is_err());
    }

    #[test]
    fn the_page_has_the_lines() {
        let page = fs::read_to_string(crate::root().join("docs/hosts.md")).unwrap();
        assert!(page.contains(BEGIN) && page.contains(END));
    }
}
