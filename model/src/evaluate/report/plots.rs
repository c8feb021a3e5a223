//! The plots of the HTML page, as SVG: style against content, and what the judge calls the
//! phrases on their way.

use std::fmt::Write as _;

use super::tables::{Line, lines};
use super::{JudgedTransfer, Report};
use crate::genre::Direction;
use crate::svg::escape;

/// Pixels of the plotting area of the plane, either way.
const SIDE: f64 = 300.0;
/// Pixels left of and below it.
const MARGIN: f64 = 46.0;
/// Pixels above it, for the title.
const TOP: f64 = 28.0;
/// Pixels right of it, for names.
const RIGHT: f64 = 130.0;
/// The plane's range of S / ceiling.
const STYLE_RANGE: [f64; 2] = [-0.2, 1.2];

/// Marks of a model, a baseline, and a seed whose mean is shown.
const fn colour(line: &Line) -> &'static str {
    if line.is_baseline {
        "#8f9aa6"
    } else if line.is_seed {
        "#9cc7e8"
    } else {
        "#0f7ec8"
    }
}

fn open(width: f64, height: f64, title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"Helvetica, Arial, sans-serif\" \
         font-size=\"11\" fill=\"#55616e\" role=\"img\">\n<title>{0}</title>\n\
         <text x=\"{MARGIN}\" y=\"16\" font-size=\"13\" font-weight=\"bold\" \
         fill=\"#1c2733\">{0}</text>\n",
        escape(title)
    )
}

/// S over its ceiling against the onset F1 of source and output, both directions together.
pub(super) fn plane(report: &Report) -> String {
    let style = |measured: &JudgedTransfer| measured.total.s_over_ceiling;
    let content = |measured: &JudgedTransfer| measured.content(|content| content.onset_f1);
    let [low, high] = STYLE_RANGE;
    let x = |value: f64| MARGIN + value.clamp(0.0, 1.0) * SIDE;
    let y = |value: f64| TOP + (high - value.clamp(low, high)) / (high - low) * SIDE;
    let (right, bottom) = (MARGIN + SIDE, TOP + SIDE);
    let mut svg = open(right + RIGHT, bottom + MARGIN, "style and content");
    // Writing to a string cannot fail, here and below.
    for value in [0.0, 0.5, 1.0] {
        let (at_x, at_y) = (x(value), y(value));
        let dash = if value == 1.0 {
            " stroke-dasharray=\"5 4\""
        } else {
            ""
        };
        let _ = writeln!(
            svg,
            "<path d=\"M{MARGIN} {at_y:.1}H{right}\" stroke=\"#d5dbe1\"{dash}/>\
             <path d=\"M{at_x:.1} {TOP}V{bottom}\" stroke=\"#d5dbe1\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>\
             <text x=\"{at_x:.1}\" y=\"{}\" text-anchor=\"middle\">{value}</text>",
            MARGIN - 6.0,
            at_y + 4.0,
            bottom + 16.0
        );
    }
    let middle = TOP + SIDE / 2.0;
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">content: onset F1 of source and \
         output</text><text transform=\"translate(14 {middle}) rotate(-90)\" \
         text-anchor=\"middle\">style: S / ceiling</text>",
        MARGIN + SIDE / 2.0,
        bottom + 34.0
    );
    for line in lines(report).iter().rev() {
        let (at_x, at_y) = (x(content(line.mean)), y(style(line.mean)));
        if let Some([least, most]) = line.range {
            let _ = writeln!(
                svg,
                "<path d=\"M{:.1} {at_y:.1}H{:.1}M{at_x:.1} {:.1}V{:.1}\" stroke=\"{}\"/>",
                x(content(least)),
                x(content(most)),
                y(style(least)),
                y(style(most)),
                colour(line)
            );
        }
        let radius = if line.is_seed { 3 } else { 5 };
        let _ = writeln!(
            svg,
            "<circle cx=\"{at_x:.1}\" cy=\"{at_y:.1}\" r=\"{radius}\" fill=\"{}\"/>",
            colour(line)
        );
        if !line.is_seed {
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"#1c2733\">{}</text>",
                at_x + 8.0,
                at_y - 5.0,
                escape(&line.name)
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// Pixels of a bar.
const BAR: f64 = 9.0;
/// Pixels of the names left of the bars.
const NAMES: f64 = 150.0;
/// Pixels of a bar of 1.
const FULL: f64 = 260.0;
/// Names and colours of the three bars of a line.
const BARS: [(&str, &str); 3] = [
    ("x", "#56697c"),
    ("x\u{302}", "#0f7ec8"),
    ("x\u{303}", "#d4622a"),
];

/// P(source) of x, x̂ and x̃ as bars, for one direction.
pub(super) fn shares(report: &Report, direction: Direction) -> String {
    let lines: Vec<Line> = lines(report)
        .into_iter()
        .filter(|line| !line.is_seed)
        .collect();
    let group = 3.0 * BAR + 8.0;
    let bottom = TOP + group * lines.len() as f64;
    let title = report.rows.first().map_or(String::new(), |row| {
        let figures = row.measured.direction(direction);
        format!("{} \u{2192} {}", figures.source, figures.target)
    });
    let mut svg = open(NAMES + FULL + 60.0, bottom + 30.0, &title);
    for value in [0.0, 0.5, 1.0] {
        let x = NAMES + value * FULL;
        let _ = writeln!(
            svg,
            "<path d=\"M{x} {TOP}V{bottom}\" stroke=\"#d5dbe1\"/>\
             <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{value}</text>",
            bottom + 14.0
        );
    }
    for (index, line) in lines.iter().enumerate() {
        let top = TOP + group * index as f64 + 4.0;
        let share = line.mean.direction(direction).all.style.p_source;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#1c2733\">{}</text>",
            NAMES - 8.0,
            top + 1.5 * BAR + 4.0,
            escape(&line.name)
        );
        let values = [share.source, share.output, share.back];
        for (bar, (value, (name, colour))) in values.into_iter().zip(BARS).enumerate() {
            let (y, width) = (top + bar as f64 * BAR, value * FULL);
            let _ = writeln!(
                svg,
                "<rect x=\"{NAMES}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{}\" \
                 fill=\"{colour}\"/><text x=\"{:.1}\" y=\"{:.1}\" font-size=\"9\">{name} \
                 {value:.2}</text>",
                BAR - 1.5,
                NAMES + width + 4.0,
                y + BAR - 2.0
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}
