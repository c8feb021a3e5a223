//! The judges: how far each can be believed.

use super::{Section, judge_names, marked, three};
use crate::train::evaluate::report::{JudgeFigures, Report};

pub(super) fn judges(report: &Report) -> Section {
    let mut section = Section::new(
        "Judges",
        "Two classifiers of different shape, trained on different pieces; only `patches` may \
         choose checkpoints. The ceiling is the S of transfers that a judge takes for real music \
         of the target genre: its two recalls less 1.",
        &[
            "judge",
            "learned from",
            "accuracy",
            "recall",
            "ceiling of S",
        ],
    );
    for judge in &report.judges {
        let recall = judge.recall.iter();
        let recall = recall.map(|(genre, share)| format!("{genre} {share:.3}"));
        let [a, b] = judge.record.phrases;
        section.rows.push(vec![
            judge.record.shape.to_string(),
            format!("{a} + {b} phrases"),
            three(judge.accuracy),
            recall.collect::<Vec<_>>().join(", "),
            three(judge.ceiling),
        ]);
    }
    section
}

pub(super) fn recalls(report: &Report) -> Section {
    let head = ["genre", "collection", "phrases"].into_iter();
    let head: Vec<&str> = head.chain(judge_names(report)).collect();
    let mut section = Section::new(
        "The judges by collection",
        "The share of real phrases that a judge calls by their genre. Where it is low, what the \
         judge says of transfers from there means little. Collections marked \u{2020} are \
         measured by themselves: they are no part of the phrases that all other figures are \
         about.",
        &head,
    );
    let Some(first) = report.judges.first() else {
        return section;
    };
    for (genre, collections) in &first.by_source {
        let also = &first.also_source[genre];
        let own = collections.keys().map(|name| (name, false));
        for (name, by_itself) in own.chain(also.keys().map(|name| (name, true))) {
            let of = |judge: &JudgeFigures| {
                let genres = if by_itself {
                    &judge.also_source
                } else {
                    &judge.by_source
                };
                genres[genre][name]
            };
            let shares = report.judges.iter().map(|judge| three(of(judge).recall));
            let start = [
                genre.clone(),
                marked(name, by_itself),
                of(first).phrases.to_string(),
            ];
            section.rows.push(start.into_iter().chain(shares).collect());
        }
    }
    section
}
