//! The knob moves: the other direction is requested for all that has not sounded, and counts after
//! [`NOTICE`].

use third_stream_model::perform::{Performer, SlotPart};
use third_stream_model::roll::quantise::STEPS_PER_BEAT;
use third_stream_model::roll::{SLOTS, STEPS_PER_SLOT};

use super::{Answers, Ask, GROUPS, NEVER, PendingGroup, ScheduledSwitch, part_of};
use crate::link::{Answer, AudioEnd};
use crate::rt::NOTICE;
use crate::rt::pending::Terms;

impl Answers {
    /// The knob has moved at `now` (unwrapped beats): requests the other direction for all that has
    /// not sounded.
    pub(in crate::rt) fn turn(
        &mut self,
        now: f64,
        terms: Terms,
        link: &AudioEnd,
        performer: &Performer,
    ) {
        for place in 0..GROUPS {
            let Some(Some(group)) = self.groups.0.get(place).copied() else {
                continue;
            };
            for answer in [Answer::First, Answer::Second] {
                let asked = group.asked[answer.index()];
                let sides = asked.map(|asked| asked == NEVER);
                if group.windows[answer.index()].is_none() || sides == [false; 2] {
                    continue;
                }
                let parts = self.still_to_sound(&group, answer, now, performer);
                let Some(parts) = parts else {
                    continue;
                };
                let ask = Ask {
                    answer,
                    group: group.group,
                    slots: (group.first, group.last),
                    now,
                    terms,
                    sides,
                };
                self.ask_more(&ask, link);
                for slot in parts.into_iter().flatten() {
                    self.note(ScheduledSwitch {
                        at: now + NOTICE,
                        group: group.group,
                        slot,
                        part: part_of(answer),
                    });
                }
            }
        }
    }

    /// True if part of a group sounds [`NOTICE`] after `now` or later. Slots that already took up
    /// their answer are scheduled again.
    fn still_to_sound(
        &self,
        group: &PendingGroup,
        answer: Answer,
        now: f64,
        performer: &Performer,
    ) -> Option<[Option<i64>; SLOTS]> {
        let (part, due) = (part_of(answer), now + NOTICE);
        let (mut again, mut any) = ([None; SLOTS], false);
        for (again, slot) in again.iter_mut().zip(group.first..=group.last) {
            let is_of = |switch: &&ScheduledSwitch| (switch.slot, switch.part) == (slot, part);
            let open = self.switches.iter().flatten().find(is_of);
            if open.is_some_and(|open| open.at >= due) {
                any = true;
                continue;
            }
            let begins = performer.slot_begins(slot).or(open.map(|open| open.at));
            let steps = match part {
                SlotPart::Lead => performer.lead(slot),
                SlotPart::Main => STEPS_PER_SLOT,
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
