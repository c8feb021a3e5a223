//! The work on questions, a step at a time.

use third_stream_model::genre::Direction;
use third_stream_model::perform::Performer;
use third_stream_model::roll::{Roll, STEPS_PER_SLOT};

use super::unsent::{Step, Unsent};
use super::{Answers, Ask, NEVER, Pages, page_of, window_to};
use crate::link::{AudioEnd, Counted};
use crate::rt::pending::Asked;

impl Answers {
    /// Requests the wanted directions.
    pub(in crate::rt) fn ask(&mut self, ask: &Ask, link: &AudioEnd, performer: &mut Performer) {
        let (first, last) = ask.slots;
        let group = self.groups.begin(ask.group, first);
        let answer = ask.answer.index();
        group.last = last;
        group.windows[answer] = Some(window_to(last));
        group.asked[answer] = [NEVER; 2];
        group.come[answer] = [true; 2];
        let mut question = Unsent::new(ask, Some(performer.moment(ask.now)));
        let queued = self.unsent.push(question);
        while !queued && let Some(step) = question.step() {
            self.prepare(&question, step, performer);
        }
        self.expect(ask, queued, link);
    }

    /// Requests the wanted directions of a question that was asked before.
    pub(super) fn ask_more(&mut self, ask: &Ask, link: &AudioEnd) {
        let queued = self.unsent.push(Unsent::new(ask, None));
        self.expect(ask, queued, link);
    }

    /// Expects the answers to a question that was `queued`.
    fn expect(&mut self, ask: &Ask, queued: bool, link: &AudioEnd) {
        let answer = ask.answer.index();
        for at in Direction::BOTH.map(Direction::index) {
            if !ask.sides[at] {
                continue;
            }
            if !queued {
                link.count(Counted::NoRoom);
            }
            if let Some(group) = self.groups.get_mut(ask.group) {
                group.asked[answer][at] = ask.now;
                group.come[answer][at] = !queued; // or not to be waited for
            }
        }
    }

    /// Time of the next step of the work on questions.
    pub(in crate::rt) fn next_step(&self) -> Option<f64> {
        self.unsent.next()
    }

    /// Does the next step of the work on questions.
    pub(in crate::rt) fn step(&mut self, link: &AudioEnd, performer: &mut Performer) {
        match self.unsent.pop() {
            Some((question, Step::Send(direction))) => {
                self.send(&question.ask, direction, link, performer);
            }
            Some((question, step)) => self.prepare(&question, step, performer),
            None => {}
        }
    }

    /// Draws all windows that were asked about: the slots are about to change.
    pub(in crate::rt) fn look(&mut self, performer: &mut Performer) {
        loop {
            let look = |question: &mut Unsent| Some((question.look()?, *question));
            let next = self.unsent.questions().find_map(look);
            let Some((step, question)) = next else {
                return;
            };
            self.prepare(&question, step, performer);
        }
    }

    /// A step before the request is sent.
    fn prepare(&mut self, question: &Unsent, step: Step, performer: &mut Performer) {
        let ask = &question.ask;
        let page = page_of(ask.group, ask.answer);
        let (Some(heard), Some(moment)) = (self.heard.get_mut(page), &question.moment) else {
            return;
        };
        let window = window_to(ask.slots.1);
        match step {
            Step::Draw => {
                performer.draw(window, moment, heard);
                if let Some(group) = self.groups.get_mut(ask.group) {
                    group.heard = slots_with_notes(heard.notes.sounding());
                }
            }
            Step::Swing => heard.swing = performer.swing(window, moment),
            Step::BeginPage => performer.begin_page(page, heard),
            Step::EndPage => performer.end_page(page),
            Step::Send(_) => {}
        }
    }

    /// Sends the request in a direction.
    fn send(
        &mut self,
        ask: &Ask,
        direction: Direction,
        link: &AudioEnd,
        performer: &mut Performer,
    ) {
        let page = page_of(ask.group, ask.answer);
        let inbox = &mut Pages {
            groups: &mut self.groups,
            performer,
        };
        let sheet = self.pending.sheet(&ask.terms, link, inbox);
        let written = sheet.and_then(|mut sheet| {
            let heard = self.heard.get(page)?;
            sheet.roll = heard.notes;
            self.write_wish(ask, heard, direction, performer, &mut sheet.wish);
            Some(sheet)
        });
        let asked = Asked {
            group: ask.group,
            answer: ask.answer,
            place: page,
            direction,
        };
        let sent = written.is_some_and(|sheet| self.pending.post(sheet, asked, &ask.terms, link));
        if !self.pending.sent(sent, &ask.terms, link)
            && let Some(group) = self.groups.get_mut(ask.group)
        {
            group.come[ask.answer.index()][direction.index()] = true; // not to be waited for
        }
    }
}

/// The slots of a roll that have notes, one bit each.
fn slots_with_notes(roll: &Roll) -> u8 {
    let mut slots = 0;
    for (step, rows) in roll.steps().iter().enumerate() {
        slots |= u8::from(*rows != 0) << (step / STEPS_PER_SLOT);
    }
    slots
}
