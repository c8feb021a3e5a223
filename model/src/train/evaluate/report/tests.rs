//! The report on made-up music, with judges that know it well.

use super::*;
use crate::genre::Genre;
use crate::train::data::Piece;
use crate::train::evaluate::judge::Shape;
use crate::train::evaluate::judge::tests::Music;

fn piece(source: &str, rolls: &[Roll]) -> Piece {
    Piece {
        file: format!("{source}.mid"),
        source: source.to_owned(),
        split: Split::Test,
        weight: 1.0,
        rolls: rolls.to_vec(),
    }
}

fn report() -> Report {
    let music = Music::new();
    let [a, b] = &music.validation;
    let pieces = BTreeMap::from([
        (
            Genre::Jazz,
            vec![piece("one", &a[..8]), piece("two", &a[8..])],
        ),
        (Genre::Pop, vec![piece("three", b)]),
    ]);
    let data = Data::of_pieces(pieces, Vec::new());
    let judges = [music.judge(Shape::Profile, 5)];
    let settings = Settings {
        pair: Pair::JAZZ_POP,
        split: Split::Test,
        phrases: 20,
        seed: 3,
    };
    let mut heard = BTreeMap::<String, usize>::new();
    let report = evaluate(&data, &settings, &judges, None, &mut |name, count| {
        *heard.entry(name.to_owned()).or_default() += count;
    })
    .unwrap();
    assert_eq!(heard["identity"], 2 * 40);
    report
}

#[test]
fn the_baselines_stand_where_they_should() {
    let report = report();
    let judge = &report.judges[0];
    let [identity, random] = &report.rows[..] else {
        panic!("{} rows", report.rows.len())
    };
    assert_eq!(identity.total["profile"].s, 0.0);
    assert_eq!(identity.total["profile"].harmonic, 0.0);
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
    assert!((random.total["profile"].s - judge.ceiling).abs() < 0.2);
    assert!(
        random
            .directions
            .iter()
            .all(|direction| direction.all.content.onset_f1 < 0.2)
    );
    // Collections are told apart, and together they are all phrases.
    let parts = &random.directions[0].by_source;
    assert_eq!([parts["one"].phrases, parts["two"].phrases], [8, 12]);
    assert_eq!(random.directions[0].all.phrases, 20);
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
        "/judges/0/record/version",
        "/judges/0/recall/pop",
        "/judges/0/ceiling",
        "/rows/1/name",
        "/rows/1/total/profile/s_over_ceiling",
        "/rows/1/directions/0/all/style/profile/p_source/output",
        "/rows/1/directions/0/all/content/cycle_onset_f1",
        "/rows/1/directions/0/by_source/one/phrases",
        "/rows/1/directions/1/output/scale_consistency",
    ] {
        assert!(json.pointer(key).is_some(), "no {key} in {json}");
    }
    assert!(serde_json::from_value::<Report>(json).is_ok());
    let text = report.to_string();
    for word in [
        "identity",
        "random target",
        "jazz→pop",
        "pop→jazz",
        "| one ",
        "ceiling of S",
    ] {
        assert!(text.contains(word), "{word} is missing from\n{text}");
    }
    // A table is a table only if all of its rows have as many cells.
    for table in text.split("\n\n").filter(|part| part.starts_with('|')) {
        let cells: Vec<usize> = table
            .lines()
            .map(|line| line.matches('|').count())
            .collect();
        assert!(cells.iter().all(|count| *count == cells[0]), "{table}");
    }
}
