//! The wish for an answer: the user's taste, and the part of its window that is fixed.

use std::ops::Range;

use third_stream_model::genre::Direction;
use third_stream_model::perform::{Performer, SlotPart};
use third_stream_model::roll::STEPS_PER_SLOT;
use third_stream_model::roll::edits::LEAD_STEPS;
use third_stream_model::roll::heard::Heard;

use super::{Answers, Ask, window_to};
use crate::link::{Answer, Wish};

impl Answers {
    /// Writes the wish for an answer in `direction`. Fixed are the bars before the group, and for
    /// the second answer also the group's first beat.
    pub(super) fn write_wish(
        &self,
        ask: &Ask,
        heard: &Heard,
        direction: Direction,
        performer: &Performer,
        wish: &mut Wish,
    ) {
        let (first, last) = ask.slots;
        let window = window_to(last);
        *wish = ask.terms.taste.wish(heard.held);
        wish.passes = ask.answer.passes();
        let mut tell = |slot: i64, part: SlotPart, steps: Range<usize>| {
            let place = (slot - window) as usize * STEPS_PER_SLOT;
            for step in steps.clone() {
                wish.decided |= 1 << (place + step);
            }
            let window = (window, &heard.notes);
            performer.write_played((slot, part, steps), direction, window, &mut wish.played);
        };
        // A part whose answer is pending is not fixed.
        let open = |slot: i64, part: SlotPart| {
            let mut switches = self.switches.iter().flatten();
            switches.any(|switch| (switch.slot, switch.part) == (slot, part))
        };
        for slot in window..first {
            let lead = performer.lead(slot);
            if !open(slot, SlotPart::Lead) {
                tell(slot, SlotPart::Lead, 0..lead);
            }
            if !open(slot, SlotPart::Main) {
                tell(slot, SlotPart::Main, lead..STEPS_PER_SLOT);
            }
        }
        if ask.answer == Answer::Second && !open(first, SlotPart::Lead) {
            tell(first, SlotPart::Lead, 0..LEAD_STEPS);
        }
    }
}
