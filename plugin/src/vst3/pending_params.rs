//! Parameter values that the host sets on the controller while blocks are processed.
//!
//! The framework then ignores them, because they also come with the next block. A host that saves
//! before that block would save old values, so they are kept until then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use parking_lot::Mutex;

use crate::automation::Automation;

/// The values set since the last block.
pub(super) struct PendingParams {
    automation: Arc<Automation>,
    /// Blocks are processed.
    processing: AtomicBool,
    /// Number of starts and ends of blocks; odd during a block. Incremented by the audio thread.
    turns: AtomicU32,
    /// Value of `turns` when processing began.
    began: AtomicU32,
    /// For each parameter its value, and the value of `turns` until which it is pending. Never
    /// locked by the audio thread.
    values: Mutex<Vec<Option<(f32, u32)>>>,
}

impl PendingParams {
    pub(super) fn new(automation: Arc<Automation>) -> Self {
        Self {
            processing: AtomicBool::new(false),
            turns: AtomicU32::new(0),
            began: AtomicU32::new(0),
            values: Mutex::new(vec![None; automation.parameters()]),
            automation,
        }
    }

    /// A block begins or ends. Audio thread.
    pub(super) fn turn(&self) {
        let turns = self.turns.load(Ordering::Relaxed);
        self.turns.store(turns.wrapping_add(1), Ordering::Release);
    }

    /// Processing starts or stops; when it stops, pending values become final.
    pub(super) fn set_processing(&self, processing: bool) {
        self.began
            .store(self.turns.load(Ordering::Acquire), Ordering::Release);
        self.processing.store(processing, Ordering::Release);
        if !processing {
            self.settle();
            self.forget();
        }
    }

    /// The host sets a parameter. Before the first block the value is final at once, so that the
    /// editor shows it in a host that has loaded a song and does not play yet.
    pub(super) fn say(&self, parameter: usize, value: f32) {
        let turn = self.turns.load(Ordering::Acquire);
        let waits = turn == self.began.load(Ordering::Acquire);
        if waits || !self.processing.load(Ordering::Acquire) {
            self.automation.set(parameter, value);
        } else if let Some(said) = self.values.lock().get_mut(parameter) {
            *said = Some((value, self.coming()));
        }
    }

    /// The pending value of a parameter.
    pub(super) fn shown(&self, parameter: usize) -> Option<f32> {
        let (value, turn) = self.values.lock().get(parameter).copied()??;
        (turn == self.coming()).then(|| self.automation.preview(parameter, value))
    }

    /// Applies the pending values; during a block nothing is applied, as it would count in the
    /// middle.
    pub(super) fn settle(&self) {
        for (parameter, said) in self.values.lock().iter().enumerate() {
            if let Some((value, turn)) = *said
                && turn == self.turns.load(Ordering::Acquire)
            {
                self.automation.set(parameter, value);
            }
        }
    }

    /// Drops the pending values.
    pub(super) fn forget(&self) {
        self.values.lock().fill(None);
    }

    /// The value of `turns` until which a value set now is pending: now, or after the present
    /// block.
    fn coming(&self) -> u32 {
        let turns = self.turns.load(Ordering::Acquire);
        turns.wrapping_add(turns & 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With processing on.
    fn said() -> PendingParams {
        let said = PendingParams::new(Arc::default());
        said.set_processing(true);
        said.turn();
        said.turn();
        said
    }

    fn knob(said: &PendingParams) -> f32 {
        said.automation.params.knob()
    }

    #[test]
    fn what_is_said_before_the_first_block_holds_at_once() {
        let said = PendingParams::new(Arc::default());
        said.set_processing(true);
        said.say(0, 1.0);
        assert_eq!(knob(&said), 1.0);
        said.turn();
        said.turn();
        said.say(0, 0.5);
        assert_eq!(knob(&said), 1.0, "the next block has the word");
    }

    #[test]
    fn what_was_said_holds_up_to_the_next_block() {
        let said = said();
        said.say(0, 1.0);
        assert_eq!((knob(&said), said.shown(0)), (0.0, Some(1.0)));
        said.turn();
        said.turn();
        assert_eq!(said.shown(0), None);
        said.settle();
        assert_eq!(knob(&said), 0.0, "the block had another word");
    }

    #[test]
    fn what_is_saved_is_what_was_said() {
        let said = said();
        said.say(0, 1.0);
        said.settle();
        assert_eq!(knob(&said), 1.0);
    }

    #[test]
    fn what_is_said_during_a_block_counts_behind_it() {
        let said = said();
        said.turn();
        said.say(0, 1.0);
        said.settle();
        assert_eq!((knob(&said), said.shown(0)), (0.0, Some(1.0)));
        said.turn();
        assert_eq!(said.shown(0), Some(1.0));
        said.settle();
        assert_eq!(knob(&said), 1.0);
    }

    #[test]
    fn the_end_of_processing_keeps_what_was_said() {
        let said = said();
        said.say(0, 0.75);
        said.set_processing(false);
        assert_eq!(knob(&said), 0.5);
        said.say(0, 0.25);
        assert_eq!(knob(&said), -0.5, "at once, as nothing is processed");
        assert_eq!(said.shown(0), None);
    }

    #[test]
    fn a_loaded_state_is_the_last_word() {
        let said = said();
        said.say(0, 1.0);
        said.forget();
        said.settle();
        assert_eq!((knob(&said), said.shown(0)), (0.0, None));
    }
}
