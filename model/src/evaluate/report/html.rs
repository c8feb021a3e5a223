//! The reports as one HTML page that needs nothing else: no network, no script, all pictures in
//! it.

use std::fmt::Write as _;

use super::Evaluation;
use super::plots;
use super::tables::{Section, all};
use crate::evaluate::EvaluateError;
use crate::evaluate::examples::Example;
use crate::genre::Direction;
use crate::svg::escape;

const STYLE: &str = "\
    body{font:15px/1.5 system-ui,Helvetica,Arial,sans-serif;color:#1c2733;background:#fff;\
    max-width:1240px;margin:2em auto;padding:0 1.5em}\
    h1{font-size:26px}h2{font-size:22px;border-top:2px solid #8f9aa6;padding-top:.7em;\
    margin-top:2em}h3{font-size:17px;margin:1.8em 0 .3em}\
    p{max-width:48em;margin:.4em 0;color:#3b4855}\
    .wide{overflow-x:auto}\
    table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;\
    margin:.6em 0}\
    th,td{padding:.25em .7em;border-bottom:1px solid #e6eaee;text-align:left;\
    white-space:nowrap}\
    th{vertical-align:bottom;white-space:normal;border-bottom:1px solid #8f9aa6}\
    tbody tr:nth-child(even){background:#f8f9fb}\
    .side{display:flex;flex-wrap:wrap;gap:1em}\
    figure{margin:.5em 0}figcaption{font-size:13px;color:#55616e}";

/// The page of some evaluations, each with its examples.
///
/// # Errors
/// An example cannot be drawn.
pub fn page(evaluations: &[(Evaluation, Vec<Example>)]) -> Result<String, EvaluateError> {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Third Stream: evaluation</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>Third Stream: evaluation</h1>\n\
         <p>How far the networks move music between genres, and what they leave of it, beside \
         three baselines: the identity, a random real phrase of the target genre, and a transfer \
         by rule (swing or its absence, sevenths and ninths, the scale, the beat).</p>\n"
    );
    for (evaluation, examples) in evaluations {
        of_pair(evaluation, examples, &mut html)?;
    }
    html.push_str("</body>\n</html>\n");
    Ok(html)
}

fn of_pair(
    evaluation: &Evaluation,
    examples: &[Example],
    html: &mut String,
) -> Result<(), EvaluateError> {
    let of = &evaluation.measures;
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(
        html,
        "<h2>{}</h2>\n<p>Split {}, data {:.12}.</p>",
        escape(&of.pair),
        escape(&of.split),
        of.data
    );
    for section in all(evaluation) {
        table(&section, html);
        let Some(report) = &evaluation.judged else {
            continue;
        };
        match section.title {
            "Style and content together" => {
                figures(
                    "Style against content: a transfer worth having lies to the right and above \
                     what the baselines reach. Dashed: the ceiling. Bars: least and most of \
                     several seeds.",
                    std::iter::once(plots::plane(report)),
                    html,
                );
            }
            "Style" => {
                let charts = Direction::BOTH.map(|direction| plots::shares(report, direction));
                figures(
                    "The share of phrases that the judge calls the source genre, before (x), after \
                     (x\u{302}) and back again (x\u{303}).",
                    charts.into_iter(),
                    html,
                );
            }
            _ => {}
        }
    }
    if !examples.is_empty() {
        html.push_str("<h3>Before and after</h3>\n");
        let pictures: Result<Vec<String>, _> = examples.iter().map(Example::picture).collect();
        figures(
            "Phrases at full amount, chosen by a fixed rule: every k-th in the order of their \
             piece's SHA-256. Grey: kept. Orange: removed. Blue: added.",
            pictures?.into_iter(),
            html,
        );
    }
    Ok(())
}

fn table(section: &Section, html: &mut String) {
    let _ = writeln!(
        html,
        "<h3>{}</h3>\n<p>{}</p>\n<div class=\"wide\"><table>\n<thead>{}</thead>\n<tbody>",
        escape(section.title),
        escape(&section.note).replace('`', ""),
        row("th", &section.head)
    );
    for cells in &section.rows {
        let _ = writeln!(html, "{}", row("td", cells));
    }
    html.push_str("</tbody>\n</table></div>\n");
}

fn row(tag: &str, cells: &[String]) -> String {
    let cells = cells
        .iter()
        .map(|cell| format!("<{tag}>{}</{tag}>", escape(cell)));
    format!("<tr>{}</tr>", cells.collect::<String>())
}

fn figures(caption: &str, pictures: impl Iterator<Item = String>, html: &mut String) {
    let _ = writeln!(
        html,
        "<figure><figcaption>{}</figcaption>\n<div class=\"side\">",
        escape(caption)
    );
    pictures.for_each(|picture| html.push_str(&picture));
    html.push_str("</div></figure>\n");
}
