//! The figures by the collection that the source phrase comes from.

use std::iter;

use super::figures::{CONTENT, STYLE};
use super::{Line, Section, arrow, lines, marked};
use crate::evaluate::report::{JudgedFigures, JudgedTransfer, Report};
use crate::genre::Direction;

pub(super) fn collections(report: &Report) -> Section {
    let head = [
        "direction",
        "collection",
        "phrases",
        "",
        "P(source) of x",
        "of x\u{302}",
        "of x\u{303}",
        "S",
        "chroma cosine",
        "onset F1",
        "cycle onset F1",
        "density ratio",
    ];
    let mut section = Section::new(
        "By collection",
        "The same figures by the collection that the source phrase comes from. Collections \
         marked \u{2020} are measured by themselves. A difference of less than 1 / \u{221a}phrases \
         is noise.",
        &head,
    );
    for direction in Direction::BOTH {
        let Some(any) = report.rows.first() else {
            break;
        };
        let any = any.measured.direction(direction);
        let own = any.by_source.keys().map(|name| (name, false));
        for (name, by_itself) in own.chain(any.also_source.keys().map(|name| (name, true))) {
            for line in lines(report) {
                section
                    .rows
                    .push(collection(&line, direction, name, by_itself));
            }
        }
    }
    section
}

/// One line of the table of collections.
fn collection(line: &Line, direction: Direction, name: &str, by_itself: bool) -> Vec<String> {
    let of = |measured: &JudgedTransfer| -> Option<JudgedFigures> {
        let figures = measured.direction(direction);
        let part = if by_itself {
            figures.also_source.get(name)
        } else {
            figures.by_source.get(name)
        };
        part.cloned()
    };
    let style =
        [0, 1, 2, 4].map(|at: usize| line.cell(&|m| of(m).and_then(|f| STYLE[at].1(&f.style))));
    let content =
        [0, 1, 2, 4].map(|at: usize| line.cell(&|m| of(m).and_then(|f| CONTENT[at].1(&f.content))));
    let phrases = of(line.mean).map_or(0, |figures| figures.phrases);
    [
        arrow(line.mean.direction(direction)),
        marked(name, by_itself),
    ]
    .into_iter()
    .chain(iter::once(phrases.to_string()))
    .chain(iter::once(line.name.clone()))
    .chain(style)
    .chain(content)
    .collect()
}
