//! The report as Markdown tables, which read well in a terminal too.

use std::fmt::{self, Display, Formatter};

use super::{DirectionFigures, Figures, Report};

/// Rows of cells, set with a space around each cell and all columns as wide as their widest.
struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    fn new<const N: usize>(head: [&str; N]) -> Self {
        Self {
            rows: vec![head.map(str::to_owned).to_vec()],
        }
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let columns = self.rows[0].len();
        let length = |row: &Vec<String>, column: usize| row[column].chars().count();
        let widest = |column| self.rows.iter().map(|row| length(row, column)).max();
        let widths: Vec<usize> = (0..columns).map(|c| widest(c).unwrap_or(0)).collect();
        for (number, row) in self.rows.iter().enumerate() {
            for (cell, width) in row.iter().zip(&widths) {
                write!(f, "| {cell:<width$} ")?;
            }
            writeln!(f, "|")?;
            if number == 0 {
                widths
                    .iter()
                    .try_for_each(|width| write!(f, "|{:-<1$}", "", width + 2))?;
                writeln!(f, "|")?;
            }
        }
        Ok(())
    }
}

fn three(value: f64) -> String {
    format!("{value:.3}")
}

fn arrow(direction: &DirectionFigures) -> String {
    format!("{}→{}", direction.source, direction.target)
}

/// P(source) of x, x̂, x̃ and S, by judge.
fn style(figures: &Figures, judge: &str) -> [String; 4] {
    let style = &figures.style[judge];
    let p = style.p_source;
    [
        three(p.source),
        three(p.output),
        three(p.back),
        three(style.s),
    ]
}

fn content(figures: &Figures) -> [String; 9] {
    let c = &figures.content;
    [
        c.chroma_cosine,
        c.onset_f1,
        c.cycle_onset_f1,
        c.density_ratio,
        c.cells_changed,
        c.content_retention,
        c.melody_fidelity,
        c.cell_f1,
        c.distinct_outputs,
    ]
    .map(three)
}

const CONTENT: [&str; 9] = [
    "chroma cosine",
    "onset F1",
    "cycle onset F1",
    "density ratio",
    "cells changed",
    "content retention (low is good)",
    "melody fidelity",
    "cell F1",
    "distinct outputs",
];

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.judges.iter().map(|j| j.record.shape.name()).collect();
        writeln!(
            f,
            "Pair {}, split {}, data {:.12}.\n",
            self.pair, self.split, self.data
        )?;

        let mut judges = Table::new(["judge", "accuracy", "recall", "ceiling of S"]);
        for judge in &self.judges {
            let recall = judge
                .recall
                .iter()
                .map(|(genre, share)| format!("{genre} {share:.3}"));
            judges.rows.push(vec![
                judge.record.shape.to_string(),
                three(judge.accuracy),
                recall.collect::<Vec<_>>().join(", "),
                three(judge.ceiling),
            ]);
        }
        writeln!(f, "{judges}")?;

        let mut totals = Table::new(["", "judge", "S total", "S / ceiling", "harmonic"]);
        let mut styles = Table::new([
            "",
            "direction",
            "phrases",
            "judge",
            "P(source) of x",
            "of x̂",
            "of x̃",
            "S",
        ]);
        let head: Vec<&str> = ["", "direction"].into_iter().chain(CONTENT).collect();
        let mut contents = Table {
            rows: vec![head.iter().map(ToString::to_string).collect()],
        };
        for row in &self.rows {
            for judge in &names {
                let total = &row.total[*judge];
                let figures = [total.s, total.s_over_ceiling, total.harmonic].map(three);
                let start = [row.name.clone(), (*judge).to_owned()];
                totals.rows.push(start.into_iter().chain(figures).collect());
            }
            for direction in &row.directions {
                let start = [row.name.clone(), arrow(direction)];
                for judge in &names {
                    let more = [direction.all.phrases.to_string(), (*judge).to_owned()];
                    let figures = style(&direction.all, judge);
                    styles
                        .rows
                        .push(start.iter().cloned().chain(more).chain(figures).collect());
                }
                contents
                    .rows
                    .push(start.into_iter().chain(content(&direction.all)).collect());
            }
        }
        writeln!(f, "{totals}\n{styles}\n{contents}")?;
        self.textures(f)?;
        self.sources(f, &names)
    }
}

impl Report {
    /// How real phrases and outputs look.
    fn textures(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(["", "notes a step", "polyphony", "scale consistency"]);
        let real = self
            .real
            .iter()
            .map(|(genre, texture)| (format!("real {genre}"), texture));
        let made = self.rows.iter().flat_map(|row| {
            let name = |direction| format!("{} {}", row.name, arrow(direction));
            row.directions
                .iter()
                .map(move |direction| (name(direction), &direction.output))
        });
        for (name, texture) in real.chain(made) {
            let figures = [
                texture.notes_per_step,
                texture.polyphony,
                texture.scale_consistency,
            ];
            table
                .rows
                .push([name].into_iter().chain(figures.map(three)).collect());
        }
        writeln!(f, "{table}")
    }

    /// The first row by the collection that the phrases come from.
    fn sources(&self, f: &mut Formatter<'_>, judges: &[&str]) -> fmt::Result {
        let Some(row) = self.rows.first() else {
            return Ok(());
        };
        let mut table = Table::new([
            "collection",
            "direction",
            "phrases",
            "P(source) of x",
            "of x̂",
            "chroma cosine",
            "onset F1",
            "cycle onset F1",
            "density ratio",
        ]);
        for direction in &row.directions {
            for (name, figures) in &direction.by_source {
                let shares = |of: fn(&super::Shares) -> f64| {
                    let each = judges
                        .iter()
                        .map(|j| three(of(&figures.style[*j].p_source)));
                    each.collect::<Vec<_>>().join(", ")
                };
                let [chroma, onset, cycle, density, ..] = content(figures);
                table.rows.push(vec![
                    name.clone(),
                    arrow(direction),
                    figures.phrases.to_string(),
                    shares(|p| p.source),
                    shares(|p| p.output),
                    chroma,
                    onset,
                    cycle,
                    density,
                ]);
            }
        }
        writeln!(
            f,
            "`{}` by collection; P(source) by {}.\n",
            row.name,
            judges.join(", ")
        )?;
        write!(f, "{table}")
    }
}
