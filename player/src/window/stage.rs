//! The plugin on the window's thread. An instance must stay on the thread that created it, so it is
//! a thread-local and not part of the window's state, which the toolkit moves.

use std::cell::RefCell;
use std::sync::Arc;

use anyhow::Result;
use egui_baseview::baseview::WindowContext;
use third_stream_tests::host::{Blocks, Instance, Pace, Setup, load_plugin_under_test};
use third_stream_tests::song::HostSong;

use crate::deck::{LARGEST, Order, Working};
use crate::settings::PlayerSettings;
use crate::sound::{self, Sound};

/// Name of the mode parameter.
const MODE: &str = "Mode";
/// Beats to play past the end, in place and live: until the last delayed notes have sounded.
const TAILS: [f64; 2] = [2.0, 18.0];

thread_local! {
    static STAGE: RefCell<Option<Stage>> = const { RefCell::new(None) };
}

/// The plugin, its deck and its sound output.
pub(super) struct Stage {
    pub(super) instance: Instance,
    pub(super) deck: Working,
    pub(super) sound: Sound,
}

/// Creates an instance in mode In place, opens its editor in the window and starts the deck;
/// returns the editor's size in its units.
pub(super) fn enter(window: &WindowContext, settings: &PlayerSettings) -> Result<(u32, u32)> {
    let library = load_plugin_under_test()?;
    let mut instance = library.instance()?;
    settings.give(&mut instance)?;
    instance.set(MODE, 1.0)?;
    instance.let_resize();
    let size = instance.open_editor_in(window)?;
    let (sound, feed) = sound::open();
    let setup = Setup {
        sample_rate: f64::from(sound.rate),
        blocks: Blocks::Fixed(LARGEST),
        pace: Pace::Clock,
        ..Setup::default()
    };
    let deck = Working::start(instance.lend(&setup)?, feed)?;
    let stage = Stage {
        instance,
        deck,
        sound,
    };
    STAGE.with(|place| place.replace(Some(stage)));
    Ok(size)
}

/// Runs `work` on the plugin, if there is one and it is not in use.
pub(super) fn with(work: impl FnOnce(&mut Stage)) {
    STAGE.with(|place| {
        if let Ok(mut stage) = place.try_borrow_mut()
            && let Some(stage) = stage.as_mut()
        {
            work(stage);
        }
    });
}

/// Sends the deck an order.
pub(super) fn order(order: Order) {
    with(|stage| stage.deck.order(order));
}

/// Opens a song.
pub(super) fn open(song: HostSong) {
    with(|stage| stage.deck.order(Order::Open(Arc::new(song))));
}

/// Beats to play past the end in the present mode.
pub(super) fn tail() -> f64 {
    let mut tail = TAILS[0];
    with(|stage| {
        let mode = stage.instance.parameter(MODE);
        if mode.is_ok_and(|mode| mode.value == mode.range.0) {
            tail = TAILS[1];
        }
    });
    tail
}

/// Closes the editor and destroys the plugin.
pub(super) fn leave() {
    let stage = STAGE.with(|place| place.try_borrow_mut().ok().and_then(|mut it| it.take()));
    let Some(mut stage) = stage else {
        return;
    };
    stage.instance.close_editor();
    // Errors of the audio thread were shown while the window was open.
    if let Ok((audio, _)) = stage.deck.end() {
        stage.instance.take_back(audio);
    }
}
