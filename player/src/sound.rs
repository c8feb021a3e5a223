//! Audio output: the system's device, if the player was built with it and there is one; otherwise
//! silence in real time.

#[cfg(feature = "sound")]
mod device;

use std::time::Instant;

/// Sample rate without a device.
const RATE: u32 = 48_000;
/// Maximum number of queued samples.
#[cfg(feature = "sound")]
const WAITING: usize = 4096;

/// Consumer of a deck's sound.
pub trait Feed: Send {
    /// Number of frames that it accepts now.
    fn room(&mut self) -> usize;

    /// Takes at most [`Self::room`] frames: left and right, −1..=1.
    fn push(&mut self, sound: &[[f32; 2]]);
}

/// An open output. It belongs to the thread that opened it; dropping it stops the sound.
pub struct Sound {
    /// Sample rate in Hz.
    pub rate: u32,
    /// Why there is silence; `None` with a device.
    pub silent: Option<String>,
    #[cfg(feature = "sound")]
    _stream: Option<device::Stream>,
}

/// Opens the system's output, or silence with the reason.
#[cfg(feature = "sound")]
pub fn open() -> (Sound, Box<dyn Feed>) {
    device::open().unwrap_or_else(|error| silence(format!("No sound: {error:#}")))
}

/// Opens silence, with the reason.
#[cfg(not(feature = "sound"))]
pub fn open() -> (Sound, Box<dyn Feed>) {
    silence("No sound: built without it (on Linux it needs ALSA's headers)".to_owned())
}

/// Silence in real time.
fn silence(why: String) -> (Sound, Box<dyn Feed>) {
    let sound = Sound {
        rate: RATE,
        silent: Some(why),
        #[cfg(feature = "sound")]
        _stream: None,
    };
    (sound, Box::new(Silence::new()))
}

/// Consumes samples at [`RATE`].
struct Silence {
    begin: Instant,
    taken: u64,
}

impl Silence {
    fn new() -> Self {
        Self {
            begin: Instant::now(),
            taken: 0,
        }
    }
}

impl Feed for Silence {
    fn room(&mut self) -> usize {
        let due = (self.begin.elapsed().as_secs_f64() * f64::from(RATE)) as u64;
        // Sound missed while a song was learned is skipped.
        self.taken = self.taken.max(due.saturating_sub(u64::from(RATE) / 10));
        due.saturating_sub(self.taken) as usize
    }

    fn push(&mut self, sound: &[[f32; 2]]) {
        self.taken += sound.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn silence_takes_its_time() {
        let mut silence = Silence::new();
        std::thread::sleep(Duration::from_millis(20));
        let room = silence.room();
        assert!(room >= RATE as usize / 50, "{room}");
        silence.push(&vec![[0.0; 2]; room]);
        assert!(silence.room() < room || silence.begin.elapsed() > Duration::from_millis(40));
        // After a second's pause it does not ask for a second at once.
        silence.begin -= Duration::from_secs(1);
        let room = silence.room();
        assert!(room <= RATE as usize / 10, "{room}");
    }
}
