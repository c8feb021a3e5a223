//! The source's side of XDND without an X server: what is seen goes in, messages come out.

use std::time::Duration;

use super::DragEnd;

/// The longest that a file is dragged.
const HELD: Duration = Duration::from_mins(1);
/// How long a target may take to say whether it takes a file that was let go over it.
const STATUS: Duration = Duration::from_secs(2);
/// How long a target may take to fetch what was dropped.
const FETCH: Duration = Duration::from_secs(10);

/// A window that speaks XDND.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The window that messages name.
    pub(super) window: u32,
    /// The window that messages are sent to: the same, or its proxy.
    pub(super) to: u32,
    /// The version of the protocol that both sides speak, 3..=5.
    pub(super) version: u32,
}

/// Where the pointer is, in pixels of the screen, and what is under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pointer {
    pub(super) at: (i16, i16),
    pub(super) over: Option<Target>,
    /// Whether the first button is held.
    pub(super) held: bool,
}

/// What a target is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    Enter(Target),
    Position(Target, (i16, i16)),
    Leave(Target),
    Drop(Target),
}

/// How far the drag is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Held,
    /// Let go at that time over a target that has not answered yet.
    LetGo(Duration),
    /// Dropped at that time.
    Dropped(Duration),
    Over(DragEnd),
}

/// The state of one drag. Times are since it began.
#[derive(Debug)]
pub(super) struct Source {
    phase: Phase,
    over: Option<Target>,
    at: (i16, i16),
    /// The place that the target was told last.
    told: Option<(i16, i16)>,
    /// It has not answered that.
    asked: bool,
    /// The target's last answer.
    accepts: bool,
    /// The target has fetched the file's name.
    fetched: bool,
    messages: Vec<Message>,
}

impl Source {
    pub(super) fn new() -> Self {
        Self {
            phase: Phase::Held,
            over: None,
            at: (0, 0),
            told: None,
            asked: false,
            accepts: false,
            fetched: false,
            messages: Vec::new(),
        }
    }

    /// The messages that are to be sent now, in order.
    pub(super) fn take(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.messages)
    }

    /// How the drag ended, once it has.
    pub(super) fn end(&self) -> Option<DragEnd> {
        match self.phase {
            Phase::Over(end) => Some(end),
            _ => None,
        }
    }

    /// The pointer was looked at.
    pub(super) fn point(&mut self, pointer: Pointer, now: Duration) {
        if self.phase != Phase::Held {
            return;
        }
        let other = pointer.over.map(|over| over.window) != self.over.map(|over| over.window);
        if other {
            self.leave();
            self.over = pointer.over;
            self.messages.extend(self.over.map(Message::Enter));
            (self.told, self.asked, self.accepts) = (None, false, false);
        }
        self.at = pointer.at;
        self.ask();
        if !pointer.held {
            self.phase = Phase::LetGo(now);
            self.decide(now);
        } else if now > HELD {
            self.give_up();
        }
    }

    /// A target says whether it takes the file.
    pub(super) fn status(&mut self, window: u32, accepts: bool, now: Duration) {
        if self.over.is_some_and(|over| over.window == window) && self.asked {
            (self.asked, self.accepts) = (false, accepts);
            self.ask();
            self.decide(now);
        }
    }

    /// A target has fetched the file's name.
    pub(super) fn fetched(&mut self) {
        self.fetched = true;
    }

    /// A target has done with what was dropped, and did take it or not.
    pub(super) fn finished(&mut self, window: u32, taken: bool) {
        let over = self.over.filter(|over| over.window == window);
        if let (Phase::Dropped(_), Some(over)) = (self.phase, over) {
            // Whether it was taken is told since version 5.
            self.over(taken || over.version < 5);
        }
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, now: Duration) {
        match self.phase {
            Phase::LetGo(since) if now > since + STATUS => {
                self.leave();
                self.over(false);
            }
            // Some targets never say that they have done.
            Phase::Dropped(since) if now > since + FETCH => self.over(self.fetched),
            _ => {}
        }
    }

    /// Ends without a drop, or without waiting for what comes of it.
    pub(super) fn give_up(&mut self) {
        if !matches!(self.phase, Phase::Dropped(_) | Phase::Over(_)) {
            self.leave();
        }
        self.phase = Phase::Over(DragEnd::GivenUp);
    }

    /// Tells the target where the pointer is, once it has answered what it was told before.
    fn ask(&mut self) {
        let news = self.told != Some(self.at);
        if let Some(over) = self.over.filter(|_| news && !self.asked) {
            self.messages.push(Message::Position(over, self.at));
            (self.told, self.asked) = (Some(self.at), true);
        }
    }

    /// Drops what was let go, or leaves, once the target has answered.
    fn decide(&mut self, now: Duration) {
        if !matches!(self.phase, Phase::LetGo(_)) || self.asked {
            return;
        }
        if let Some(over) = self.over.filter(|_| self.accepts) {
            self.messages.push(Message::Drop(over));
            self.phase = Phase::Dropped(now);
        } else {
            self.leave();
            self.over(false);
        }
    }

    fn leave(&mut self) {
        self.messages.extend(self.over.take().map(Message::Leave));
    }

    fn over(&mut self, taken: bool) {
        self.phase = Phase::Over(if taken {
            DragEnd::Taken
        } else {
            DragEnd::Refused
        });
    }
}

#[cfg(test)]
mod tests;
