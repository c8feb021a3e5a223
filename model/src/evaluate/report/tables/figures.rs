//! The models and the baselines: style, content and texture of their outputs.

use super::{Section, arrow, lines, three};
use crate::evaluate::figures::{Content, Texture};
use crate::evaluate::report::{JudgedStyle, Report, Total};
use crate::genre::Direction;

pub(super) fn weights(report: &Report) -> Section {
    let mut section = Section::new(
        "Weights",
        "",
        &["", "recipe", "seed", "steps", "base channels × blocks"],
    );
    for row in &report.rows {
        if let Some(header) = &row.weights {
            let Ok(shape) = header.cyclegan().map(|cyclegan| cyclegan.generator) else {
                continue;
            };
            section.rows.push(vec![
                row.name.clone(),
                header.recipe.clone(),
                header.seed.to_string(),
                header.steps.to_string(),
                format!("{} × {}", shape.base_channels, shape.residual_blocks),
            ]);
        }
    }
    section
}

pub(super) fn summary(report: &Report) -> Section {
    let mut section = Section::new(
        "Style and content together",
        "Both directions. Style alone proves nothing: the random target phrase has all of it and \
         none of the content, the identity none of it and all of the content. The harmonic mean \
         is that of S / ceiling (at most 1) and the cycle onset F1.",
        &[
            "",
            "S total",
            "S / ceiling",
            "S total, soft x\u{303}",
            "harmonic",
            "onset F1",
            "cycle onset F1",
            "chroma cosine",
        ],
    );
    for line in lines(report) {
        let total = |of: fn(&Total) -> Option<f64>| line.cell(&|measured| of(&measured.total));
        let content = |of: fn(&Content) -> f64| line.cell(&|measured| Some(measured.content(of)));
        section.rows.push(vec![
            line.name.clone(),
            total(|total| Some(total.s)),
            total(|total| Some(total.s_over_ceiling)),
            total(|total| total.s_soft),
            total(|total| Some(total.harmonic)),
            content(|content| content.onset_f1),
            content(|content| content.cycle_onset_f1),
            content(|content| content.chroma_cosine),
        ]);
    }
    section
}

/// How a figure of the style is found.
pub(super) type StyleOf = fn(&JudgedStyle) -> Option<f64>;

pub(super) const STYLE: [(&str, StyleOf); 6] = [
    ("P(source) of x", |style| Some(style.p_source.source)),
    ("of x\u{302}", |style| Some(style.p_source.output)),
    ("of x\u{303}", |style| Some(style.p_source.back)),
    ("of soft x\u{303}", |style| style.p_source_soft_back),
    ("S", |style| Some(style.s)),
    ("S, soft x\u{303}", |style| style.s_soft),
];

pub(super) fn style(report: &Report) -> Section {
    let mut section = Section::with_figures(
        "Style",
        "P(source) is the share of phrases that the judge calls the source genre: of the sources x, \
         of the outputs x\u{302}, and of x\u{303}, which came back through both generators. \
         x\u{303} is made from the notes of x\u{302}; the soft x\u{303} is the paper's own, made \
         from the probabilities, in which a generator can hide what it knows of the source.",
        &["", "direction", "phrases"],
        &STYLE,
    );
    for line in lines(report) {
        for direction in Direction::BOTH {
            let figures = line.mean.direction(direction);
            let cells = STYLE
                .map(|(_, of)| line.cell(&|measured| of(&measured.direction(direction).all.style)));
            let start = [
                line.name.clone(),
                arrow(figures),
                figures.all.phrases.to_string(),
            ];
            section.row(start, cells);
        }
    }
    section
}

/// How a figure of the content is found.
pub(super) type ContentOf = fn(&Content) -> Option<f64>;

pub(super) const CONTENT: [(&str, ContentOf); 14] = [
    ("chroma cosine", |c| Some(c.chroma_cosine)),
    ("onset F1", |c| Some(c.onset_f1)),
    ("cycle onset F1", |c| Some(c.cycle_onset_f1)),
    ("soft cycle onset F1", |c| c.soft_cycle_onset_f1),
    ("density ratio", |c| Some(c.density_ratio)),
    ("notes ratio", |c| Some(c.notes_ratio)),
    ("cells changed", |c| Some(c.cells_changed)),
    ("content retention (low is good)", |c| {
        Some(c.content_retention)
    }),
    ("melody fidelity", |c| Some(c.melody_fidelity)),
    ("groove kept", |c| Some(c.groove_kept)),
    ("cell F1", |c| Some(c.cell_f1)),
    ("cycle cell F1", |c| Some(c.cycle_cell_f1)),
    ("distinct outputs", |c| Some(c.distinct_share)),
    ("distinct outputs / inputs", |c| Some(c.distinct_outputs)),
];

pub(super) fn content(report: &Report) -> Section {
    let mut section = Section::with_figures(
        "Content",
        "What is left of the source in the output, and (cycle) in what came back. Content \
         retention is the share of cells changed after the best transposition; melody fidelity \
         the share of top-line onsets kept; the density ratio that of sounding cells, the \
         notes ratio that of onsets.",
        &["", "direction"],
        &CONTENT,
    );
    for line in lines(report) {
        for direction in Direction::BOTH {
            let cells = CONTENT.map(|(_, of)| {
                line.cell(&|measured| of(&measured.direction(direction).all.content))
            });
            let start = [line.name.clone(), arrow(line.mean.direction(direction))];
            section.row(start, cells);
        }
    }
    section
}

/// How a figure of the texture is found.
type TextureOf = fn(&Texture) -> f64;

const TEXTURE: [(&str, TextureOf); 8] = [
    ("notes a step", |t| t.notes_per_step),
    ("notes that start in a bar", |t| t.notes_per_bar),
    ("of one step only", |t| t.short_notes),
    ("polyphony", |t| t.polyphony),
    ("semitones at once", |t| t.semitones),
    ("scale consistency", |t| t.scale_consistency),
    ("pitch-class entropy (bits)", |t| t.pitch_class_entropy),
    ("empty beats", |t| t.empty_beats),
];

pub(super) fn textures(report: &Report) -> Section {
    let mut section = Section::with_figures(
        "Density, polyphony and scale",
        "How the outputs look beside the sources and beside real music of the target genre.",
        &["direction", ""],
        &TEXTURE,
    );
    for direction in Direction::BOTH {
        let mut real = |what: &str, genre: &str, arrow: &str| {
            let cells = TEXTURE.map(|(_, of)| three(of(&report.real[genre])));
            let start = [arrow.to_owned(), format!("{what}: real {genre}")];
            section.row(start, cells);
        };
        let lines = lines(report);
        if let Some(line) = lines.first() {
            let figures = line.mean.direction(direction);
            real("source", &figures.source, &arrow(figures));
            real("target", &figures.target, &arrow(figures));
        }
        for line in lines {
            let cells = TEXTURE.map(|(_, of)| {
                line.cell(&|measured| Some(of(&measured.direction(direction).output)))
            });
            let start = [arrow(line.mean.direction(direction)), line.name.clone()];
            section.row(start, cells);
        }
    }
    section
}
