//! The report on made-up music, with a judge that knows it well.

use std::sync::LazyLock;

use super::*;
use crate::classify::judge::tests::Music;
use crate::data::{Data, Piece};
use crate::evaluate::arrange::ByCells;
use crate::evaluate::examples::{Choice, examples};
use crate::evaluate::measures::{MeasuredDirection as Direct, Row as Way};
use crate::evaluate::translator::{TranslateError, Translator};
use crate::genre::Genre;
use crate::roll::Roll;

fn piece(source: &str, rolls: &[Roll]) -> Piece {
    Piece::new(format!("{source}.mid"), source, Split::Test, rolls.to_vec())
}

/// Cuts steps off the phrase's end, each time that it passes.
struct Cuts(usize);
impl Translator for Cuts {
    fn translate(&self, rolls: &[Roll], _: Direction) -> Result<Vec<Roll>, TranslateError> {
        let mut rolls = rolls.to_vec();
        for roll in &mut rolls {
            roll.clear(64 - self.0, 64);
        }
        Ok(rolls)
    }
}

const SETTINGS: ReportSettings = ReportSettings {
    pair: Pair::JAZZ_POP,
    split: Split::Test,
    phrases: 20,
    seed: 3,
};

fn data(music: &Music) -> Data {
    let [a, b] = &music.validation;
    let pieces = BTreeMap::from([
        (
            Genre::Jazz,
            vec![piece("one", &a[..8]), piece("two", &a[8..])],
        ),
        (Genre::Pop, vec![piece("three", b)]),
    ]);
    Data::of_pieces(pieces, Vec::new()).unwrap()
}

/// Measures of one way with its baselines, with a figure that is found nowhere else.
fn measures() -> Measures {
    let row = |name: &str, baseline| Way {
        name: name.to_owned(),
        baseline,
        figures: crate::evaluate::measures::Figures {
            notes_of_target: 4.25,
            ..Default::default()
        },
    };
    let direction = Direct {
        source: "jazz".to_owned(),
        target: "pop".to_owned(),
        rows: vec![
            row("cuts", false),
            row("identity", true),
            row("random target", true),
        ],
        ..Direct::default()
    };
    Measures {
        pair: "jazz-pop".to_owned(),
        directions: vec![direction],
        ..Measures::default()
    }
}

#[test]
fn the_measures_stand_first_and_stand_alone_where_nothing_was_judged() {
    let alone = Evaluation {
        measures: measures(),
        judged: None,
    };
    let text = alone.to_string();
    let heading = |text: &str| text.find("### Style and content\n").unwrap();
    for word in [
        "4.25",
        "real against real",
        "source untouched",
        "| cuts ",
        "target: real pop",
    ] {
        assert!(text.contains(word), "{word} is missing from\n{text}");
    }
    assert!(!text.contains("### Judge"));
    let both = Evaluation {
        judged: Some(report()),
        ..alone.clone()
    };
    let text = both.to_string();
    assert!(heading(&text) < text.find("### Judge").unwrap());
    for evaluation in [alone, both] {
        let json = serde_json::to_value(&evaluation).unwrap();
        let key = "/measures/directions/0/rows/0/notes_of_target";
        assert_eq!(
            json.pointer(key).and_then(serde_json::Value::as_f64),
            Some(4.25)
        );
        assert_eq!(json.pointer("/rows").is_some(), evaluation.judged.is_some());
        assert_eq!(
            serde_json::from_value::<Evaluation>(json).unwrap(),
            evaluation
        );
    }
}

/// The report of two seeds, one that cuts more than the other, and of one more model.
fn report() -> Report {
    static REPORT: LazyLock<Report> = LazyLock::new(measured);
    REPORT.clone()
}

fn measured() -> Report {
    let music = Music::new();
    let data = data(&music);
    let judge = music.judge(5);
    let model = |name, translator| EvaluatedModel {
        name,
        header: None,
        translator,
    };
    let models = [
        model("cuts", &Cuts(16)),
        model("cuts", &Cuts(32)),
        model("leaves", &Cuts(0)),
    ];
    let also = [Also::find(&data, &SETTINGS, "two").unwrap().unwrap()];
    assert_eq!(also[0].count(), 12);
    assert!(Also::find(&data, &SETTINGS, "four").unwrap().is_none());
    let aside = Aside {
        collections: &also,
        judge: &judge,
    };
    let mut heard = BTreeMap::<String, usize>::new();
    let report = evaluate(
        &data,
        aside,
        &SETTINGS,
        &judge,
        &models,
        &mut |name, count| {
            *heard.entry(name.to_owned()).or_default() += count;
        },
    )
    .unwrap();
    assert_eq!(heard["identity"], 40 + 12);
    assert_eq!(heard["cuts #2"], 40 + 12);
    report
}

#[test]
fn the_baselines_stand_where_they_should() {
    let report = report();
    let judge = &report.judge;
    let names: Vec<&str> = report.rows.iter().map(|row| &*row.name).collect();
    let expected = [
        "cuts #1",
        "cuts #2",
        "leaves",
        "identity",
        "random target",
        "rules",
    ];
    assert_eq!(names, expected);
    let [.., identity, random, rules] = &report.rows[..] else {
        panic!("{} rows", report.rows.len())
    };
    assert!(identity.baseline && random.baseline && rules.baseline && !report.rows[0].baseline);
    let (identity, random) = (&identity.measured, &random.measured);
    assert_eq!(identity.total.s, 0.0);
    assert_eq!(identity.total.harmonic, 0.0);
    for direction in &identity.directions {
        let content = direction.all.content;
        assert_eq!(
            [
                content.onset_f1,
                content.cycle_onset_f1,
                content.density_ratio
            ],
            [1.0; 3]
        );
    }
    // A random phrase of the target genre is the target genre: S at its ceiling, no content.
    assert!((random.total.s - judge.ceiling).abs() < 0.2);
    let far = |direction: &DirectionFigures| direction.all.content.onset_f1 < 0.2;
    assert!(random.directions.iter().all(far));
    // Collections are told apart, and together they are all phrases.
    let parts = &random.directions[0].by_source;
    assert_eq!([parts["one"].phrases, parts["two"].phrases], [8, 12]);
    assert_eq!(random.directions[0].all.phrases, 20);
    // A collection by itself is judged as it is within the whole, and beside it.
    let recall = &judge.by_source["jazz"];
    let also = &report.also_judge.as_ref().unwrap().also_source;
    assert_eq!(also["jazz"]["two"], recall["two"]);
    assert!(!also.contains_key("pop"));
    let all = (8.0 * recall["one"].recall + 12.0 * recall["two"].recall) / 20.0;
    assert!((judge.recall["jazz"] - all).abs() < 1e-12);
}

#[test]
fn seeds_have_their_mean_and_range() {
    let report = report();
    let [group] = &report.groups[..] else {
        panic!("{} groups", report.groups.len())
    };
    assert_eq!(group.rows, ["cuts #1", "cuts #2"]);
    let density = |measured: &JudgedTransfer| measured.directions[0].all.content.density_ratio;
    let [one, two] = [0, 1].map(|at: usize| density(&report.rows[at].measured));
    assert!(one > two, "{one} {two}");
    let folded = [&group.least, &group.mean, &group.most].map(density);
    assert!((folded[1] - f64::midpoint(one, two)).abs() < 1e-12);
    assert_eq!([folded[0], folded[2]], [two, one]);
    assert_eq!(group.mean.directions[0].all.phrases, 20);
    let text = report.to_string();
    let cell = format!("{:.3} ({two:.3}\u{2013}{one:.3})", folded[1]);
    assert!(text.contains(&cell), "{cell} is missing from\n{text}");
}

#[test]
fn the_report_has_its_keys_in_json_and_shows_every_row() {
    let report = report();
    let json = serde_json::to_value(&report).unwrap();
    for key in [
        "/pair",
        "/split",
        "/data",
        "/seed",
        "/real/jazz/polyphony",
        "/judge/record/version",
        "/judge/recall/pop",
        "/judge/ceiling",
        "/judge/by_source/jazz/one/recall",
        "/also_judge/also_source/jazz/two/phrases",
        "/rows/1/name",
        "/rows/1/weights",
        "/rows/1/total/s_over_ceiling",
        "/rows/1/total/s_soft",
        "/rows/1/directions/0/all/style/p_source/output",
        "/rows/1/directions/0/all/style/p_source_soft_back",
        "/rows/1/directions/0/all/content/cycle_onset_f1",
        "/rows/1/directions/0/all/content/groove_kept",
        "/rows/1/directions/0/by_source/one/phrases",
        "/rows/1/directions/0/also_source/two/content/melody_fidelity",
        "/rows/1/directions/1/output/scale_consistency",
        "/groups/0/mean/total/s",
        "/groups/0/most/directions/1/output/empty_beats",
    ] {
        assert!(json.pointer(key).is_some(), "no {key} in {json}");
    }
    assert!(serde_json::from_value::<Report>(json).is_ok());
    let text = report.to_string();
    for table in text.split("\n\n").filter(|part| part.starts_with('|')) {
        // A table is a table only if all of its rows have as many cells.
        let cells: Vec<usize> = table
            .lines()
            .map(|line| line.matches('|').count())
            .collect();
        assert!(cells.iter().all(|count| *count == cells[0]), "{table}");
    }
    // Every table about outputs has every model and every baseline.
    for section in tables::sections(&report).into_iter().skip(2) {
        for line in tables::lines(&report) {
            let named = |row: &Vec<String>| row.contains(&line.name);
            assert!(
                section.rows.iter().any(named),
                "no {} in {}",
                line.name,
                section.title
            );
        }
    }
    for word in ["jazz→pop", "pop→jazz", "| one ", "| two † ", "ceiling of S"] {
        assert!(text.contains(word), "{word} is missing from\n{text}");
    }
}

#[test]
fn the_page_has_all_tables_plots_and_pictures_and_needs_nothing_else() {
    let report = report();
    let choice = Choice {
        pair: SETTINGS.pair,
        split: SETTINGS.split,
        each: 2,
        collections: &[],
    };
    let cuts = ByCells {
        translator: &Cuts(16),
        pair: choice.pair,
    };
    let chosen = examples(&data(&Music::new()), &choice, &cuts).unwrap();
    let evaluation = Evaluation {
        measures: measures(),
        judged: Some(report),
    };
    let html = page(&[(evaluation.clone(), chosen)]).unwrap();
    for section in tables::all(&evaluation) {
        assert!(html.contains(&format!("<h3>{}</h3>", section.title)));
        for cell in section.rows.iter().flatten() {
            assert!(html.contains(&format!("<td>{cell}</td>")), "no {cell}");
        }
    }
    // One plane and two charts of the judge, and four pictures.
    assert_eq!(html.matches("<svg").count(), 3 + 4);
    assert_eq!(html.matches("<svg").count(), html.matches("</svg>").count());
    assert_eq!(
        html.matches("<table").count(),
        html.matches("</table>").count()
    );
    for word in ["<script", "href=", "src=", "url(", "@import"] {
        assert!(!html.contains(word), "{word}");
    }
    // The only addresses are the names of the SVG format.
    let addresses = html.matches("http").count();
    assert_eq!(
        addresses,
        html.matches("\"http://www.w3.org/2000/svg\"").count()
    );
}
