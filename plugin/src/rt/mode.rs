//! The two ways of playing behind one trait, and their time constants.

use third_stream_model::perform::{Body, Emission, Message};
use third_stream_model::roll::quantise::STEPS_PER_BEAT;

use super::snapshot::CoreView;
use super::{Settings, Transport};
use crate::link::AudioEnd;

/// Beats between a request and the first use of its answer.
pub(super) const LEAD: f64 = 1.0;
/// Tolerance for rounding errors, in steps and in beats.
pub(super) const HAIR: f64 = 1e-6;
/// Half a step in beats: notes of a step may sound this much before its place on the grid.
pub(super) const HALF_STEP: f64 = 0.5 / STEPS_PER_BEAT;

/// Sends a performer's event at its tick; false if it is lost.
pub(super) type Emit<'a> = dyn FnMut(Emission) -> bool + 'a;
/// Sends an event at the sample of the input event; false if it is lost.
pub(super) type Leave<'a> = dyn FnMut(Body) -> bool + 'a;

/// The block, as far as a call needs it.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) transport: &'a Transport,
    pub(super) settings: &'a Settings,
    pub(super) link: &'a AudioEnd,
}

/// A way of playing. Ticks are samples since the core was created.
pub(super) trait ModePlayer {
    /// A message may make a channel's part drums. Called for both ways, in use or not.
    fn choose(&mut self, message: Message);

    /// Play starts: resets the count of dry bars.
    fn count_anew(&mut self);

    /// Number of bars that played dry.
    fn late(&self) -> u32;

    /// The answers on the link belong to this way from now on.
    fn renew(&mut self, link: &AudioEnd);

    /// Called once a block of `frames` samples: receives answers, and asks about loaded phrases.
    /// Depends on samples, not on how they are divided into blocks.
    fn attend(&mut self, frames: u32, settings: &Settings, link: &AudioEnd);

    /// A block begins at tick `now`: follows the song's position.
    fn begin(&mut self, now: i64, block: Block, emit: &mut Emit);

    /// An input event at tick `at`; false if it is lost, because a table or the host's buffer is
    /// full.
    fn hear(&mut self, at: i64, body: Body, leave: &mut Leave) -> bool;

    /// Plays up to, but not including, tick `until`: the block's end, or an event that `enters`.
    fn advance(&mut self, until: i64, enters: bool, block: Block, emit: &mut Emit);

    /// Ends sounding notes at tick `now`: the song stops, or this way of playing ends.
    fn stop(&mut self, now: i64, link: &AudioEnd, emit: &mut Emit);

    /// Tick before which nothing is to be done, unless input comes or something changes.
    fn quiet_until(&self, settings: &Settings) -> Option<i64>;

    /// True if the song runs on in the block at tick `now`.
    fn runs_on(&mut self, now: i64, position: Option<f64>) -> bool;

    /// Fills in the editor's view at tick `now`.
    fn view(&self, now: i64, settings: &Settings, view: &mut CoreView);
}
