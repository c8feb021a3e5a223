//! A run's page, `report.html`: losses and validation scores over the steps, and a few phrases
//! before and after. Written anew at every checkpoint, so that it can be watched while the run
//! goes on; it needs no network and no script.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use serde_json::Value;

use crate::files::write_whole;
use crate::train::progress::METRICS;

/// The page's name in the run's folder.
pub const FILE: &str = "report.html";

/// Points of a curve at most; more are averaged.
const POINTS: usize = 300;
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 130.0;
const STYLE: &str = "body{font:15px/1.5 system-ui,Helvetica,Arial,sans-serif;color:#1c2733;\
    max-width:1240px;margin:2em auto;padding:0 1.5em}.all{display:flex;flex-wrap:wrap;gap:1em}\
    figure{margin:0}figcaption{font-size:13px;color:#55616e}";

/// The points of a curve: steps and values.
type Curve = Vec<(f64, f64)>;

/// Writes the page of the run in `folder` from its metrics; `pictures` are SVG files.
pub(super) fn write(folder: &Path, title: &str, pictures: &[String]) -> io::Result<()> {
    let metrics = std::fs::read_to_string(folder.join(METRICS))?;
    write_whole(
        &folder.join(FILE),
        draw(title, &metrics, pictures).as_bytes(),
    )
}

fn draw(title: &str, metrics: &str, pictures: &[String]) -> String {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n<h1>{title}</h1>\n<div class=\"all\">\n"
    );
    for (name, curve) in curves(metrics) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            html,
            "<figure>{}<figcaption>{name}</figcaption></figure>",
            plot(&curve)
        );
    }
    html.push_str("</div>\n");
    for picture in pictures {
        html.push_str(picture);
        html.push('\n');
    }
    html.push_str("</html>\n");
    html
}

/// All numbers of the metrics by name, validation scores after the losses.
fn curves(metrics: &str) -> BTreeMap<String, Curve> {
    let mut curves: BTreeMap<String, Curve> = BTreeMap::new();
    for line in metrics.lines() {
        let Ok(Value::Object(line)) = serde_json::from_str(line) else {
            continue;
        };
        let Some(step) = line.get("step").and_then(Value::as_f64) else {
            continue;
        };
        let mut put = |name: String, value: &Value| {
            if let Some(value) = value.as_f64() {
                curves.entry(name).or_default().push((step, value));
            }
        };
        for (name, value) in &line {
            match value {
                Value::Object(scores) => {
                    for (score, value) in scores {
                        put(format!("{name}: {score}"), value);
                    }
                }
                _ if name != "step" => put(name.clone(), value),
                _ => {}
            }
        }
    }
    curves
}

/// A curve as SVG, with its range at the left and its last value at the right.
fn plot(curve: &Curve) -> String {
    let part = curve.len().div_ceil(POINTS).max(1);
    let points: Curve = curve.chunks(part).map(mean).collect();
    let span = |values: &dyn Fn(&(f64, f64)) -> f64| {
        let all = points.iter().map(values);
        all.fold(
            [f64::INFINITY, f64::NEG_INFINITY],
            |[least, most], value| [least.min(value), most.max(value)],
        )
    };
    let ([left, right], [low, high]) = (span(&|point| point.0), span(&|point| point.1));
    let place = |value: f64, [from, to]: [f64; 2]| {
        if to > from {
            (value - from) / (to - from)
        } else {
            0.5
        }
    };
    let path: Vec<String> = points
        .iter()
        .map(|(step, value)| {
            let x = 60.0 + place(*step, [left, right]) * (WIDTH - 130.0);
            let y = HEIGHT - 20.0 - place(*value, [low, high]) * (HEIGHT - 40.0);
            format!("{x:.1} {y:.1}")
        })
        .collect();
    let last = points.last().map_or(0.0, |point| point.1);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         font-size=\"11\" fill=\"#55616e\"><path d=\"M{}\" fill=\"none\" stroke=\"#0f7ec8\"/>\
         <text x=\"54\" y=\"24\" text-anchor=\"end\">{high:.3}</text>\
         <text x=\"54\" y=\"{}\" text-anchor=\"end\">{low:.3}</text>\
         <text x=\"{}\" y=\"24\">{last:.3}</text></svg>",
        path.join("L"),
        HEIGHT - 16.0,
        WIDTH - 62.0
    )
}

fn mean(points: &[(f64, f64)]) -> (f64, f64) {
    let count = points.len().max(1) as f64;
    let sum = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>();
    (sum(|point| point.0) / count, sum(|point| point.1) / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_curve_and_long_ones_are_short() {
        let mut metrics = String::new();
        for step in 1..=1000 {
            let _ = writeln!(metrics, r#"{{"step":{step},"cycle":{}}}"#, step % 7);
        }
        metrics += "{\"step\":1000,\"validation\":{\"chroma\":0.5}}\n{\"step\":10";
        let curves = curves(&metrics);
        let names: Vec<&String> = curves.keys().collect();
        assert_eq!(names, ["cycle", "validation: chroma"]);
        let drawn = plot(&curves["cycle"]);
        assert_eq!(drawn.matches('L').count(), 249);
        assert!(plot(&curves["validation: chroma"]).contains(">0.500<"));
        let page = draw("jazz-pop", &metrics, &["<svg>roll</svg>".into()]);
        assert!(page.contains("<figcaption>cycle") && page.contains("<svg>roll"));
    }
}
