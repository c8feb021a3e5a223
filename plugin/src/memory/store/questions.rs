//! What the networks were asked about each phrase, what they answered, and what is still to be asked.

use third_stream_model::genre::Direction;
use third_stream_model::roll::edits::Edits;
use third_stream_model::roll::heard::Heard;

use super::{Memory, PhraseSet};

impl Memory {
    /// The request by which the networks were asked about a phrase as it was `heard`, and in which
    /// directions they were and did not refuse.
    pub(crate) fn asked(&self, phrase: usize, heard: &Heard) -> Option<(u32, [bool; 2])> {
        let phrase = self.phrases.get(phrase)?;
        let same = phrase.asked != 0 && phrase.asked_heard == *heard;
        same.then_some((phrase.asked, phrase.sides))
    }

    /// The networks are asked about a phrase as it was `heard`, in these directions. `ticket` is
    /// greater than 0; where it is that of the request before, the other direction was asked for
    /// then.
    pub(crate) fn ask(&mut self, of: usize, ticket: u32, heard: &Heard, sides: [bool; 2]) {
        let Some(phrase) = self.phrases.get_mut(of) else {
            return;
        };
        if phrase.asked != ticket {
            phrase.asked = ticket;
            phrase.asked_heard = *heard;
            phrase.sides = [false; 2];
            self.waiting += u32::from(!std::mem::replace(&mut phrase.waiting, true));
        }
        for (asked, side) in phrase.sides.iter_mut().zip(sides) {
            *asked |= side;
        }
        for (lacks, asked) in self.one_sided.iter_mut().zip(phrase.sides) {
            if asked {
                lacks.remove(of);
            } else {
                lacks.insert(of);
            }
        }
        self.unasked.remove(of);
    }

    /// There was no room for a question about a phrase: it is to be asked about once there is.
    /// `again`: it is asked about as it is, in the other direction.
    pub(crate) fn want(&mut self, of: usize, again: bool) {
        if let Some(phrase) = self.phrases.iter_mut().take(self.used).nth(of) {
            if !again {
                phrase.asked = 0;
                self.waiting += u32::from(!std::mem::replace(&mut phrase.waiting, true));
            }
            self.unasked.insert(of);
        }
    }

    /// A phrase need not be asked about as it is, in these directions.
    pub(crate) fn leave(&mut self, phrase: usize, sides: [bool; 2]) {
        self.unasked.remove(phrase);
        for (lacks, _) in self
            .one_sided
            .iter_mut()
            .zip(sides)
            .filter(|(_, side)| *side)
        {
            lacks.remove(phrase);
        }
    }

    /// All phrases that wait are to be asked about, for nothing that was asked will be answered.
    pub(crate) fn want_waiting(&mut self) {
        let phrases = self.phrases.iter_mut().take(self.used).enumerate();
        for (of, phrase) in phrases.filter(|(_, phrase)| phrase.waiting) {
            phrase.asked = 0;
            self.unasked.insert(of);
        }
    }

    /// The next phrase from `from` on, in turn, that is to be asked about.
    pub(crate) fn unasked(&self, from: usize) -> Option<usize> {
        self.unasked.next(from)
    }

    /// The same, or else one that was not asked about in one of these directions.
    pub(crate) fn unasked_in(&self, sides: [bool; 2], from: usize) -> Option<usize> {
        let mut lacking = self.one_sided.iter().zip(sides).filter(|(_, side)| *side);
        let lacking = || lacking.find_map(|(lacks, _)| lacks.next(from));
        self.unasked.next(from).or_else(lacking)
    }

    /// The same of those that were brought.
    pub(crate) fn unasked_brought(&self, from: usize) -> Option<usize> {
        self.unasked.and(&self.brought).next(from)
    }

    /// The same of those that were not, but heard.
    pub(crate) fn unasked_heard(&self, from: usize) -> Option<usize> {
        self.unasked.without(&self.brought).next(from)
    }

    /// No answer will come to `ticket` in a direction; the phrase may be asked about again.
    pub(crate) fn refuse(&mut self, phrase: usize, ticket: u32, direction: Direction) {
        if let Some(phrase) = self.phrases.get_mut(phrase)
            && phrase.asked == ticket
        {
            phrase.sides[direction.index()] = false;
            if phrase.sides == [false; 2] {
                phrase.asked = 0;
            }
        }
    }

    /// The same, and it is one that was not asked about in that direction.
    pub(crate) fn withdraw(&mut self, phrase: usize, ticket: u32, direction: Direction) {
        self.refuse(phrase, ticket, direction);
        if phrase < self.used {
            self.one_sided[direction.index()].insert(phrase);
        }
    }

    /// All phrases are to be asked about again, and none has an answer.
    pub(crate) fn await_all(&mut self) {
        self.waiting = self.used as u32;
        for phrase in self.phrases.iter_mut().take(self.used) {
            phrase.asked = 0;
            phrase.answer.ticket = 0;
            phrase.answer.filled = [false; 2];
            phrase.waiting = true;
        }
        self.unasked = PhraseSet::first(self.used);
        self.one_sided = [PhraseSet::NONE; 2];
        self.brought = self.unasked;
    }

    /// Whether the phrase was there before anything was heard or asked: its first answer then
    /// counts as soon as it comes.
    pub(crate) fn is_brought(&self, phrase: usize) -> bool {
        self.brought.contains(phrase)
    }

    /// One direction of the answer to `ticket`, unless a newer one is there.
    pub(crate) fn take(
        &mut self,
        of: usize,
        ticket: u32,
        heard: &Heard,
        direction: Direction,
        edits: &Edits,
    ) {
        let Some(phrase) = self.phrases.iter_mut().take(self.used).nth(of) else {
            return; // forgotten while the networks were asked
        };
        let answer = &mut phrase.answer;
        if answer.ticket != ticket {
            // Tickets may wrap round: newer is what lies less than half the circle ahead.
            let newer = answer.ticket == 0 || (ticket.wrapping_sub(answer.ticket) as i32) > 0;
            if !newer {
                return;
            }
            answer.ticket = ticket;
            answer.heard = *heard;
            answer.filled = [false; 2];
        }
        self.brought.remove(of);
        answer.edits[direction.index()].copy_from(edits);
        answer.filled[direction.index()] = true;
        if phrase.asked == ticket && std::mem::take(&mut phrase.waiting) {
            self.waiting -= 1;
        }
    }

    /// The answer of a phrase: its ticket, what it is about, and which directions it has.
    pub(crate) fn answer(&self, phrase: usize) -> Option<(u32, &Heard, [bool; 2])> {
        let answer = &self.phrases.get(phrase)?.answer;
        (answer.ticket != 0).then_some((answer.ticket, &answer.heard, answer.filled))
    }

    /// The edits of a phrase's answer in one direction, if it has them.
    pub(crate) fn edits(&self, phrase: usize, direction: Direction) -> Option<&Edits> {
        let answer = &self.phrases.get(phrase)?.answer;
        let filled = answer.ticket != 0 && answer.filled[direction.index()];
        filled.then_some(&answer.edits[direction.index()])
    }
}
