//! Where the sound goes: to the system's audio, where the player was built with it and there is a
//! device, or nowhere, but in time.

#[cfg(feature = "sound")]
mod device;

use std::time::Instant;

/// Samples a second where there is no device.
const RATE: u32 = 48_000;
/// Samples that may wait at most.
#[cfg(feature = "sound")]
const WAITING: usize = 4096;

/// Takes the sound of a deck.
pub trait Feed: Send {
    /// How many samples (of both channels) it takes now.
    fn room(&mut self) -> usize;

    /// Takes no more than that: left and right, −1..=1.
    fn push(&mut self, sound: &[[f32; 2]]);
}

/// An open way for the sound. It belongs to the thread that opened it and is silent when dropped.
pub struct Sound {
    /// Samples a second.
    pub rate: u32,
    /// Why nothing is heard; `None` where it is.
    pub silent: Option<String>,
    #[cfg(feature = "sound")]
    _stream: Option<device::Stream>,
}

/// Opens the system's audio, or silence that says why.
#[cfg(feature = "sound")]
pub fn open() -> (Sound, Box<dyn Feed>) {
    device::open().unwrap_or_else(|error| silence(format!("No sound: {error:#}")))
}

/// Opens silence that says why it is.
#[cfg(not(feature = "sound"))]
pub fn open() -> (Sound, Box<dyn Feed>) {
    silence("No sound: built without it (on Linux it needs ALSA's headers)".to_owned())
}

/// Silence that takes as long as sound.
fn silence(why: String) -> (Sound, Box<dyn Feed>) {
    let sound = Sound {
        rate: RATE,
        silent: Some(why),
        #[cfg(feature = "sound")]
        _stream: None,
    };
    (sound, Box::new(Silence::new()))
}

/// Takes samples as a device of [`RATE`] does.
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
        // What was missed while a song was learned is not made up for.
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
        // After a second's pause it does not want a second at once.
        silence.begin -= Duration::from_secs(1);
        let room = silence.room();
        assert!(room <= RATE as usize / 10, "{room}");
    }
}
