//! The judges on made-up genres: short single notes against long chords.

use super::*;
use crate::genre::Pair;

fn genre(chords: bool, count: usize, seed: u64) -> Vec<Roll> {
    let mut draw = crate::net::init::Normal::new(seed);
    let phrase = |_| {
        let mut roll = Roll::EMPTY;
        for _ in 0..12 {
            let (step, row) = (draw.next_below(60), 10 + draw.next_below(60));
            if chords {
                [0, 4, 7].map(|third| roll.fill(row + third, step, step + 12));
            } else {
                roll.fill(row, step, step + 1);
            }
        }
        roll
    };
    (0..count).map(phrase).collect()
}

/// Made-up phrases of two genres.
pub(in crate::train::evaluate) struct Music {
    train: [Vec<Roll>; 2],
    pub(in crate::train::evaluate) validation: [Vec<Roll>; 2],
}

impl Music {
    pub(in crate::train::evaluate) fn new() -> Self {
        Self {
            train: [genre(false, 80, 1), genre(true, 60, 2)],
            validation: [genre(false, 20, 3), genre(true, 20, 4)],
        }
    }

    pub(in crate::train::evaluate) fn judge(&self, shape: Shape, seed: u64) -> Judge {
        let lesson = Lesson {
            pair: Pair::JAZZ_POP,
            train: self.train.each_ref().map(|rolls| rolls.iter().collect()),
            weights: self.train.each_ref().map(|rolls| vec![1.0; rolls.len()]),
            validation: self.validation.each_ref().map(Vec::as_slice),
            hash: "made up",
        };
        let pace = Pace {
            steps: 16,
            rate: 1e-3,
            decay: 0.0,
        };
        Judge::train(shape, &lesson, &pace, seed, &mut |_| ()).unwrap()
    }
}

#[test]
fn both_shapes_learn_what_is_plain_and_learn_it_the_same_way_again() {
    let music = Music::new();
    for shape in Shape::BOTH {
        let judge = music.judge(shape, 5);
        let recall = judge.record().validation_recall;
        assert!(
            recall.iter().all(|recall| *recall >= 0.9),
            "{shape}: {recall:?}"
        );
        let bytes = |judge: &Judge| -> Vec<(String, Vec<f32>)> {
            let tensors = judge.tensors().into_iter();
            tensors
                .map(|(n, t)| (n, t.flatten_all().unwrap().to_vec1().unwrap()))
                .collect()
        };
        assert!(
            bytes(&judge) == bytes(&music.judge(shape, 5)),
            "{shape}: not reproducible"
        );
        assert!(
            bytes(&judge) != bytes(&music.judge(shape, 6)),
            "{shape}: the seed is ignored"
        );
    }
}

#[test]
fn a_kept_judge_judges_alike_and_only_what_it_was_trained_for() {
    let music = Music::new();
    let dir = tempfile::tempdir().unwrap();
    let judge = music.judge(Shape::Profile, 5);
    let path = Judge::path(dir.path(), Shape::Profile, "jazz-pop");
    let find = |shape, pair, data, seed| Judge::find(&path, shape, pair, data, seed);
    assert!(
        find(Shape::Profile, "jazz-pop", "made up", 5)
            .unwrap()
            .is_none()
    );
    judge.save(&path).unwrap();
    let again = find(Shape::Profile, "jazz-pop", "made up", 5)
        .unwrap()
        .unwrap();
    assert_eq!(again.record(), judge.record());
    let rolls = &music.validation[0];
    assert_eq!(
        again.says_first(rolls).unwrap(),
        judge.says_first(rolls).unwrap()
    );
    assert!(
        find(Shape::Patches, "jazz-pop", "made up", 5)
            .unwrap()
            .is_none()
    );
    assert!(
        find(Shape::Profile, "jazz-pop", "other", 5)
            .unwrap()
            .is_none()
    );
    assert!(
        find(Shape::Profile, "jazz-pop", "made up", 6)
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_foreign_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("judge.safetensors");
    std::fs::write(&path, b"MThd").unwrap();
    let error = Judge::open(&path).err().unwrap().to_string();
    assert!(error.contains("not a judge as expected"), "{error}");
}
