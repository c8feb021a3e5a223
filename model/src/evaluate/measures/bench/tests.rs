//! The measures and their baselines on made-up music.

use std::collections::BTreeMap;

use super::*;
use crate::data::Piece;
use crate::evaluate::translator::TranslateError;
use crate::roll::notes::GridNote;

/// Chords on the beat for the first genre, off the beat for the second.
fn pieces(genre: Genre) -> Vec<Piece> {
    let mut draw = Normal::new(hash(genre.name().bytes(), 3));
    let off = u8::from(genre == Genre::Pop);
    let mut phrase = || -> NoteRoll {
        let note = |draw: &mut Normal| GridNote {
            start: 4 * draw.next_below(15) as u8 + off,
            row: 10 + draw.next_below(60) as u8,
            length: 1 + draw.next_below(4) as u8,
        };
        (0..24).map(|_| note(&mut draw)).collect()
    };
    let piece = |number: usize| {
        Piece::new(
            format!("{number}.mid"),
            "made",
            Split::Test,
            (0..6).map(|_| phrase()).collect::<Vec<_>>(),
        )
    };
    (0..12).map(piece).collect()
}

/// A step later towards pop, a step earlier towards jazz: just what makes the genres.
struct Moves;
impl Arrange for Moves {
    fn arrange(
        &self,
        phrases: &[NoteRoll],
        _: Genre,
        target: Genre,
    ) -> Result<Vec<NoteRoll>, TranslateError> {
        let moved = |phrase: &NoteRoll| -> NoteRoll {
            let notes = phrase.notes().map(|mut note| {
                note.start = if target == Genre::Pop {
                    note.start + 1
                } else {
                    note.start - 1
                };
                note
            });
            notes.collect()
        };
        Ok(phrases.iter().map(moved).collect())
    }
}

#[test]
fn what_makes_the_genre_is_not_told_apart_and_what_does_nothing_is() {
    let genres = [Genre::Jazz, Genre::Pop];
    let music: BTreeMap<_, _> = genres.map(|genre| (genre, pieces(genre))).into();
    let data = Data::of_pieces(music, Vec::new()).unwrap();
    let settings = MeasureSettings {
        pair: Pair::JAZZ_POP,
        split: Split::Test,
        phrases: 60,
        panel: Panel {
            seeds: 1,
            seed: 4,
            steps: 75,
        },
    };
    let mut heard = Vec::new();
    let method = Method {
        name: "moves",
        way: &Moves,
        sources: None,
    };
    let measures = bench(&data, &settings, &[method], &mut |name| {
        heard.push(name.to_owned());
    });
    let measures = measures.unwrap();
    assert_eq!(heard[0], "jazz\u{2192}pop: moves");
    assert_eq!([heard.len(), measures.directions.len()], [10, 2]);
    for direction in &measures.directions {
        let names: Vec<&str> = direction.rows.iter().map(|row| &*row.name).collect();
        assert_eq!(
            names,
            ["moves", "identity", "rules", "tunes", "random target"]
        );
        let [moves, identity, _, tunes, random] = &direction.rows[..] else {
            panic!("{} rows", direction.rows.len())
        };
        assert!(!moves.baseline && identity.baseline && tunes.baseline && random.baseline);
        let strangers = [moves, identity].map(|row| row.figures.stranger.mean);
        assert!(strangers[0] < 0.7 && strangers[1] > 0.85, "{strangers:?}");
        assert!(moves.figures.overlap.onsets > 0.9 && identity.figures.overlap.onsets < 0.1);
        let kept = [moves, identity, random].map(|row| row.figures.kept);
        assert_eq!([kept[0].tune, kept[1].tune, kept[1].recognised], [1.0; 3]);
        assert!(
            kept[2].tune < 0.2 && kept[2].recognised < 0.2,
            "{:?}",
            kept[2]
        );
        assert!((moves.figures.notes_of_target - 1.0).abs() < 0.1);
        assert_eq!([moves.figures.phrases, random.figures.phrases], [60, 36]);
    }
    let json = serde_json::to_value(&measures).unwrap();
    for key in [
        "stranger/mean",
        "kept/tune",
        "notes_of_target",
        "overlap/mean",
        "faults/clusters",
    ] {
        let key = format!("/directions/1/rows/0/{key}");
        assert!(json.pointer(&key).is_some(), "no {key} in {json}");
    }
}

#[test]
fn a_collection_has_a_row_where_its_genre_is_the_source() {
    let mut jazz = pieces(Genre::Jazz);
    for piece in &mut jazz[..6] {
        "club".clone_into(&mut piece.source);
    }
    let music = BTreeMap::from([(Genre::Jazz, jazz), (Genre::Pop, pieces(Genre::Pop))]);
    let data = Data::of_pieces(music, Vec::new()).unwrap();
    let settings = MeasureSettings {
        pair: Pair::JAZZ_POP,
        split: Split::Test,
        phrases: 20,
        panel: Panel {
            seeds: 1,
            seed: 4,
            steps: 2,
        },
    };
    let club = collection(&data, &settings, "club").unwrap();
    assert_eq!(club.keys().collect::<Vec<_>>(), [&Genre::Jazz]);
    assert_eq!(club[&Genre::Jazz].phrases.len(), 20);
    assert!(collection(&data, &settings, "attic").unwrap().is_empty());
    let method = Method {
        name: "moves, club",
        way: &Moves,
        sources: Some(&club),
    };
    let measures = bench(&data, &settings, &[method], &mut |_| {}).unwrap();
    let names = measures.directions.iter().map(|direction| {
        let names = direction.rows.iter().map(|row| row.name.clone());
        names.collect::<Vec<_>>().join(", ")
    });
    let names: Vec<_> = names.collect();
    assert_eq!(
        names[0],
        "moves, club, identity, rules, tunes, random target"
    );
    assert_eq!(names[1], "identity, rules, tunes, random target");
}
