//! The judge on made-up genres: short single notes against long chords.

use std::collections::BTreeMap;

use super::*;
use crate::data::{Data, Piece};
use crate::genre::{Genre, Pair};

fn genre(chords: bool, count: usize, seed: u64) -> Vec<Roll> {
    let mut draw = crate::nn::init::Normal::new(seed);
    let phrase = |_| {
        let mut roll = Roll::EMPTY;
        for _ in 0..12 {
            let (step, row) = (draw.next_below(60), 10 + draw.next_below(60));
            if chords {
                for third in [0, 4, 7] {
                    roll.fill(row + third, step, step + 12);
                }
            } else {
                roll.fill(row, step, step + 1);
            }
        }
        roll
    };
    (0..count).map(phrase).collect()
}

/// Made-up phrases of two genres.
pub(crate) struct Music {
    pub(crate) validation: [Vec<Roll>; 2],
    lesson: FitData,
}

impl Music {
    pub(crate) fn new() -> Self {
        let train = [genre(false, 80, 1), genre(true, 60, 2)];
        let validation = [genre(false, 20, 3), genre(true, 20, 4)];
        let piece = |split, rolls: &[Roll]| Piece::new("piece.mid", "here", split, rolls.to_vec());
        let pieces = [0, 1].map(|at: usize| {
            vec![
                piece(Split::Train, &train[at]),
                piece(Split::Validation, &validation[at]),
            ]
        });
        let genres = [Genre::Jazz, Genre::Pop].into_iter().zip(pieces).collect();
        let lesson = FitData {
            pair: Pair::JAZZ_POP,
            music: Data::of_pieces(genres, Vec::new()).unwrap(),
        };
        Self { validation, lesson }
    }

    pub(crate) fn judge(&self, seed: u64) -> GenreClassifier {
        let pace = FitConfig {
            steps: 16,
            rate: 1e-3,
        };
        GenreClassifier::train(&self.lesson, &pace, seed, &mut |_| ()).unwrap()
    }
}

#[test]
fn it_learns_what_is_plain_and_learns_it_the_same_way_again() {
    let music = Music::new();
    let judge = music.judge(5);
    let recall = judge.record().validation_recall;
    assert!(recall.iter().all(|recall| *recall >= 0.9), "{recall:?}");
    let bytes = |judge: &GenreClassifier| -> Vec<(String, Vec<f32>)> {
        let tensors = judge.tensors().into_iter();
        tensors
            .map(|(n, t)| (n, t.flatten_all().unwrap().to_vec1().unwrap()))
            .collect()
    };
    assert!(bytes(&judge) == bytes(&music.judge(5)), "not reproducible");
    assert!(
        bytes(&judge) != bytes(&music.judge(6)),
        "the seed is ignored"
    );
}

#[test]
fn a_kept_judge_judges_alike_and_only_what_it_was_trained_for() {
    let music = Music::new();
    let dir = tempfile::tempdir().unwrap();
    let judge = music.judge(5);
    let hash = music.lesson.music.hash();
    let path = GenreClassifier::path(dir.path(), "jazz-pop", hash);
    let find = |pair, data, seed| GenreClassifier::find(&path, pair, data, seed).unwrap();
    assert!(find("jazz-pop", hash, 5).is_none());
    judge.save(&path).unwrap();
    let again = find("jazz-pop", hash, 5).unwrap();
    assert_eq!(again.record(), judge.record());
    let rolls = &music.validation[0];
    assert_eq!(
        again.is_first_genre(rolls).unwrap(),
        judge.is_first_genre(rolls).unwrap()
    );
    assert!(find("jazz-classic", hash, 5).is_none());
    assert!(find("jazz-pop", "other", 5).is_none());
    assert!(find("jazz-pop", hash, 6).is_none());
}

#[test]
fn a_foreign_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("judge.safetensors");
    std::fs::write(&path, b"MThd").unwrap();
    let error = GenreClassifier::open(&path).err().unwrap().to_string();
    assert!(error.contains("not a judge as expected"), "{error}");
}

#[test]
fn it_learns_from_seven_of_ten_pieces() {
    let piece = |number: u64, split| {
        Piece::new(
            format!("{number}.mid"),
            "here",
            split,
            genre(false, 3, number),
        )
    };
    let pieces = |first: u64| -> Vec<Piece> {
        let train = (first..first + 20).map(|number| piece(number, Split::Train));
        train
            .chain([piece(first + 20, Split::Validation)])
            .collect()
    };
    let genres = BTreeMap::from([(Genre::Jazz, pieces(0)), (Genre::Pop, pieces(50))]);
    let data = Data::of_pieces(genres, Vec::new()).unwrap();
    let lesson = FitData::new(&data, Pair::JAZZ_POP).unwrap();
    assert_eq!(lesson.phrases(Split::Train).map(Rolls::len), [42, 42]);
    let error = FitData::new(&data, Pair::JAZZ_CLASSIC).err().unwrap();
    assert!(
        error.to_string().starts_with("no train phrases of classic"),
        "{error}"
    );
}
