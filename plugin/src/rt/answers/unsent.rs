//! The queue of the work on questions: draw the window, find its swing, write its page, then send a
//! request for each direction. The steps are spaced in time, so that a short block does at most one.

use super::Ask;
use third_stream_model::genre::Direction;
use third_stream_model::perform::Moment;

/// Interval between two steps, in beats: some 3 ms.
const APART: f64 = 1.0 / 128.0;
/// Capacity in questions: two answers of six groups, whose other direction may follow.
const ROOM: usize = 24;

/// A step of the work on a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Draw the window's notes.
    Draw,
    /// Find its swing.
    Swing,
    /// Write the first half of its page: answers edit it.
    BeginPage,
    /// Write the second half.
    EndPage,
    /// Send the request in a direction.
    Send(Direction),
}

impl Step {
    /// In their order.
    const ALL: [Self; 6] = [
        Self::Draw,
        Self::Swing,
        Self::BeginPage,
        Self::EndPage,
        Self::Send(Direction::AToB),
        Self::Send(Direction::BToA),
    ];
}

/// A question with steps to be done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unsent {
    /// Time of its next step, in unwrapped beats.
    at: f64,
    pub(super) ask: Ask,
    /// When it was asked; `None` if the window was drawn before and the other direction follows.
    pub(super) moment: Option<Moment>,
    /// The steps to be done, by their places in [`Step::ALL`].
    left: [bool; Step::ALL.len()],
}

impl Unsent {
    pub(super) const fn new(ask: &Ask, moment: Option<Moment>) -> Self {
        let (new, [one, other]) = (moment.is_some(), ask.sides);
        Self {
            at: ask.now,
            ask: *ask,
            moment,
            left: [new, new, new, new, one, other],
        }
    }

    /// Takes the next step.
    pub(super) fn step(&mut self) -> Option<Step> {
        let mut steps = self.left.iter_mut().zip(Step::ALL);
        let (left, step) = steps.find(|(left, _)| **left)?;
        *left = false;
        Some(step)
    }

    /// Takes the next step, if that is to look at the notes.
    pub(super) fn look(&mut self) -> Option<Step> {
        let looks = self.left.iter().take(2).any(|left| *left);
        looks.then(|| self.step())?
    }

    fn is_done(&self) -> bool {
        !self.left.contains(&true)
    }
}

/// Questions in order of time, in a ring.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    questions: [Option<Unsent>; ROOM],
    first: usize,
    count: usize,
    /// Time of the last step of all, in unwrapped beats.
    end: f64,
}

impl Queue {
    pub(super) const EMPTY: Self = Self {
        questions: [None; ROOM],
        first: 0,
        count: 0,
        end: f64::NEG_INFINITY,
    };

    pub(super) const fn clear(&mut self) {
        self.count = 0;
        self.end = f64::NEG_INFINITY;
    }

    fn front(&mut self) -> Option<&mut Unsent> {
        let question = self.questions.get_mut(self.first)?.as_mut();
        question.filter(|_| self.count > 0)
    }

    /// Time of the next step, in unwrapped beats.
    pub(super) fn next(&self) -> Option<f64> {
        let question = self.questions.get(self.first)?.as_ref()?;
        (self.count > 0).then_some(question.at)
    }

    /// Appends a question; false if the queue is full.
    pub(super) fn push(&mut self, mut question: Unsent) -> bool {
        if self.count == ROOM {
            return false;
        }
        question.at = self.end.max(question.at) + APART;
        let steps = question.left.iter().filter(|left| **left).count();
        if let Some(free) = self.questions.get_mut((self.first + self.count) % ROOM)
            && steps > 0
        {
            self.end = question.at + (steps - 1) as f64 * APART;
            *free = Some(question);
            self.count += 1;
        }
        true
    }

    /// Takes the next step.
    pub(super) fn pop(&mut self) -> Option<(Unsent, Step)> {
        let question = self.front()?;
        let step = question.step();
        question.at += APART;
        let taken = *question;
        if taken.is_done() {
            self.first = (self.first + 1) % ROOM;
            self.count -= 1;
        }
        Some((taken, step?))
    }

    /// The questions.
    pub(super) fn questions(&mut self) -> impl Iterator<Item = &mut Unsent> {
        let (first, count) = (self.first, self.count);
        let all = self.questions.iter_mut().enumerate();
        let here = move |place: usize| (place + ROOM - first) % ROOM < count;
        all.filter_map(move |(place, question)| question.as_mut().filter(|_| here(place)))
    }
}
