//! The tables that stand first: every way to move music by the same measures, with the baselines.

use super::{Section, three};
use crate::classify::stranger::Stranger;
use crate::evaluate::faults::Faults;
use crate::evaluate::histograms::Overlap;
use crate::evaluate::measures::{MeasuredDirection, Measures, Row};

pub(in crate::evaluate::report) fn sections(measures: &Measures) -> Vec<Section> {
    vec![summary(measures), overlaps(measures), faults(measures)]
}

/// Name of a baseline in a table.
fn name(row: &Row) -> String {
    match (row.baseline, &*row.name) {
        (true, "identity") => "source untouched".to_owned(),
        (true, "random target") => "real against real".to_owned(),
        (true, "tunes") => "tunes alone".to_owned(),
        (true, "rules") => "transfer by rule".to_owned(),
        (_, name) => name.to_owned(),
    }
}

fn arrow(direction: &MeasuredDirection) -> String {
    format!("{}\u{2192}{}", direction.source, direction.target)
}

fn summary(measures: &Measures) -> Section {
    let seeds = measures.panel.seeds;
    let note = format!(
        "Strangers: classifiers that learn from half of the outputs and as many real phrases of \
         the target genre, by piece, and are asked about the other half; 0.5 is by chance. The \
         mean of {seeds} divisions, each with one on either half, and the least and most; \
         together: all strangers asked at once. Recognised: outputs to which, of 200 sources, \
         none is nearer than their own. Tune kept: notes of the tune that begin in the output \
         within a step at their pitch. Real against real has random real phrases of the target \
         genre for outputs: music that is right, and has nothing of the source. Tunes alone: the \
         sources' tunes beside the target's, without all else: what can be told by the tune."
    );
    let head = [
        "direction",
        "",
        "phrases",
        "told by strangers",
        "together",
        "recognised",
        "tune kept",
        "chroma",
        "notes, of the target's",
    ];
    let mut section = Section::new("Style and content", note, &head);
    for direction in &measures.directions {
        for row in &direction.rows {
            let figures = &row.figures;
            let Stranger {
                mean, least, most, ..
            } = figures.stranger;
            section.rows.push(vec![
                arrow(direction),
                name(row),
                figures.phrases.to_string(),
                format!("{mean:.3} ({least:.3}\u{2013}{most:.3})"),
                three(figures.stranger.together),
                three(figures.kept.recognised),
                three(figures.kept.tune),
                three(figures.kept.chroma),
                format!("{:.2}", figures.notes_of_target),
            ]);
        }
    }
    section
}

type OverlapOf = fn(&Overlap) -> f64;

const OVERLAP: [(&str, OverlapOf); 7] = [
    ("lengths", |overlap| overlap.lengths),
    ("onsets in the bar", |overlap| overlap.onsets),
    ("polyphony", |overlap| overlap.polyphony),
    ("melodic intervals", |overlap| overlap.melodic),
    ("harmonic intervals", |overlap| overlap.harmonic),
    ("register", |overlap| overlap.register),
    ("mean", |overlap| overlap.mean),
];

fn overlaps(measures: &Measures) -> Section {
    let mut section = Section::with_figures(
        "Histograms beside the target's",
        "The area that the histogram of the outputs shares with that of real phrases of the \
         target genre: 1 is the same, 0 nothing in common.",
        &["direction", ""],
        &OVERLAP,
    );
    for direction in &measures.directions {
        let rows = direction.rows.iter();
        for row in rows.filter(|row| !row.baseline || row.name != "tunes") {
            let cells = OVERLAP.map(|(_, of)| three(of(&row.figures.overlap)));
            let start = [arrow(direction), name(row)];
            section.row(start, cells);
        }
    }
    section
}

type FaultsOf = fn(&Faults) -> f64;

const FAULTS: [(&str, FaultsOf); 5] = [
    ("semitone clusters", |faults| faults.clusters),
    ("outside the harmony", |faults| faults.outside),
    ("leaps of the tune", |faults| faults.tune_leaps),
    ("leaps of the bass", |faults| faults.bass_leaps),
    ("of one step", |faults| faults.short),
];

fn faults(measures: &Measures) -> Section {
    let mut section = Section::with_figures(
        "What is wrong",
        "To 100 notes: notes that begin a semitone from another that sounds; notes that are none \
         of their half bar's four strongest pitch classes; leaps of more than an octave of the \
         tune and of the lowest line, to 100 notes of it; notes of one step. Real music has some \
         of each: what counts is the distance from the target's.",
        &["direction", ""],
        &FAULTS,
    );
    for direction in &measures.directions {
        let one = |name: String, faults: &Faults| -> Vec<String> {
            let cells = FAULTS.map(|(_, of)| format!("{:.1}", of(faults)));
            [arrow(direction), name].into_iter().chain(cells).collect()
        };
        let real = format!("target: real {}", direction.target);
        section.rows.push(one(real, &direction.real));
        let rows = direction.rows.iter();
        let own =
            rows.filter(|row| !row.baseline || !["random target", "tunes"].contains(&&*row.name));
        section
            .rows
            .extend(own.map(|row| one(name(row), &row.figures.faults)));
    }
    section
}
