//! The judges: how far each can be believed.

use super::{Section, judge_names, marked, three};
use crate::train::evaluate::report::Report;

pub(super) fn judges(report: &Report) -> Section {
    let mut section = Section::new(
        "Judges",
        "Three classifiers of different shape, trained on different pieces; only `patches` may \
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
    let mut note = "The share of real phrases that a judge calls by their genre. Where it is low, \
                    what the judge says of transfers from there means little."
        .to_owned();
    if let Some(also) = report.also_judges.first() {
        note += " Collections marked \u{2020} are measured by themselves: they are no part of the \
                 phrases that all other figures are about.";
        if also.record.data != report.data {
            note += " Their judges are others of the same shapes, which learned from the whole \
                     corpus, whatever the licence class.";
        }
    }
    let mut section = Section::new("The judges by collection", note, &head);
    let own: Vec<_> = report.judges.iter().map(|judge| &judge.by_source).collect();
    let also = report.also_judges.iter().map(|judge| &judge.also_source);
    for (judges, by_itself) in [(own, false), (also.collect(), true)] {
        let Some(first) = judges.first() else {
            continue;
        };
        for (genre, collections) in *first {
            for (name, recall) in collections {
                let shares = judges.iter().map(|judge| three(judge[genre][name].recall));
                let start = [
                    genre.clone(),
                    marked(name, by_itself),
                    recall.phrases.to_string(),
                ];
                section.rows.push(start.into_iter().chain(shares).collect());
            }
        }
    }
    section
}
