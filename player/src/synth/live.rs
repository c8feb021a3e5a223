//! The synthesiser in real time, for the window.

use third_stream_tests::recording::Output;

use super::voice::Voice;
use super::{DRUMS, PEDAL, loudness};

/// Maximum polyphony; beyond it the oldest voice is stolen.
const MOST: usize = 64;
/// Gain of a voice, with headroom for chords.
const GAIN: f32 = 0.22;

/// Plays the plugin's output.
pub struct Synth {
    rate: f32,
    sounding: Vec<Sounding>,
    /// Channels whose pedal is down, one bit each.
    pedals: u16,
    state: u32,
}

struct Sounding {
    voice: Voice,
    channel: u8,
    key: u8,
    id: Option<u32>,
    /// The key is down.
    held: bool,
}

impl Synth {
    /// A synthesiser at this sample rate.
    pub const fn new(rate: f32) -> Self {
        Self {
            rate,
            sounding: Vec::new(),
            pedals: 0,
            state: 1,
        }
    }

    /// Renders a buffer (left and right, −1..=1), with events at their frames.
    pub fn fill(&mut self, sound: &mut [[f32; 2]], events: &[(usize, Output)]) {
        sound.fill([0.0; 2]);
        let mut from = 0;
        for &(at, event) in events {
            let at = at.clamp(from, sound.len());
            self.add(&mut sound[from..at]);
            from = at;
            self.heed(event);
        }
        self.add(&mut sound[from..]);
        for sample in sound.as_flattened_mut() {
            // Soft clipping.
            *sample = (*sample * GAIN).tanh();
        }
    }

    /// Damps all voices: the transport has stopped.
    pub fn damp(&mut self) {
        self.pedals = 0;
        for sounding in &mut self.sounding {
            sounding.held = false;
            sounding.voice.damp();
        }
    }

    fn add(&mut self, sound: &mut [[f32; 2]]) {
        for sounding in &mut self.sounding {
            sounding.voice.add_to(sound);
        }
        self.sounding.retain(|sounding| !sounding.voice.is_over());
    }

    fn heed(&mut self, event: Output) {
        match event {
            Output::On {
                channel,
                key,
                velocity,
                id,
            } => {
                let loudness = loudness((velocity * 127.0).round().clamp(1.0, 127.0) as u8);
                let voice = if channel == DRUMS {
                    Voice::drum(key, loudness, self.rate, &mut self.state)
                } else {
                    Voice::string(key, loudness, self.rate)
                };
                if self.sounding.len() >= MOST {
                    self.sounding.remove(0);
                }
                self.sounding.push(Sounding {
                    voice,
                    channel,
                    key,
                    id,
                    held: true,
                });
            }
            Output::Off { channel, key, id } => {
                let down = self.pedals >> channel & 1 == 1;
                let same = |sounding: &&mut Sounding| {
                    sounding.held
                        && (sounding.channel, sounding.key, sounding.id) == (channel, key, id)
                };
                if let Some(sounding) = self.sounding.iter_mut().find(same) {
                    sounding.held = false;
                    if !down {
                        sounding.voice.damp();
                    }
                }
            }
            Output::Message([status, PEDAL, value]) if status & 0xF0 == 0xB0 => {
                self.pedal(status & 0x0F, value >= 64);
            }
            Output::Message(_) | Output::Other(_) => {}
        }
    }

    fn pedal(&mut self, channel: u8, down: bool) {
        let bit = 1 << channel;
        if down {
            self.pedals |= bit;
            return;
        }
        self.pedals &= !bit;
        let released = |sounding: &&mut Sounding| sounding.channel == channel && !sounding.held;
        for sounding in self.sounding.iter_mut().filter(released) {
            sounding.voice.damp();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: usize = 48_000;

    fn on(key: u8) -> Output {
        Output::On {
            channel: 0,
            key,
            velocity: 0.8,
            id: None,
        }
    }

    fn off(key: u8) -> Output {
        Output::Off {
            channel: 0,
            key,
            id: None,
        }
    }

    fn loudest(sound: &[[f32; 2]]) -> f32 {
        let samples = sound.as_flattened().iter();
        samples.fold(0.0, |most, sample| most.max(sample.abs()))
    }

    #[test]
    fn a_note_sounds_from_its_sample_to_its_end() {
        let mut synth = Synth::new(RATE as f32);
        let mut sound = vec![[0.0; 2]; RATE];
        synth.fill(&mut sound, &[(100, on(60)), (RATE / 2, off(60))]);
        assert_eq!(loudest(&sound[..100]), 0.0);
        assert!(loudest(&sound[100..RATE / 2]) > 0.05);
        assert_eq!(loudest(&sound[RATE * 3 / 4..]), 0.0);
        assert!(synth.sounding.is_empty());
    }

    #[test]
    fn blocks_change_nothing_and_the_pedal_holds() {
        let pedal = |value| Output::Message([0xB0, PEDAL, value]);
        let events = [
            (10, pedal(127)),
            (20, on(57)),
            (300, off(57)),
            (2_000, on(64)),
            (2_100, off(64)),
            (9_000, pedal(0)),
        ];
        let mut whole = vec![[0.0; 2]; 20_000];
        Synth::new(RATE as f32).fill(&mut whole, &events);
        let mut parts = vec![[0.0; 2]; 20_000];
        let mut synth = Synth::new(RATE as f32);
        for (block, start) in parts.chunks_mut(256).zip((0..).step_by(256)) {
            let here = events.iter();
            let here = here.filter(|(at, _)| (start..start + 256).contains(at));
            let here: Vec<_> = here.map(|(at, event)| (at - start, *event)).collect();
            synth.fill(block, &here);
        }
        assert_eq!(whole, parts);
        assert!(loudest(&whole[8_000..9_000]) > 0.02);
        assert_eq!(loudest(&whole[15_000..]), 0.0);
    }

    #[test]
    fn many_notes_are_not_too_loud() {
        let mut synth = Synth::new(RATE as f32);
        let events: Vec<_> = (0..128).map(|key| (0, on(key))).collect();
        let mut sound = vec![[0.0; 2]; 4_800];
        synth.fill(&mut sound, &events);
        assert_eq!(synth.sounding.len(), MOST);
        let most = loudest(&sound);
        assert!(most > 0.5 && most <= 1.0, "{most}");
        synth.damp();
        synth.fill(&mut sound, &[]);
        synth.fill(&mut sound, &[]);
        assert_eq!(loudest(&sound), 0.0);
    }
}
