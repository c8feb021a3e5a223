//! Memory over hours of song, as a line of text and as a picture.

use std::fmt::Write as _;

use third_stream_tests::memory_use::slope;

/// Pixels of the plotting area.
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 240.0;
/// Pixels left of it and below, for numbers and names; above it, for the title; and right of it.
const MARGIN: f64 = 56.0;
const TOP: f64 = 30.0;
const RIGHT: f64 = 20.0;

/// MiB of memory after hours of song.
type Point = (f64, f64);

/// Memory over hours of song, counted in two ways.
#[derive(Clone, Debug, Default)]
pub(crate) struct Curve {
    /// Memory as the system counts it.
    resident: Vec<Point>,
    /// Heap in use; empty where it is not counted.
    allocated: Vec<Point>,
}

impl Curve {
    /// KiB after hours of song.
    pub(crate) fn add(&mut self, hours: f64, resident: Option<u64>, allocated: Option<u64>) {
        let mebibytes = |kibibytes: u64| (hours, kibibytes as f64 / 1024.0);
        self.resident.extend(resident.map(mebibytes));
        self.allocated.extend(allocated.map(mebibytes));
    }

    /// Each way of counting, with its colour.
    fn kinds(&self) -> [(&'static str, &'static str, &[Point]); 2] {
        [
            ("resident", "#0f7ec8", &self.resident),
            ("allocated", "#2e8b57", &self.allocated),
        ]
    }

    /// The quarters and the slopes.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::new();
        for (name, _, points) in self.kinds() {
            let quarter = points.len().div_ceil(4);
            let (first, last) = (&points[..quarter], &points[points.len() - quarter..]);
            // Writing to a string cannot fail, here and below.
            let _ = writeln!(
                text,
                "memory, {name}: first quarter {:.1} MiB, last {:.1} MiB; {:+.2} MiB for a song \
                 hour over the last half",
                mean(first).1,
                mean(last).1,
                slope(last_half(points))
            );
        }
        text
    }

    /// The points, and straight lines through those of the last half.
    pub(crate) fn svg(&self, title: &str) -> String {
        let all = || self.kinds().into_iter().flat_map(|(_, _, points)| points);
        let most = |of: fn(&Point) -> f64| all().map(of).fold(1e-3, f64::max);
        let (hours, memory) = (Scale::up_to(most(|p| p.0)), Scale::up_to(most(|p| p.1)));
        let (right, bottom) = (MARGIN + WIDTH, TOP + HEIGHT);
        let x = |value: f64| MARGIN + value / hours.end * WIDTH;
        let y = |value: f64| bottom - value / memory.end * HEIGHT;
        let (full_width, full_height) = (right + RIGHT, bottom + MARGIN);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{full_width}\" \
             height=\"{full_height}\" viewBox=\"0 0 {full_width} {full_height}\" \
             font-family=\"Helvetica, Arial, sans-serif\" font-size=\"11\" fill=\"#55616e\" \
             role=\"img\">\n<title>{title}</title>\n<rect width=\"100%\" height=\"100%\" \
             fill=\"#ffffff\"/>\n<text x=\"{MARGIN}\" y=\"16\" font-size=\"13\" \
             font-weight=\"bold\" fill=\"#1c2733\">{title}</text>\n"
        );
        for value in memory.marks() {
            let at = y(value);
            let _ = writeln!(
                svg,
                "<path d=\"M{MARGIN} {at:.1}H{right}\" stroke=\"#d5dbe1\"/><text x=\"{}\" \
                 y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
                MARGIN - 6.0,
                at + 4.0
            );
        }
        for value in hours.marks() {
            let at = x(value);
            let _ = writeln!(
                svg,
                "<path d=\"M{at:.1} {TOP}V{bottom}\" stroke=\"#d5dbe1\"/><text x=\"{at:.1}\" \
                 y=\"{}\" text-anchor=\"middle\">{value}</text>",
                bottom + 16.0
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">hours of song</text><text \
             transform=\"translate(14 {}) rotate(-90)\" text-anchor=\"middle\">memory in MiB</text>",
            MARGIN + WIDTH / 2.0,
            bottom + 36.0,
            TOP + HEIGHT / 2.0
        );
        for (name, colour, points) in self.kinds() {
            for (at, memory) in points {
                let (at, memory) = (x(*at), y(*memory));
                let _ = writeln!(
                    svg,
                    "<circle cx=\"{at:.1}\" cy=\"{memory:.1}\" r=\"2\" fill=\"{colour}\"/>"
                );
            }
            let settled = last_half(points);
            let [first, .., last] = settled else {
                continue;
            };
            let (rise, (middle, height)) = (slope(settled), mean(settled));
            let line = |at: f64| y(height + rise * (at - middle));
            let _ = writeln!(
                svg,
                "<path d=\"M{:.1} {:.1}L{:.1} {:.1}\" stroke=\"#d4622a\" \
                 stroke-width=\"1.5\"/><text x=\"{right:.1}\" y=\"{:.1}\" text-anchor=\"end\" \
                 fill=\"{colour}\">{name}: {rise:+.2} MiB for a song hour</text>",
                x(first.0),
                line(first.0),
                x(last.0),
                line(last.0),
                line(last.0) + 22.0
            );
        }
        svg.push_str("</svg>\n");
        svg
    }
}

/// The last half: by then all instances have taken what they need.
fn last_half(points: &[Point]) -> &[Point] {
    &points[points.len() / 2..]
}

fn mean(points: &[Point]) -> Point {
    let count = points.len().max(1) as f64;
    let of = |one: fn(&Point) -> f64| points.iter().map(one).sum::<f64>() / count;
    (of(|point| point.0), of(|point| point.1))
}

/// An axis from 0 on.
struct Scale {
    step: f64,
    end: f64,
}

impl Scale {
    /// With four to ten marks at round numbers, the last at `most` or above.
    fn up_to(most: f64) -> Self {
        let power = 10_f64.powf((most / 4.0).log10().floor());
        let fits = |step: &f64| most / step >= 4.0;
        let steps = [5.0, 2.0, 1.0].map(|round| round * power);
        let step = steps.into_iter().find(fits).unwrap_or(power);
        Self {
            step,
            end: (most / step - 1e-9).ceil() * step,
        }
    }

    fn marks(&self) -> impl Iterator<Item = f64> {
        let (step, count) = (self.step, (self.end / self.step).round() as u32);
        // Without the noise of binary fractions.
        (0..=count).map(move |mark| (f64::from(mark) * step * 1e6).round() / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_round_marks_up_to_the_most() {
        let marks = |most: f64| Scale::up_to(most).marks().collect::<Vec<_>>();
        assert_eq!(marks(24.0), [0.0, 5.0, 10.0, 15.0, 20.0, 25.0]);
        assert_eq!(marks(100.0), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(marks(0.5), [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]);
        for most in [0.001, 0.37, 1.0, 9.99, 143.0, 571.0] {
            let marks = marks(most);
            assert!((5..=12).contains(&marks.len()), "{most}: {marks:?}");
            assert!(marks[marks.len() - 1] >= most, "{most}: {marks:?}");
        }
    }

    #[test]
    fn the_slope_is_that_of_the_last_half() {
        let mut curve = Curve::default();
        for hour in 0..10 {
            let memory = if hour < 5 { 50 + 20 * hour } else { 160 };
            curve.add(hour as f64, Some(memory << 10), None);
        }
        let text = curve.summary();
        assert!(
            text.contains("last 160.0 MiB; +0.00 MiB for a song hour"),
            "{text}"
        );
        curve.add(10.0, Some(260 << 10), None);
        assert!(!curve.summary().contains("160.0 MiB; +0.00 MiB"));
    }

    #[test]
    fn the_picture_has_the_points_the_lines_and_the_numbers() {
        let mut curve = Curve::default();
        assert!(curve.svg("empty").ends_with("</svg>\n"));
        for hour in 1..=8 {
            curve.add(hour as f64, Some((50 + hour) << 10), Some(108 << 10));
        }
        let svg = curve.svg("a run");
        assert_eq!(svg.matches("<circle").count(), 16);
        assert!(svg.contains("<title>a run</title>"));
        assert!(svg.contains("resident: +1.00 MiB for a song hour"));
        assert!(svg.contains("allocated: +0.00 MiB for a song hour"));
        assert!(svg.contains(">hours of song<") && svg.contains(">memory in MiB<"));
        assert!(svg.contains(">100</text>") && svg.contains(">8</text>"));
        // Hour 8 is the end of its axis, and 108 MiB nearly that of its own.
        assert!(svg.contains("cx=\"616.0\""), "{svg}");
    }
}
