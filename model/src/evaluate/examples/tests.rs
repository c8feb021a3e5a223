//! The choice of examples, and their files.

use super::*;
use crate::data::Piece;
use crate::evaluate::arrange::ByCells;
use crate::evaluate::translator::Identity;
use crate::genre::Genre;
use crate::roll::Roll;

fn note(row: usize) -> Roll {
    let mut roll = Roll::EMPTY;
    roll.fill(row, 0, 4);
    roll
}

fn piece(collection: &str, name: &str, rows: std::ops::Range<usize>) -> Piece {
    Piece::new(
        format!("{collection}/{name}.mid"),
        collection,
        Split::Test,
        rows.map(note).collect::<Vec<_>>(),
    )
}

fn data() -> Data {
    let jazz = vec![piece("club", "one", 0..10), piece("street", "two", 10..22)];
    let classic = vec![piece("hall", "three", 40..43)];
    let pieces = BTreeMap::from([(Genre::Jazz, jazz), (Genre::Classic, classic)]);
    Data::of_pieces(pieces, Vec::new()).unwrap()
}

fn choice(collections: &[String]) -> Choice<'_> {
    Choice {
        pair: Pair::JAZZ_CLASSIC,
        split: Split::Test,
        each: 4,
        collections,
    }
}

/// One semitone up.
struct Up;
impl Arrange for Up {
    fn arrange(
        &self,
        phrases: &[NoteRoll],
        _: Genre,
        _: Genre,
    ) -> Result<Vec<NoteRoll>, super::super::translator::TranslateError> {
        Ok(phrases.iter().map(|phrase| phrase.transpose(1)).collect())
    }

    fn edits(
        &self,
        phrase: &NoteRoll,
        _: Genre,
        _: Genre,
    ) -> Result<Option<Edits>, super::super::translator::TranslateError> {
        let half_sure = vec![0.5; crate::roll::CELLS];
        let edits = Edits::between(phrase, &phrase.transpose(1), &half_sure, 0);
        Ok(Some(edits))
    }
}

/// Nothing changes.
fn as_played() -> ByCells<'static> {
    ByCells {
        translator: &Identity,
        pair: Pair::JAZZ_CLASSIC,
    }
}

#[test]
fn every_kth_phrase_in_the_order_of_the_pieces_digests() {
    let chosen = examples(&data(), &choice(&[]), &Up).unwrap();
    let told: Vec<_> = chosen
        .iter()
        .map(|one| format!("{} {} phrase {}", one.name(), one.file, one.phrase))
        .collect();
    // `printf club/one.mid | sha256sum` is the lesser: its 10 phrases, then the 12 of the other;
    // of these 22 every fifth from the third.
    insta::assert_snapshot!(told.join("\n"), @r"
    01-jazz-to-classic club/one.mid phrase 2
    02-jazz-to-classic club/one.mid phrase 7
    03-jazz-to-classic street/two.mid phrase 2
    04-jazz-to-classic street/two.mid phrase 7
    05-classic-to-jazz hall/three.mid phrase 0
    06-classic-to-jazz hall/three.mid phrase 1
    07-classic-to-jazz hall/three.mid phrase 2
    ");
    for one in &chosen {
        assert_eq!(one.after, one.before.transpose(1));
    }
    assert_eq!(chosen, examples(&data(), &choice(&[]), &Up).unwrap());
}

#[test]
fn collections_can_be_chosen_and_none_is_an_error() {
    let only = ["club".to_owned(), "hall".to_owned()];
    let chosen = examples(&data(), &choice(&only), &as_played()).unwrap();
    assert_eq!(chosen.len(), 4 + 3);
    assert!(chosen.iter().all(|one| one.collection != "street"));
    let only = ["attic".to_owned()];
    let error = examples(&data(), &choice(&only), &as_played()).unwrap_err();
    assert!(error.to_string().starts_with("no phrases of"), "{error}");
}

#[test]
fn the_files_are_named_in_the_index_and_hold_the_phrases() {
    let chosen = examples(&data(), &choice(&[]), &Up).unwrap();
    let files = files(&chosen, "a test", Split::Test).unwrap();
    // The first of each direction is there at three amounts more.
    assert_eq!(files.len(), 3 * chosen.len() + 2 * 2 * BETWEEN.len() + 1);
    let index = String::from_utf8(files["README.md"].clone()).unwrap();
    for name in files.keys().filter(|name| *name != "README.md") {
        assert!(index.contains(&format!("({name})")), "{name}: {index}");
    }
    let svg = String::from_utf8(files["01-jazz-to-classic.svg"].clone()).unwrap();
    assert!(
        svg.contains("4 removed") && svg.contains("4 added"),
        "{svg}"
    );
    let roll = |name: &str| Song::of(&Smf::read(&files[name]).unwrap()).unwrap().rolls()[0];
    assert_eq!(roll("01-jazz-to-classic-after.mid"), chosen[0].after);
    let edits = Up.edits(&chosen[0].before, Genre::Jazz, Genre::Classic);
    let half = edits.unwrap().unwrap().apply(&chosen[0].before, 0.5);
    assert_eq!(roll("01-jazz-to-classic-50.mid"), half);
}
