//! Figures under their keys: as a table with ratios, and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Units that a key may end with; those without are counts.
const UNITS: [&str; 5] = ["_ms", "_s", "_us", "_mb", "_percent"];

/// All figures of a run.
#[derive(Default)]
pub(super) struct Figures(BTreeMap<String, f64>);

impl Figures {
    /// Takes a line `KEY VALUE`; false if it is none.
    pub(super) fn take(&mut self, line: &str) -> bool {
        let mut words = line.split_whitespace();
        let (Some(key), Some(value), None) = (words.next(), words.next(), words.next()) else {
            return false;
        };
        match value.parse() {
            Ok(value) if key.contains('.') => {
                self.0.insert(key.to_owned(), value);
                true
            }
            _ => false,
        }
    }

    /// Takes a figure that was computed here.
    pub(super) fn put(&mut self, key: &str, value: f64) {
        self.0.insert(key.to_owned(), value);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// One row for each figure that is not a peer's, with the peers' beside it.
    pub(super) fn table(&self) -> String {
        let mut text =
            String::from("\n| what | ours | peers (ours as a share of theirs) |\n|---|---|---|\n");
        for (key, value) in &self.0 {
            let Some((what, last)) = key.rsplit_once('.') else {
                continue;
            };
            let (who, unit) = split(last);
            if who.ends_with("_spread") || who.ends_with("_cpu") || !self.is_main(what, who) {
                continue;
            }
            let mut ours = shown(*value, unit);
            for (suffix, label) in [("spread", "±"), ("cpu", "cpu")] {
                if let Some(value) = self.0.get(&format!("{what}.{who}_{suffix}{unit}")) {
                    let _ = write!(ours, " ({label} {})", number(*value));
                }
            }
            let peers = self.peers(what, who, unit, *value);
            let what = if who == "ours" { what } else { key.as_str() };
            let _ = writeln!(text, "| {what} | {ours} | {peers} |");
        }
        text
    }

    /// True if a figure has a row: ours have, and those with no figure of ours to stand beside.
    fn is_main(&self, what: &str, who: &str) -> bool {
        who == "ours"
            || !self.0.keys().any(|key| {
                key.rsplit_once('.')
                    .is_some_and(|(other, last)| other == what && split(last).0 == "ours")
            })
    }

    fn peers(&self, what: &str, who: &str, unit: &str, ours: f64) -> String {
        if who != "ours" {
            return String::new();
        }
        let peers = self.0.iter().filter_map(|(key, value)| {
            let (other, last) = key.rsplit_once('.')?;
            let (name, its) = split(last);
            let counts = other == what && its == unit && name != "ours" && !name.contains('_');
            counts.then(|| format!("{name} {} ({:.2})", number(*value), ours / value))
        });
        peers.collect::<Vec<_>>().join(", ")
    }

    /// A flat JSON object, keys in order.
    pub(super) fn json(&self) -> String {
        let lines = self
            .0
            .iter()
            .map(|(key, value)| format!("  {key:?}: {value}"));
        format!("{{\n{}\n}}\n", lines.collect::<Vec<_>>().join(",\n"))
    }
}

/// The last part of a key without its unit, and the unit.
fn split(last: &str) -> (&str, &str) {
    UNITS
        .iter()
        .find_map(|unit| last.strip_suffix(unit).map(|who| (who, *unit)))
        .unwrap_or((last, ""))
}

fn shown(value: f64, unit: &str) -> String {
    let unit = unit.trim_start_matches('_').replace("percent", "%");
    format!("{} {unit}", number(value)).trim_end().to_owned()
}

/// Three digits or more where they are before the point.
fn number(value: f64) -> String {
    let size = value.abs();
    let digits = if size >= 100.0 || value.fract() == 0.0 {
        0
    } else if size >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> Figures {
        let mut figures = Figures::default();
        for line in [
            "forward.32x6.threads1.f32.ours_ms 5.5",
            "forward.32x6.threads1.f32.ours_spread_ms 0.1",
            "forward.32x6.threads1.f32.pytorch_ms 11",
            "forward.32x6.threads1.f32.pytorch_cpu_ms 11",
            "load.open_ms 30",
        ] {
            assert!(figures.take(line), "{line}");
        }
        figures
    }

    #[test]
    fn peers_stand_beside_ours_with_their_ratio() {
        let table = figures().table();
        let rows: Vec<&str> = table.lines().skip(3).collect();
        assert_eq!(
            rows,
            [
                "| forward.32x6.threads1.f32 | 5.50 ms (± 0.10) | pytorch 11 (0.50) |",
                "| load.open_ms | 30 ms |  |",
            ]
        );
    }

    #[test]
    fn the_file_has_every_figure_under_its_key() {
        let json = figures().json();
        assert!(
            json.contains("\"forward.32x6.threads1.f32.pytorch_cpu_ms\": 11,\n"),
            "{json}"
        );
        assert!(json.ends_with("\"load.open_ms\": 30\n}\n"), "{json}");
    }

    #[test]
    fn what_is_no_figure_is_left_to_be_shown() {
        let mut figures = Figures::default();
        for line in ["", "key 1", "a.b c", "a.b 1 2", "running 3 tests"] {
            assert!(!figures.take(line), "{line:?}");
        }
    }
}
