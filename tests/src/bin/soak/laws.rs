//! Laws of the counters when a round is over and no request is pending.

use anyhow::{Result, ensure};
use third_stream_tests::host::Counters;

/// True if an answer may have come too late, and a question have found no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hurry {
    /// The host hurried on purpose.
    Injected,
    /// The host waited for the engine, or the plugin did, as in a bounce.
    None,
}

/// Counters of one instance, before a round and now.
pub(crate) fn of_instance(before: &Counters, now: &Counters, hurry: Hurry) -> Result<()> {
    ensure!(
        now.asked == now.answered && now.answered == now.taken,
        "{} questions, {} answers, {} taken in",
        now.asked,
        now.answered,
        now.taken
    );
    let late = now.late - before.late;
    let no_room = now.no_room - before.no_room;
    ensure!(
        hurry == Hurry::Injected || late == 0,
        "{late} bars were late, and nobody hurried"
    );
    ensure!(
        hurry == Hurry::Injected || no_room == 0,
        "{no_room} questions had no room, and nobody hurried"
    );
    lost(now)
}

/// Sums of the counters of all `made` instances.
pub(crate) fn of_all(sum: &Counters, made: u64) -> Result<()> {
    ensure!(
        sum.asked == sum.answered + sum.abandoned,
        "{} questions, {} answers, {} abandoned",
        sum.asked,
        sum.answered,
        sum.abandoned
    );
    ensure!(
        sum.answered == sum.taken + sum.unread,
        "{} answers, {} taken in, {} unread",
        sum.answered,
        sum.taken,
        sum.unread
    );
    ensure!(
        sum.instances == made,
        "{} instances, {made} were made",
        sum.instances
    );
    lost(sum)
}

/// Laws that hold at any moment.
fn lost(now: &Counters) -> Result<()> {
    ensure!(now.dropped == 0, "{} events had no room", now.dropped);
    ensure!(now.failed == 0, "the engine has failed");
    ensure!(
        now.refused == 0,
        "the networks gave no answer {} times",
        now.refused
    );
    ensure!(
        now.dry == now.late + now.unasked,
        "{} bars were dry: {} late, {} not to be asked about",
        now.dry,
        now.late,
        now.unasked
    );
    ensure!(
        now.stale <= now.answered,
        "{} stale answers of {}",
        now.stale,
        now.answered
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After a round in which the host hurried.
    const BEFORE: Counters = Counters {
        instances: 1,
        asked: 20,
        no_room: 3,
        answered: 20,
        stale: 5,
        refused: 0,
        taken: 20,
        abandoned: 0,
        unread: 0,
        late: 4,
        unasked: 2,
        dry: 6,
        dropped: 0,
        failed: 0,
    };

    /// The counters of before, after some changes.
    fn after(change: fn(&mut Counters)) -> Counters {
        let mut now = BEFORE;
        change(&mut now);
        now
    }

    #[test]
    fn what_is_late_is_forgiven_only_where_the_host_hurried() {
        let quiet = of_instance(&BEFORE, &BEFORE, Hurry::None);
        assert!(quiet.is_ok(), "what was late before does not count");
        for now in [
            after(|now| (now.late, now.dry) = (5, 7)),
            after(|now| now.no_room = 4),
        ] {
            assert!(of_instance(&BEFORE, &now, Hurry::Injected).is_ok());
            assert!(of_instance(&BEFORE, &now, Hurry::None).is_err());
        }
    }

    #[test]
    fn a_question_without_an_answer_is_found() {
        for now in [after(|now| now.asked = 21), after(|now| now.taken = 19)] {
            let found = of_instance(&BEFORE, &now, Hurry::Injected);
            assert!(found.is_err(), "{now:?}");
            assert!(of_all(&now, 1).is_err(), "{now:?}");
        }
        // Those of instances that are gone need none.
        let gone = Counters {
            asked: 22,
            abandoned: 2,
            taken: 17,
            unread: 3,
            ..BEFORE
        };
        assert!(of_all(&gone, 1).is_ok());
        assert!(of_all(&gone, 2).is_err());
    }

    #[test]
    fn what_is_lost_or_counted_twice_is_found() {
        for now in [
            after(|now| now.dropped = 1),
            after(|now| now.failed = 1),
            after(|now| now.refused = 1),
            after(|now| now.dry = 5),
            after(|now| now.stale = 21),
        ] {
            let found = of_instance(&BEFORE, &now, Hurry::Injected);
            assert!(found.is_err(), "{now:?}");
            assert!(of_all(&now, 1).is_err(), "{now:?}");
        }
    }
}
