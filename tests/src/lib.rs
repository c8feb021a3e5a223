//! A small CLAP host for the tests on the built plugin and for the demo.
//!
//! | module | what it is |
//! |---|---|
//! | [`song`] | what the host plays: notes, tempo, meter, automation; playing, looping, stopping |
//! | [`host`] | loads a `.clap`, makes instances, calls them block by block |
//! | [`recording`] | what left the plugin, sample by sample, and its laws |
//! | [`threads`] | the threads of this process, to see that a plugin leaves none behind |
//! | [`clip`] | a jazz trio of sixteen bars, the demo's music |
//! | [`comparison`] | which notes were kept, removed and added |
//! | [`midi_file`] | what was played as a Standard MIDI file |

pub mod clip;
pub mod comparison;
pub mod host;
pub mod midi_file;
pub mod recording;
pub mod song;
pub mod threads;
