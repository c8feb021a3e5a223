//! The knob is moved: the other direction of what is still to sound is asked for, and counts from
//! [`NOTICE`] on.

use third_stream_model::perform::{Part, Performer};
use third_stream_model::roll::quantise::STEPS_PER_BEAT;
use third_stream_model::roll::{SLOTS, STEPS_PER_SLOT};

use super::{Answers, Ask, FLIGHTS, Flight, Latch, NEVER, page_of, part_of};
use crate::link::{Answer, AudioEnd};
use crate::rt::NOTICE;

impl Answers {
    /// The knob has moved: asks for the other direction of what is still to sound. `ask` has the
    /// circumstances; its answer, group and slots are of no account.
    pub(in crate::rt) fn turn(&mut self, ask: &Ask, link: &AudioEnd, performer: &mut Performer) {
        for place in 0..FLIGHTS {
            let Some(Some(flight)) = self.flights.get(place).copied() else {
                continue;
            };
            for answer in [Answer::First, Answer::Second] {
                let asked = flight.asked[answer.index()];
                let sides = asked.map(|asked| asked == NEVER);
                if flight.windows[answer.index()].is_none() || sides == [false; 2] {
                    continue;
                }
                let parts = self.still_to_sound(&flight, answer, ask.now, performer);
                let Some(parts) = parts else {
                    continue;
                };
                let ask = Ask {
                    answer,
                    group: flight.group,
                    slots: (flight.first, flight.last),
                    sides,
                    ..*ask
                };
                let page = page_of(flight.group, answer);
                let Some(heard) = self.heard.get(page).copied() else {
                    continue;
                };
                self.send_all(&ask, &heard, link, performer);
                for slot in parts.into_iter().flatten() {
                    self.note(Latch {
                        at: ask.now + NOTICE,
                        group: flight.group,
                        slot,
                        part: part_of(answer),
                    });
                }
            }
        }
    }

    /// Whether anything that plays by an answer of a group is still to sound [`NOTICE`] after
    /// `now`: the slots whose answer was taken up before and must be once more.
    fn still_to_sound(
        &self,
        flight: &Flight,
        answer: Answer,
        now: f64,
        performer: &Performer,
    ) -> Option<[Option<i64>; SLOTS]> {
        let (part, due) = (part_of(answer), now + NOTICE);
        let (mut again, mut any) = ([None; SLOTS], false);
        for (again, slot) in again.iter_mut().zip(flight.first..=flight.last) {
            let is_of = |latch: &&Latch| (latch.slot, latch.part) == (slot, part);
            let open = self.latches.iter().flatten().find(is_of);
            if open.is_some_and(|open| open.at >= due) {
                any = true;
                continue;
            }
            let begins = performer.slot_begins(slot).or(open.map(|open| open.at));
            let steps = match part {
                Part::Lead => performer.lead(slot),
                Part::Main => STEPS_PER_SLOT,
            };
            let lasts = steps as f64 / STEPS_PER_BEAT;
            if steps > 0 && begins.is_some_and(|begins| begins + lasts > due) {
                *again = Some(slot);
                any = true;
            }
        }
        any.then_some(again)
    }
}
