//! The editor's view of a pass.

use third_stream_model::genre::Direction;
use third_stream_model::roll::STEPS_PER_SLOT;
use third_stream_model::roll::guard::Facts;
use third_stream_model::roll::quantise::STEPS_PER_BEAT;

use super::{InPlace, Run};
use crate::rt::Settings;
use crate::rt::snapshot::{CoreView, PlayState};

impl InPlace {
    /// Fills in the view at tick `now`.
    pub(super) fn show(&self, now: i64, settings: &Settings, view: &mut CoreView) {
        view.state = PlayState::Listening;
        let Some(Run { here, .. }) = self.run else {
            return;
        };
        let steps = STEPS_PER_SLOT as f32;
        let into = (self.clock.position(now) - here.place.start) * STEPS_PER_BEAT;
        let into = (into as f32).clamp(0.0, here.place.steps() as f32);
        view.playhead = here.place.index as f32 * steps + into;
        let Some(phrase) = here.phrase else {
            return;
        };
        view.known = self.memory.known_steps(phrase);
        let heard = match self.memory.answer(phrase) {
            Some((_, heard, _)) => *heard,
            None => self.memory.heard(phrase),
        };
        view.source = heard.notes.beginning_in(view.known);
        view.output = view.source;
        if self.memory.known(phrase, here.place.index) == 0 {
            return;
        }
        view.state = PlayState::Dry;
        let (direction, amount) = Direction::of_knob(settings.knob);
        // By what sounds now: in a first pass, notes pass at once.
        let step = into as usize;
        let by_answer = self.performer.playing_by(here.slot, step, direction);
        if by_answer.is_some_and(|(_, _, filled)| filled)
            && let Some(edits) = self.memory.edits(phrase, direction)
        {
            let output = Facts::of(&heard.notes).apply(edits, amount, &settings.guard);
            view.output = output.beginning_in(view.known);
            view.state = PlayState::Playing;
        }
    }
}
