//! The way there and back, what is counted of it, and what a judge says.

use proptest::prelude::*;

use super::*;
use crate::evaluate::translator::{Identity, TranslateError};
use crate::roll::tests::any_roll;

fn note(row: usize) -> Roll {
    let mut roll = Roll::EMPTY;
    roll.fill(row, 0, 4);
    roll
}

#[test]
fn no_phrases_is_an_error_that_says_which() {
    let error = RoundTrip::of(&Identity, &[], Direction::BToA, &mut |_| ()).unwrap_err();
    insta::assert_snapshot!(
        error,
        @"no phrases of the pair's second genre to evaluate: expected a corpus (--data) with both"
    );
}

#[test]
fn the_journey_goes_there_and_back() {
    /// Moves up on the way there and down on the way back, one short.
    struct Moves;
    impl Translator for Moves {
        fn translate(&self, rolls: &[Roll], to: Direction) -> Result<Vec<Roll>, TranslateError> {
            let by = [5, -4][to.index()];
            Ok(rolls.iter().map(|roll| roll.transpose(by)).collect())
        }
    }
    let rolls: Vec<_> = (30..70).map(note).collect();
    let moved = |by| -> Vec<_> { rolls.iter().map(|roll| roll.transpose(by)).collect() };
    let mut heard = Vec::new();
    let mut progress = |count| heard.push(count);
    let trip = RoundTrip::of(&Moves, &rolls, Direction::AToB, &mut progress).unwrap();
    assert_eq!(trip.output, moved(5));
    assert_eq!(trip.back, moved(1));
    assert_eq!(trip.soft_back, None);
    assert_eq!(heard, [16, 16, 8]);
    let back = RoundTrip::of(&Moves, &rolls, Direction::BToA, &mut |_| ()).unwrap();
    assert_eq!(back.output, moved(-4));
}

#[test]
fn a_translator_that_loses_phrases_is_found_out() {
    struct Loses;
    impl Translator for Loses {
        fn translate(&self, r: &[Roll], _: Direction) -> Result<Vec<Roll>, TranslateError> {
            Ok(r[1..].to_vec())
        }
    }
    let rolls: Vec<_> = (0..20).map(note).collect();
    let error = RoundTrip::of(&Loses, &rolls, Direction::AToB, &mut |_| ()).unwrap_err();
    let text = error.to_string();
    assert_eq!(text, "the generators failed: 15 phrases came back for 16");
}

#[test]
fn parts_of_verdicts_are_verdicts_of_parts() {
    let predictions = Predictions {
        source: vec![true, true, false, true],
        output: vec![false, false, true, false],
        back: vec![true, false, true, true],
        soft_back: Some(vec![true; 4]),
    };
    let shares = predictions.part(|place| place % 2 == 0).shares();
    assert_eq!([shares.source, shares.output, shares.back], [0.5, 0.5, 1.0]);
    let soft = predictions.soft_shares().unwrap();
    assert_eq!([soft.source, soft.output, soft.back], [0.75, 0.25, 1.0]);
}

fn measure(source: &[Roll], output: &[Roll], back: &[Roll]) -> Content {
    RoundTrip {
        source: source.to_vec(),
        output: output.to_vec(),
        back: back.to_vec(),
        soft_back: Some(output.to_vec()),
    }
    .content()
}

fn long(row: usize, length: usize) -> Roll {
    let mut roll = Roll::EMPTY;
    roll.fill(row, 0, length);
    roll
}

#[test]
fn sums_are_divided_not_ratios_averaged() {
    let source = [long(10, 1), long(12, 9)];
    let output = [long(10, 3), long(12, 9)];
    let figures = measure(&source, &output, &source);
    assert_eq!(figures.density_ratio, 1.2);
    assert_eq!(figures.notes_ratio, 1.0);
    assert_eq!(figures.cells_changed, 0.2);
    assert_eq!(figures.cycle_onset_f1, 1.0);
    assert_eq!(figures.soft_cycle_onset_f1, Some(figures.onset_f1));
}

#[test]
fn a_collapsed_generator_is_seen() {
    let source = [long(1, 4), long(2, 4), long(3, 4), long(3, 4)];
    let output = [long(7, 4); 4];
    let figures = measure(&source, &output, &output);
    assert_eq!(figures.distinct_outputs, 1.0 / 3.0);
    assert_eq!(figures.distinct_share, 1.0 / 4.0);
    assert_eq!(figures.onset_f1, 0.0);
}

proptest! {
    #[test]
    fn the_identity_keeps_all(rolls in proptest::collection::vec(any_roll(), 1..8)) {
        prop_assume!(rolls.iter().all(|roll| !roll.is_empty()));
        let figures = measure(&rolls, &rolls, &rolls);
        prop_assert!((figures.chroma_cosine - 1.0).abs() < 1e-9);
        let ones = [
            figures.onset_f1,
            figures.cell_f1,
            figures.cycle_onset_f1,
            figures.cycle_cell_f1,
            figures.density_ratio,
            figures.notes_ratio,
            figures.melody_fidelity,
            figures.distinct_outputs,
        ];
        prop_assert_eq!(ones, [1.0; 8]);
        prop_assert!(figures.groove_kept > 1.0 - 1e-12);
        prop_assert_eq!([figures.cells_changed, figures.content_retention], [0.0; 2]);
    }
}
