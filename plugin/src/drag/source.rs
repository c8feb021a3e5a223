//! XDND source as a state machine without an X server: observations in, messages out.

use std::time::Duration;

use super::DragEnd;

/// Timeout of a drag while the button is down.
const HELD: Duration = Duration::from_mins(1);
/// Timeout for a target's status after the button was released over it.
const STATUS: Duration = Duration::from_secs(2);
/// Timeout for a target to fetch the dropped file.
const FETCH: Duration = Duration::from_secs(10);

/// A window that supports XDND.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The window named in messages.
    pub(super) window: u32,
    /// The window that receives messages: the same, or its proxy.
    pub(super) to: u32,
    /// Protocol version that both sides speak, 3..=5.
    pub(super) version: u32,
}

/// Pointer position in screen pixels, and the target under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pointer {
    pub(super) at: (i16, i16),
    pub(super) over: Option<Target>,
    /// The first button is down.
    pub(super) held: bool,
}

/// A message to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    Enter(Target),
    Position(Target, (i16, i16)),
    Leave(Target),
    Drop(Target),
}

/// Phase of a drag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Held,
    /// Released, at this time, over a target that has not answered yet.
    LetGo(Duration),
    /// Dropped at this time.
    Dropped(Duration),
    Over(DragEnd),
}

/// State of one drag. Times are since it began.
#[derive(Debug)]
pub(super) struct Source {
    phase: Phase,
    over: Option<Target>,
    at: (i16, i16),
    /// The position last sent to the target.
    told: Option<(i16, i16)>,
    /// The target has not answered that position yet.
    asked: bool,
    /// The target's last answer.
    accepts: bool,
    /// The target has fetched the file's URI.
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

    /// Takes the messages to be sent now, in order.
    pub(super) fn take(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.messages)
    }

    /// The result, once the drag is over.
    pub(super) fn end(&self) -> Option<DragEnd> {
        match self.phase {
            Phase::Over(end) => Some(end),
            _ => None,
        }
    }

    /// Takes the pointer's present position and button.
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

    /// Takes a target's status: whether it accepts the file.
    pub(super) fn status(&mut self, window: u32, accepts: bool, now: Duration) {
        if self.over.is_some_and(|over| over.window == window) && self.asked {
            (self.asked, self.accepts) = (false, accepts);
            self.ask();
            self.decide(now);
        }
    }

    /// Takes note that a target has fetched the file's URI.
    pub(super) fn fetched(&mut self) {
        self.fetched = true;
    }

    /// Takes a target's `XdndFinished`: whether it took the file.
    pub(super) fn finished(&mut self, window: u32, taken: bool) {
        let over = self.over.filter(|over| over.window == window);
        if let (Phase::Dropped(_), Some(over)) = (self.phase, over) {
            // Targets report this since version 5.
            self.over(taken || over.version < 5);
        }
    }

    /// Checks the timeouts.
    pub(super) fn tick(&mut self, now: Duration) {
        match self.phase {
            Phase::LetGo(since) if now > since + STATUS => {
                self.leave();
                self.over(false);
            }
            // Some targets never send `XdndFinished`.
            Phase::Dropped(since) if now > since + FETCH => self.over(self.fetched),
            _ => {}
        }
    }

    /// Cancels: without a drop, or without waiting for its result.
    pub(super) fn give_up(&mut self) {
        if !matches!(self.phase, Phase::Dropped(_) | Phase::Over(_)) {
            self.leave();
        }
        self.phase = Phase::Over(DragEnd::GivenUp);
    }

    /// Sends the target the pointer's position, once it has answered the last one.
    fn ask(&mut self) {
        let news = self.told != Some(self.at);
        if let Some(over) = self.over.filter(|_| news && !self.asked) {
            self.messages.push(Message::Position(over, self.at));
            (self.told, self.asked) = (Some(self.at), true);
        }
    }

    /// After the target's answer: drops the released file, or leaves.
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
