//! Totals of what was played so far.

use std::fmt;

use third_stream_tests::host::Counters;

/// Sums over all rounds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Rounds in which all instances played.
    pub(crate) rounds: u64,
    /// Rounds in which the host did not wait for the engine.
    pub(crate) hurried: u64,
    /// Parts of instances in rounds.
    pub(crate) sessions: u64,
    /// Sessions that were bounces.
    pub(crate) bounces: u64,
    /// Seconds of song.
    pub(crate) song: f64,
    /// Notes that left, each with its end.
    pub(crate) notes: u64,
    /// Instances that went and were replaced.
    pub(crate) replaced: u64,
    /// Instances that were removed while they waited for an answer.
    pub(crate) with_work_pending: u64,
    /// Moments at which each instance that was not at its end played a block, and those blocks.
    pub(crate) moments: u64,
    pub(crate) blocks: u64,
    /// Bars that were late where the host hurried, and elsewhere.
    pub(crate) late: [u64; 2],
}

impl Tally {
    /// Hours of song, over all instances.
    pub(crate) fn hours(&self) -> f64 {
        self.song / 3600.0
    }

    /// The end's lines; `sum` is what the plugin has counted.
    pub(crate) fn summary(&self, sum: &Counters) -> String {
        let [injected, otherwise] = self.late;
        let at_once = self.blocks as f64 / self.moments.max(1) as f64;
        format!(
            "{:.2} h of song in {} rounds ({} hurried), {at_once:.1} instances at once in the \
             mean\n{} sessions ({} bounces), {} notes, none hung, no event lost; {} instances \
             made, {} replaced ({} with answers pending)\n{} questions, {} answers ({} stale), {} \
             abandoned; {} questions found no room\nlate bars: {injected} injected, {otherwise} \
             not injected; {} bars dry that could not be asked about\n",
            self.hours(),
            self.rounds,
            self.hurried,
            self.sessions,
            self.bounces,
            self.notes,
            sum.instances,
            self.replaced,
            self.with_work_pending,
            sum.asked,
            sum.answered,
            sum.stale,
            sum.abandoned,
            sum.no_room,
            sum.unasked,
        )
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "{:8.3} h  {:5} rounds  {:6} sessions  {:8} notes  {:6} late, injected",
            self.hours(),
            self.rounds,
            self.sessions,
            self.notes,
            self.late[0]
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_says_what_was_counted() {
        let tally = Tally {
            rounds: 10,
            hurried: 3,
            sessions: 320,
            bounces: 80,
            song: 5400.0,
            notes: 12_345,
            moments: 100,
            blocks: 3150,
            late: [17, 0],
            ..Tally::default()
        };
        let sum = Counters {
            asked: 901,
            answered: 900,
            abandoned: 1,
            unasked: 23,
            ..Counters::default()
        };
        let text = tally.summary(&sum);
        for part in [
            "1.50 h of song in 10 rounds (3 hurried), 31.5 instances at once",
            "320 sessions (80 bounces), 12345 notes",
            "901 questions, 900 answers (0 stale), 1 abandoned",
            "late bars: 17 injected, 0 not injected; 23 bars dry",
        ] {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
    }
}
