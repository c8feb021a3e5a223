//! Before and after as a picture: both piano rolls of a song over each other, as SVG.
//!
//! Kept, removed and added cells have their own colours. Eight bar slots stand in a row, about
//! 1000 pixels wide, and a phrase alone takes half of that; each row shows the octaves that it
//! needs. Pure: text out, no files.

mod cells;

use std::fmt::Write as _;

use crate::roll::{SLOTS, STEPS_PER_SLOT};
use crate::song::{Grid, PartSelection, Rendition, Song};
use cells::{Cells, Kind, Run};

/// Bar slots in a row of the picture.
const SLOTS_PER_ROW: usize = 8;
/// Pixels of a step.
const STEP: usize = 7;
/// Pixels of a semitone.
const SEMITONE: usize = 6;
/// Pixels left of the rows, for the names of the octaves.
const LEFT: usize = 44;
/// Pixels right of the rows.
const RIGHT: usize = 12;
/// Pixels above the first row, for title and legend.
const TOP: usize = 74;
/// Pixels between rows, for the numbers of the bars.
const GAP: usize = 30;
/// The fewest semitones in a row.
const LEAST_RANGE: u8 = 24;

/// One note to be drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// MIDI key.
    pub key: u8,
    /// Start in beats.
    pub onset: f64,
    /// End in beats.
    pub release: f64,
}

/// Contents of a picture.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// The large line at the top.
    pub title: &'a str,
    /// The small line below it.
    pub subtitle: &'a str,
    /// The bars.
    pub grid: &'a Grid,
    /// The notes as they were.
    pub before: &'a [Mark],
    /// The notes as they are.
    pub after: &'a [Mark],
}

/// The selected notes of a song.
pub fn marks(song: &Song, selection: &PartSelection) -> Vec<Mark> {
    let notes = song.notes().iter().filter(|note| selection.contains(note));
    notes
        .map(|note| Mark {
            key: note.key,
            onset: note.onset,
            release: note.release,
        })
        .collect()
}

/// The source notes of a rendition, and what is played in their place.
pub fn marks_of_rendition(song: &Song, rendition: &Rendition) -> (Vec<Mark>, Vec<Mark>) {
    let before = rendition.sources.iter().map(|index| &song.notes()[*index]);
    let before = before.map(|note| Mark {
        key: note.key,
        onset: note.onset,
        release: note.release,
    });
    let after = rendition.played.iter().map(|played| Mark {
        key: played.note.key,
        onset: song.beat_map().beats(played.note.start),
        release: song.beat_map().beats(played.note.end),
    });
    (before.collect(), after.collect())
}

/// Width in pixels of a picture of `slots` slots; title and legend need four.
fn width(slots: usize) -> usize {
    LEFT + slots.clamp(SLOTS, SLOTS_PER_ROW) * STEPS_PER_SLOT * STEP + RIGHT
}

/// Draws the picture as a self-contained SVG file.
pub fn draw(picture: &Picture) -> String {
    let cells = Cells::of(picture.grid, picture.before, picture.after);
    let width = width(picture.grid.slots().len());
    let rows = picture.grid.slots().len().div_ceil(SLOTS_PER_ROW);
    let mut body = String::new();
    let mut y = TOP;
    let mut range = (60, 60 + LEAST_RANGE);
    for row in 0..rows {
        let first = row * SLOTS_PER_ROW;
        let slots = first..picture.grid.slots().len().min(first + SLOTS_PER_ROW);
        let steps = slots.start * STEPS_PER_SLOT..slots.end * STEPS_PER_SLOT;
        let runs = cells.runs(steps);
        range = key_range(&runs).unwrap_or(range);
        let place = Row {
            y,
            range,
            first,
            grid: picture.grid,
        };
        place.draw(slots.len(), &runs, &mut body);
        y += place.height() + GAP;
    }
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{y}\" \
         viewBox=\"0 0 {width} {y}\" font-family=\"Helvetica, Arial, sans-serif\" role=\"img\">\n\
         <title>{}</title>\n{STYLE}",
        escape(picture.title)
    );
    let _ = writeln!(
        svg,
        "<rect width=\"{width}\" height=\"{y}\" fill=\"#fff\"/>"
    );
    heading(picture, &cells, width, &mut svg);
    svg.push_str(&body);
    svg.push_str("</svg>\n");
    svg
}

/// The colours of the editor's light theme: text with a contrast of 4.5 at least, notes that
/// colour-blind people tell apart, and a line through what is removed.
const STYLE: &str = "<style>\
    .title{font-size:19px;font-weight:bold;fill:#21252c}\
    .small{font-size:12px;fill:#4c535e}\
    .label{font-size:11px;fill:#4c535e}\
    .kept{fill:#858d9a}.added{fill:#1457b8}\
    .removed{fill:#fff;stroke:#e0584a;stroke-width:1}\
    .cross{stroke:#e0584a;stroke-width:1.4}\
    .onset{fill:#21252c}.black{fill:#f4f6f8}\
    .octave{stroke:#d5dbe1}.beat{stroke:#e6eaee}.bar{stroke:#8f9aa6}\
    </style>\n";

/// The line through a removed note whose rectangle this is.
fn cross(x: f64, y: f64, width: f64, height: f64) -> String {
    let (middle, right) = (y + height / 2.0, x + width);
    format!("<path class=\"cross\" d=\"M{x} {middle}H{right}\"/>")
}

fn heading(picture: &Picture, cells: &Cells, width: usize, svg: &mut String) {
    let title = escape(picture.title);
    let subtitle = escape(picture.subtitle);
    let _ = writeln!(
        svg,
        "<text class=\"title\" x=\"{LEFT}\" y=\"26\">{title}</text>"
    );
    let _ = writeln!(
        svg,
        "<text class=\"small\" x=\"{LEFT}\" y=\"46\">{subtitle}</text>"
    );
    let mut x = width - RIGHT;
    for kind in [Kind::Added, Kind::Removed, Kind::Kept] {
        let text = format!("{} {}", cells.count(kind), kind.name());
        x -= text.len() * 7 + 34;
        let _ = writeln!(
            svg,
            "<rect class=\"{}\" x=\"{x}\" y=\"35.5\" width=\"16\" height=\"11\"/>{}\
             <text class=\"small\" x=\"{}\" y=\"46\">{text}</text>",
            kind.name(),
            match kind {
                Kind::Removed => cross(x as f64, 35.5, 16.0, 11.0),
                _ => String::new(),
            },
            x + 22
        );
    }
    let _ = writeln!(
        svg,
        "<text class=\"label\" x=\"{}\" y=\"26\" text-anchor=\"end\">cells of a 16th</text>",
        width - RIGHT
    );
}

/// The keys that a row shows: all that sound in it, a little more, and two octaves at least.
fn key_range(runs: &[Run]) -> Option<(u8, u8)> {
    let low = runs.iter().map(|run| run.key).min()?.saturating_sub(2);
    let high = runs.iter().map(|run| run.key).max()?.saturating_add(3);
    let missing = LEAST_RANGE.saturating_sub(high - low);
    let low = low.saturating_sub(missing / 2);
    Some((low, high.max(low + LEAST_RANGE).min(128)))
}

/// One row of the picture.
struct Row<'a> {
    /// Pixels from the top.
    y: usize,
    /// Lowest key, and the one above the highest.
    range: (u8, u8),
    /// Its first slot.
    first: usize,
    grid: &'a Grid,
}

impl Row<'_> {
    const fn height(&self) -> usize {
        (self.range.1 - self.range.0) as usize * SEMITONE
    }

    /// Pixels from the top to a key's upper edge.
    const fn top_of(&self, key: u8) -> usize {
        self.y + (self.range.1 - 1 - key) as usize * SEMITONE
    }

    /// Pixels from the left to a step of the grid; slots stand close, however long they are.
    fn left_of(&self, index: usize) -> usize {
        let slot = index / STEPS_PER_SLOT;
        let steps = |slot: usize| self.grid.slots().get(slot).map_or(0, |slot| slot.steps);
        let before: usize = (self.first..slot).map(steps).sum();
        LEFT + (before + (index % STEPS_PER_SLOT).min(steps(slot))) * STEP
    }

    fn draw(&self, slots: usize, runs: &[Run], svg: &mut String) {
        let end = self.left_of((self.first + slots) * STEPS_PER_SLOT);
        self.draw_keys(end, svg);
        self.draw_bars(slots, end, svg);
        for run in runs {
            let (x, right) = (self.left_of(run.start), self.left_of(run.end));
            if right <= x {
                continue;
            }
            let class = run.kind.name();
            let y = self.top_of(run.key);
            // A hair of background between notes; removed cells are drawn inside their line.
            let inset = if run.kind == Kind::Removed { 1.0 } else { 0.5 };
            let (left, top) = (x as f64 + inset, y as f64 + inset);
            let width = (right - x) as f64 - 2.0 * inset;
            let height = SEMITONE as f64 - 2.0 * inset;
            let _ = writeln!(
                svg,
                "<rect class=\"{class}\" x=\"{left}\" y=\"{top}\" width=\"{width}\" \
                 height=\"{height}\"/>"
            );
            if run.kind == Kind::Removed {
                let _ = writeln!(svg, "{}", cross(left, top, width, height));
            }
            if run.onset && run.kind != Kind::Removed {
                let _ = writeln!(
                    svg,
                    "<rect class=\"onset\" x=\"{x}\" y=\"{y}\" width=\"2\" height=\"{SEMITONE}\"/>"
                );
            }
        }
    }

    fn draw_keys(&self, end: usize, svg: &mut String) {
        let width = end - LEFT;
        for key in self.range.0..self.range.1 {
            let y = self.top_of(key);
            if matches!(key % 12, 1 | 3 | 6 | 8 | 10) {
                let _ = writeln!(
                    svg,
                    "<rect class=\"black\" x=\"{LEFT}\" y=\"{y}\" width=\"{width}\" \
                     height=\"{SEMITONE}\"/>"
                );
            }
            if key % 12 == 0 {
                let line = y + SEMITONE;
                let _ = writeln!(
                    svg,
                    "<path class=\"octave\" d=\"M{LEFT} {line}H{end}\"/>\
                     <text class=\"label\" x=\"{}\" y=\"{line}\" text-anchor=\"end\">C{}</text>",
                    LEFT - 6,
                    i32::from(key) / 12 - 1
                );
            }
        }
    }

    fn draw_bars(&self, slots: usize, end: usize, svg: &mut String) {
        let (top, bottom) = (self.y, self.y + self.height());
        for index in self.first..self.first + slots {
            let slot = self.grid.slots()[index];
            for step in (4..slot.steps).step_by(4) {
                let x = self.left_of(index * STEPS_PER_SLOT + step);
                let _ = writeln!(svg, "<path class=\"beat\" d=\"M{x} {top}V{bottom}\"/>");
            }
            let x = self.left_of(index * STEPS_PER_SLOT);
            let begins = index == 0 || self.grid.slots()[index - 1].bar != slot.bar;
            let class = if begins { "bar" } else { "beat" };
            let _ = writeln!(svg, "<path class=\"{class}\" d=\"M{x} {top}V{bottom}\"/>");
            if begins {
                let _ = writeln!(
                    svg,
                    "<text class=\"label\" x=\"{}\" y=\"{}\">{}</text>",
                    x + 2,
                    top - 4,
                    slot.bar + 1
                );
            }
        }
        let _ = writeln!(svg, "<path class=\"bar\" d=\"M{end} {top}V{bottom}\"/>");
    }
}

/// Text as HTML and SVG take it, in attributes too.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
