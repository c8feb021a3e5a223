//! Allocation of the performer's pages to answers.

use third_stream_model::genre::Direction;
use third_stream_model::perform::{PAGES, Performer};

use crate::memory::Memory;

/// Content of a page.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Page {
    phrase: usize,
    ticket: u32,
    filled: [bool; 2],
    /// The steps that were known.
    known: u64,
}

/// The performer's pages, written in turn.
#[derive(Debug)]
pub(super) struct Pages {
    there: [Option<Page>; PAGES],
    next: usize,
    /// The page used last, which is being played.
    last: usize,
}

impl Pages {
    pub(super) const fn new() -> Self {
        Self {
            there: [None; PAGES],
            next: 0,
            last: 0,
        }
    }

    /// Forgets the content of all pages.
    pub(super) const fn clear(&mut self) {
        self.there = [None; PAGES];
    }

    /// The page with a phrase's present answer, written if needed. Only known steps are edited.
    /// `None` without an answer.
    pub(super) fn load(
        &mut self,
        phrase: usize,
        memory: &Memory,
        performer: &mut Performer,
    ) -> Option<usize> {
        let (ticket, heard, filled) = memory.answer(phrase)?;
        let page = Some(Page {
            phrase,
            ticket,
            filled,
            known: memory.known_steps(phrase),
        });
        if let Some(place) = self.there.iter().position(|found| *found == page) {
            self.last = place;
            return Some(place);
        }
        if self.next == self.last {
            self.next = (self.next + 1) % PAGES;
        }
        let place = self.next;
        self.next = (place + 1) % PAGES;
        self.last = place;
        *self.there.get_mut(place)? = page;
        performer.set_page(place, heard);
        for direction in Direction::BOTH {
            if let Some(edits) = memory.edits(phrase, direction) {
                let edits = edits.within(memory.known_steps(phrase));
                performer.fill(place, direction, &edits);
            }
        }
        Some(place)
    }
}
