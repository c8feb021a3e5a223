//! The tables of a report, before they are Markdown or HTML. Every table has every model and
//! every baseline; figures of several seeds stand as their mean and, in brackets, their least
//! and most.

mod collections;
mod figures;
mod judge;
pub(super) mod measures;

use super::{DirectionFigures, Evaluation, JudgedTransfer, Report};

/// A table under its heading.
pub(super) struct Section {
    pub(super) title: &'static str,
    /// Note above the table.
    pub(super) note: String,
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Section {
    fn new(title: &'static str, note: impl Into<String>, head: &[&str]) -> Self {
        Self {
            title,
            note: note.into(),
            head: head.iter().map(ToString::to_string).collect(),
            rows: Vec::new(),
        }
    }

    /// A table whose columns are `start`, then those of `figures`.
    fn with_figures<F>(
        title: &'static str,
        note: &str,
        start: &[&str],
        figures: &[(&str, F)],
    ) -> Self {
        let names = figures.iter().map(|(name, _)| *name);
        let head: Vec<&str> = start.iter().copied().chain(names).collect();
        Self::new(title, note, &head)
    }

    /// Adds a row: its `start`, then the `cells` of its figures.
    fn row(
        &mut self,
        start: impl IntoIterator<Item = String>,
        cells: impl IntoIterator<Item = String>,
    ) {
        self.rows.push(start.into_iter().chain(cells).collect());
    }
}

/// One line of the tables: a group of seeds, a model or a baseline.
pub(super) struct Line<'a> {
    pub(super) name: String,
    /// True if a group has its mean already.
    pub(super) is_seed: bool,
    pub(super) is_baseline: bool,
    pub(super) mean: &'a JudgedTransfer,
    /// Least and most of several seeds.
    pub(super) range: Option<[&'a JudgedTransfer; 2]>,
}

/// Groups first, then models, then baselines.
pub(super) fn lines(report: &Report) -> Vec<Line<'_>> {
    let groups = report.groups.iter().map(|group| Line {
        name: format!("{}, {} seeds", group.name, group.rows.len()),
        is_seed: false,
        is_baseline: false,
        mean: &group.mean,
        range: Some([&group.least, &group.most]),
    });
    let rows = report.rows.iter().map(|row| Line {
        name: row.name.clone(),
        is_seed: report
            .groups
            .iter()
            .any(|group| group.rows.contains(&row.name)),
        is_baseline: row.baseline,
        mean: &row.measured,
        range: None,
    });
    groups.chain(rows).collect()
}

pub(super) fn three(value: f64) -> String {
    format!("{value:.3}")
}

impl Line<'_> {
    /// A figure as it stands in a cell.
    fn cell(&self, of: &dyn Fn(&JudgedTransfer) -> Option<f64>) -> String {
        let Some(mean) = of(self.mean) else {
            return "\u{2013}".to_owned();
        };
        match self.range.map(|range| range.map(of)) {
            Some([Some(least), Some(most)]) => {
                format!("{mean:.3} ({least:.3}\u{2013}{most:.3})")
            }
            _ => three(mean),
        }
    }
}

/// All tables of an evaluation, in the order of reading.
pub(super) fn all(evaluation: &Evaluation) -> Vec<Section> {
    let mut all = measures::sections(&evaluation.measures);
    all.extend(evaluation.judged.iter().flat_map(sections));
    all
}

/// The tables of a report by the judge.
pub(super) fn sections(report: &Report) -> Vec<Section> {
    let mut sections = vec![judge::judge(report), judge::recalls(report)];
    if report.rows.iter().any(|row| row.weights.is_some()) {
        sections.push(figures::weights(report));
    }
    sections.extend([
        figures::summary(report),
        figures::style(report),
        figures::content(report),
        figures::textures(report),
        collections::collections(report),
    ]);
    sections
}

/// The name of a collection; with its mark if it is measured by itself.
fn marked(name: &str, by_itself: bool) -> String {
    let mark = if by_itself { " \u{2020}" } else { "" };
    format!("{name}{mark}")
}

fn arrow(figures: &DirectionFigures) -> String {
    format!("{}\u{2192}{}", figures.source, figures.target)
}
