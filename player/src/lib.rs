//! The player: plays a MIDI file through the built plugin, with sound and picture, without a
//! sequencer.
//!
//! | module | what it is |
//! |---|---|
//! | [`settings`] | how the plugin is set before it plays |
//! | [`deck`] | the song on its audio thread: open, play, stop |
//! | [`sound`] | where the sound goes: the system's audio, or nowhere in time |
//! | [`window`] | the window: the plugin's editor above a strip with file, play and position |
//! | [`terminal`] | the terminal's way: the whole file at once, to files, sound and moving rolls |
//! | [`rolls`] | two moving rolls for a terminal |
//! | [`synth`] | the synthesiser: a whole song, or as notes come |

pub mod deck;
pub mod rolls;
pub mod settings;
pub mod sound;
pub mod synth;
mod system_player;
pub mod terminal;
pub mod window;
