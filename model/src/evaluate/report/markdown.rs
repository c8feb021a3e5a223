//! The report as Markdown tables, which read well in a terminal too.

use std::fmt::{self, Display, Formatter};

use super::tables::{Section, all, sections};
use super::{Evaluation, Report};

impl Display for Evaluation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let of = &self.measures;
        writeln!(
            f,
            "Pair {}, split {}, data {:.12}.",
            of.pair, of.split, of.data
        )?;
        all(self)
            .iter()
            .try_for_each(|section| write!(f, "\n{section}"))
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            pair, split, data, ..
        } = self;
        writeln!(f, "Pair {pair}, split {split}, data {data:.12}.")?;
        sections(self)
            .iter()
            .try_for_each(|section| write!(f, "\n{section}"))
    }
}

/// A space around each cell, and all columns as wide as their widest.
impl Display for Section {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "### {}\n", self.title)?;
        if !self.note.is_empty() {
            writeln!(f, "{}\n", self.note)?;
        }
        let all = || std::iter::once(&self.head).chain(&self.rows);
        let widest = |column: usize| all().map(|row| width(&row[column])).max();
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| widest(column).unwrap_or(0))
            .collect();
        for (number, row) in all().enumerate() {
            for (cell, widest) in row.iter().zip(&widths) {
                write!(f, "| {cell}{:1$} ", "", widest - width(cell))?;
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

/// Columns that a text takes; the combining marks of x̂ and x̃ take none.
fn width(text: &str) -> usize {
    let combining = |c: &char| ('\u{300}'..='\u{36f}').contains(c);
    text.chars().filter(|c| !combining(c)).count()
}
