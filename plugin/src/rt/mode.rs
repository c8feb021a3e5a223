//! The two ways to play as the core sees them: one trait, and the times that both go by.

use third_stream_model::perform::{Body, Emission, Message};
use third_stream_model::roll::quantise::STEPS_PER_BEAT;

use super::snapshot::CoreView;
use super::{Settings, Transport};
use crate::link::AudioEnd;

/// The networks are asked this long (beats) before what they are asked for begins to sound.
pub(super) const LEAD: f64 = 1.0;
/// A hair, in steps and in beats.
pub(super) const HAIR: f64 = 1e-6;
/// Half a step, in beats: so much before its place on the grid a step's notes may sound.
pub(super) const HALF_STEP: f64 = 0.5 / STEPS_PER_BEAT;

/// Lets what a performer plays leave at its tick. False: it is lost.
pub(super) type Emit<'a> = dyn FnMut(Emission) -> bool + 'a;
/// Lets an event leave at the sample at which one enters. False: it is lost.
pub(super) type Leave<'a> = dyn FnMut(Body) -> bool + 'a;

/// What a call needs of the block.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) transport: &'a Transport,
    pub(super) settings: &'a Settings,
    pub(super) link: &'a AudioEnd,
}

/// A way to play. All ticks are samples since the core was made.
pub(super) trait ModePlayer {
    /// A message may make a channel's part drums. Both ways are told, whichever plays.
    fn choose(&mut self, message: Message);

    /// Play begins: bars that played dry are counted anew.
    fn count_anew(&mut self);

    /// Bars that played dry.
    fn late(&self) -> u32;

    /// From now on the answers on the link are for this way.
    fn renew(&mut self, link: &AudioEnd);

    /// Once a block, of so many samples: takes in answers, and asks about what was loaded. A long
    /// block does what as many short ones would.
    fn attend(&mut self, frames: u32, settings: &Settings, link: &AudioEnd);

    /// A block begins at tick `now`: follows the song to where it is.
    fn begin(&mut self, now: i64, block: Block, emit: &mut Emit);

    /// An event enters at tick `at`. False: it is lost, because a table is full or the host's
    /// buffer is.
    fn hear(&mut self, at: i64, body: Body, leave: &mut Leave) -> bool;

    /// Plays up to but not including tick `until`, where the block ends or an event `enters`.
    fn advance(&mut self, until: i64, enters: bool, block: Block, emit: &mut Emit);

    /// The song stops at tick `now`, or this way of playing ends: so does what sounds.
    fn stop(&mut self, now: i64, link: &AudioEnd, emit: &mut Emit);

    /// Before which tick nothing happens, as long as nothing comes and nothing is changed.
    fn quiet_until(&self, settings: &Settings) -> Option<i64>;

    /// Whether the song runs on in a block that begins at tick `now`.
    fn runs_on(&mut self, now: i64, position: Option<f64>) -> bool;

    /// What the editor shows at tick `now`.
    fn view(&self, now: i64, settings: &Settings, view: &mut CoreView);
}
