//! Live: pending requests, and the musical times at which their answers are taken up.
//!
//! An answer is never used before its time, even if it is there, and never waited for except
//! offline: the output does not depend on the machine's speed.
//!
//! A direction that is requested later than the other, because the knob moved, counts after
//! [`NOTICE`], also for notes of a group that sounds; notes that begin earlier on that side of the
//! knob play dry.

#![expect(
    clippy::disallowed_types,
    reason = "made once, when an instance is activated"
)]

mod turn;
mod unsent;
mod wish;
mod work;

use third_stream_model::genre::Direction;
use third_stream_model::perform::{Performer, SlotPart};
use third_stream_model::roll::SLOTS;
use third_stream_model::roll::heard::Heard;

use super::NOTICE;
use super::groups::Closed;
use super::pending::{Inbox, Pending, Terms};
use crate::link::{Answer, AudioEnd, Counted, Response};
use unsent::Queue;

/// Maximum number of pending groups; the performer has two pages for each.
const GROUPS: usize = 6;
/// Capacity of the list of switches: a lead and four slots for each group, with reserve.
const SWITCHES: usize = 32;

/// A time that never comes.
const NEVER: f64 = f64::INFINITY;

/// A group with requests.
#[derive(Clone, Copy, Debug)]
struct PendingGroup {
    group: u32,
    first: i64,
    last: i64,
    /// First slot of each answer's window; `None` if it was not requested.
    windows: [Option<i64>; 2],
    /// Time of each request by answer and direction, in unwrapped beats; [`NEVER`] if there was
    /// none.
    asked: [[f64; 2]; 2],
    /// By answer and direction: the response came, good or bad, or is not waited for.
    come: [[bool; 2]; 2],
    /// The slots with notes in the newest request's window, one bit each.
    heard: u8,
    /// Why its first beat played dry, if it did.
    dry_lead: Option<Counted>,
}

/// Time at which a part of a slot takes up its answer.
#[derive(Clone, Copy, Debug)]
struct ScheduledSwitch {
    /// In unwrapped beats.
    at: f64,
    group: u32,
    slot: i64,
    part: SlotPart,
}

/// The requests of one generation.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    pending: Pending,
    groups: PendingGroups,
    switches: [Option<ScheduledSwitch>; SWITCHES],
    unsent: Queue,
    /// The networks' input for each page of the performer.
    heard: Box<[Heard]>,
    late: u32,
}

/// The pending groups, in a table.
#[derive(Clone, Copy, Debug)]
struct PendingGroups([Option<PendingGroup>; GROUPS]);

/// Parameters of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) answer: Answer,
    pub(super) group: u32,
    /// The group's first and (planned) last slot.
    pub(super) slots: (i64, i64),
    /// The present, in unwrapped beats.
    pub(super) now: f64,
    pub(super) terms: Terms,
    /// Directions to be requested, by [`Direction::index`].
    pub(super) sides: [bool; 2],
}

impl Answers {
    /// No requests. Allocates some 30 KiB.
    #[expect(
        clippy::disallowed_macros,
        reason = "made once, when an instance is activated"
    )]
    pub(super) fn new() -> Self {
        Self {
            pending: Pending::new(),
            groups: PendingGroups([None; GROUPS]),
            switches: [None; SWITCHES],
            unsent: Queue::EMPTY,
            heard: vec![Heard::default(); 2 * GROUPS].into_boxed_slice(),
            late: 0,
        }
    }

    /// Number of bars that played dry.
    pub(super) const fn late(&self) -> u32 {
        self.late
    }

    /// Resets the count of dry bars. Call at the start of play.
    pub(super) const fn count_anew(&mut self) {
        self.late = 0;
    }

    /// Starts a new generation: all pending requests become stale.
    pub(super) fn forget(&mut self, link: &AudioEnd) {
        self.pending.renew(link);
        self.groups.0 = [None; GROUPS];
        self.switches = [None; SWITCHES];
        self.unsent.clear();
    }

    /// True if the first answer of `group` was requested.
    pub(super) fn asked(&self, group: u32) -> bool {
        let first = Answer::First.index();
        let group = self.groups.get(group);
        group.is_some_and(|group| group.windows[first].is_some())
    }

    /// First slot of the window of the group that has `slot`, and first slot of the group.
    pub(super) fn window_of(&self, slot: i64) -> Option<(i64, i64)> {
        let mut groups = self.groups.0.iter().flatten();
        let group = groups.find(|group| (group.first..=group.last).contains(&slot))?;
        Some((window_to(group.last), group.first))
    }

    /// Counts a group whose first beat plays dry because nothing was requested for it.
    pub(super) fn miss_lead(&mut self, group: u32) {
        if let Some(group) = self.groups.get_mut(group) {
            group.dry_lead = Some(Counted::Unasked);
        }
    }

    /// Schedules the first answer for the first beat of a group.
    pub(super) fn note_lead(&mut self, group: u32, slot: i64, at: f64) {
        self.note(ScheduledSwitch {
            at,
            group,
            slot,
            part: SlotPart::Lead,
        });
    }

    /// Schedules the second answer for slot `slot` of a closed group.
    pub(super) fn note_main(&mut self, closed: &Closed, slot: i64, at: f64) {
        self.note(ScheduledSwitch {
            at,
            group: closed.group,
            slot,
            part: SlotPart::Main,
        });
    }

    /// The earliest scheduled time.
    pub(super) fn next(&self) -> Option<f64> {
        self.switches
            .iter()
            .flatten()
            .map(|switch| switch.at)
            .min_by(f64::total_cmp)
    }

    /// Receives the available responses, at most `most`.
    pub(super) fn receive(&mut self, most: usize, link: &AudioEnd, performer: &mut Performer) {
        let inbox = &mut Pages {
            groups: &mut self.groups,
            performer,
        };
        self.pending.receive(most, link, inbox);
    }

    /// The earliest scheduled time has come: its part plays by its answer, or dry. `direction` is
    /// the knob's; a missing answer in the other direction is not counted.
    pub(super) fn switch(
        &mut self,
        offline: bool,
        direction: Direction,
        link: &AudioEnd,
        performer: &mut Performer,
    ) {
        self.receive(usize::MAX, link, performer);
        let earliest = self.next();
        let place = self
            .switches
            .iter_mut()
            .find(|switch| switch.map(|switch| switch.at) == earliest);
        let Some(switch) = place.and_then(Option::take) else {
            return;
        };
        let answer = answer_of(switch.part);
        let Some(group) = self.groups.get(switch.group).copied() else {
            return;
        };
        // A direction that was requested later is not taken up before its time.
        let due = group.asked[answer.index()].map(|asked| asked + NOTICE <= switch.at);
        if offline {
            self.wait_for(switch.group, (answer, due), link, performer);
        }
        if let Some(window) = group.windows[answer.index()] {
            let page = page_of(switch.group, answer);
            performer.attach((switch.slot, switch.part), page, window, due);
        }
        self.give_up_played(switch.group, link);
        let asked = group.windows[answer.index()].is_none() || due[direction.index()];
        let missing = asked && !performer.has_answer(switch.slot, switch.part, direction);
        if switch.part == SlotPart::Lead {
            if let Some(group) = self.groups.get_mut(switch.group) {
                group.dry_lead = missing.then_some(Counted::Late);
            }
            return;
        }
        let dry_lead = group.dry_lead.filter(|_| switch.slot == group.first);
        // An empty bar is not counted, whatever became of its answer.
        let heard = switch.slot - window_to(group.last);
        let heard = (0..SLOTS as i64).contains(&heard) && group.heard >> heard & 1 == 1;
        if let Some(why) = missing.then_some(Counted::Late).or(dry_lead)
            && heard
        {
            self.late = self.late.saturating_add(1);
            link.count(why);
        }
    }

    /// Gives up the answers of a group that no scheduled switch will take up.
    pub(super) fn give_up_played(&self, group: u32, link: &AudioEnd) {
        let over = |group: &&PendingGroup| group.windows[Answer::Second.index()].is_some();
        let Some(group) = self.groups.get(group).filter(over) else {
            return; // more may take up its first answer
        };
        for answer in [Answer::First, Answer::Second] {
            let of_it = |switch: &ScheduledSwitch| {
                (switch.group, switch.part) == (group.group, part_of(answer))
            };
            let open = self.switches.iter().flatten().any(of_it);
            if !open && group.come[answer.index()] != [true; 2] {
                link.give_up(page_of(group.group, answer));
            }
        }
    }

    /// Offline rendering: waits (bounded) for an answer in the `due` directions. The others may not
    /// be sent yet.
    fn wait_for(
        &mut self,
        group: u32,
        (answer, due): (Answer, [bool; 2]),
        link: &AudioEnd,
        performer: &mut Performer,
    ) {
        let inbox = &mut Pages {
            groups: &mut self.groups,
            performer,
        };
        self.pending.wait(link, inbox, |inbox| {
            let come = inbox.groups.get(group);
            let come = come.map_or([true; 2], |group| group.come[answer.index()]);
            (due[0] && !come[0]) || (due[1] && !come[1])
        });
    }

    /// Schedules a switch. Where a host reports a bar late, a group may end later than planned; its
    /// answers still count no earlier than [`NOTICE`] after their requests.
    fn note(&mut self, mut switch: ScheduledSwitch) {
        if let Some(group) = self.groups.get(switch.group) {
            let [one, other] = group.asked[answer_of(switch.part).index()];
            let asked = one.min(other);
            if asked < NEVER {
                switch.at = switch.at.max(asked + NOTICE);
            }
        }
        if let Some(free) = self.switches.iter_mut().find(|switch| switch.is_none()) {
            *free = Some(switch);
        }
    }
}

impl PendingGroups {
    fn get(&self, number: u32) -> Option<&PendingGroup> {
        let group = self.0.get(place_of(number))?.as_ref()?;
        (group.group == number).then_some(group)
    }

    fn get_mut(&mut self, number: u32) -> Option<&mut PendingGroup> {
        let group = self.0.get_mut(place_of(number))?.as_mut()?;
        (group.group == number).then_some(group)
    }

    /// The entry of a group, which replaces an older one if it is new.
    fn begin(&mut self, number: u32, first: i64) -> &mut PendingGroup {
        let new = PendingGroup {
            group: number,
            first,
            last: first,
            windows: [None; 2],
            asked: [[NEVER; 2]; 2],
            come: [[true; 2]; 2],
            heard: 0,
            dry_lead: None,
        };
        let place = &mut self.0[place_of(number)];
        let known = place.take().filter(|group| group.group == number);
        place.insert(known.unwrap_or(new))
    }
}

/// Routes answers to the performer's pages.
struct Pages<'a> {
    groups: &'a mut PendingGroups,
    performer: &'a mut Performer,
}

impl Inbox for Pages<'_> {
    fn take(&mut self, response: &Response) {
        let (answer, direction) = (response.answer, response.direction);
        let Some(group) = self.groups.get_mut(response.group) else {
            return;
        };
        if group.windows[answer.index()].is_none() {
            return;
        }
        group.come[answer.index()][direction.index()] = true;
        if let Ok(edits) = &response.outcome {
            let page = page_of(response.group, answer);
            self.performer.fill(page, direction, edits);
        }
    }
}

/// The first slot of the window that ends with slot `last`.
const fn window_to(last: i64) -> i64 {
    last - SLOTS as i64 + 1
}

/// The answer for a part of a slot.
const fn answer_of(part: SlotPart) -> Answer {
    match part {
        SlotPart::Lead => Answer::First,
        SlotPart::Main => Answer::Second,
    }
}

/// The part of a slot for an answer.
const fn part_of(answer: Answer) -> SlotPart {
    match answer {
        Answer::First => SlotPart::Lead,
        Answer::Second => SlotPart::Main,
    }
}

const fn place_of(group: u32) -> usize {
    group as usize % GROUPS
}

const fn page_of(group: u32, answer: Answer) -> usize {
    place_of(group) * 2 + answer.index()
}
