//! Small CLAP and VST3 hosts for the tests on the built plugin, the demo and the player.
//!
//! | module | what it is |
//! |---|---|
//! | [`song`] | what the host plays: notes, tempo, meter, automation; playing, looping, stopping |
//! | [`host`] | loads a `.clap`, makes instances, calls them block by block |
//! | [`vst3`] | the same for a `.vst3` |
//! | [`recording`] | what left the plugin, sample by sample, and its laws |
//! | [`audio_call`] | which calls the audio thread makes, for the interposer |
//! | [`threads`] | the threads of this process, to see that a plugin leaves none behind |
//! | [`memory_use`] | what this process holds |
//! | `x11` | a window for the plugin's editor, and one on which files are dropped (Linux) |
//! | [`clip`] | a jazz trio of sixteen bars, the demo's music |
//! | [`comparison`] | which notes were kept, removed and added |
//! | [`midi_file`] | what was played as a Standard MIDI file |
//! | [`score`] | a Standard MIDI file as a host's song, and the result as one |

pub mod audio_call;
pub mod clip;
pub mod comparison;
pub mod dice;
pub mod host;
pub mod memory_use;
pub mod midi_file;
pub mod recording;
pub mod score;
pub mod song;
pub mod threads;
pub mod vst3;
#[cfg(target_os = "linux")]
pub mod x11;
