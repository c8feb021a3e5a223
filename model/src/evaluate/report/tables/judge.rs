//! The judge: how far it can be believed.

use super::{Section, marked, three};
use crate::evaluate::report::Report;

pub(super) fn judge(report: &Report) -> Section {
    let mut section = Section::new(
        "Judge",
        "The paper's classifier, trained on real music; it may choose checkpoints. The ceiling is \
         the S of transfers that it takes for real music of the target genre: its two recalls \
         less 1.",
        &["learned from", "accuracy", "recall", "ceiling of S"],
    );
    let judge = &report.judge;
    let recall = judge.recall.iter();
    let recall = recall.map(|(genre, share)| format!("{genre} {share:.3}"));
    let [a, b] = judge.record.phrases;
    section.rows.push(vec![
        format!("{a} + {b} phrases"),
        three(judge.accuracy),
        recall.collect::<Vec<_>>().join(", "),
        three(judge.ceiling),
    ]);
    section
}

pub(super) fn recalls(report: &Report) -> Section {
    let mut note = "The share of real phrases that the judge calls by their genre. Where it is \
                    low, what it says of transfers from there means little."
        .to_owned();
    if let Some(also) = &report.also_judge {
        note += " Collections marked \u{2020} are measured by themselves: they are no part of the \
                 phrases that all other figures are about.";
        if also.record.data != report.data {
            note += " Their judge is another, which learned from the whole corpus, whatever the \
                     licence class.";
        }
    }
    let head = ["genre", "collection", "phrases", "recall"];
    let mut section = Section::new("The judge by collection", note, &head);
    let also = report
        .also_judge
        .iter()
        .map(|judge| (&judge.also_source, true));
    for (recalls, by_itself) in [(&report.judge.by_source, false)].into_iter().chain(also) {
        for (genre, collections) in recalls {
            for (name, recall) in collections {
                section.rows.push(vec![
                    genre.clone(),
                    marked(name, by_itself),
                    recall.phrases.to_string(),
                    three(recall.recall),
                ]);
            }
        }
    }
    section
}
