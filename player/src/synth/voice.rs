//! A voice: a struck string or a drum.

use std::f32::consts::TAU;

/// Release time of a damped string, in seconds.
pub(super) const RELEASE: f32 = 0.09;
/// Attack time in seconds.
const ATTACK: f32 = 0.003;
/// Maximum duration of a string in seconds.
const LONGEST: f32 = 12.0;
/// Number of partials of a string.
const PARTIALS: usize = 8;
/// Duration of a drum in seconds.
const STROKE: f32 = 0.8;

/// A sounding voice.
pub(super) struct Voice {
    kind: Kind,
    rate: f32,
    /// Age in samples.
    age: usize,
    /// Age at which it is damped, or ends.
    damped: usize,
}

enum Kind {
    String {
        /// Decaying oscillators: sine, cosine, and their rotation per sample.
        partials: [[f32; 4]; PARTIALS],
        /// Gains, left and right.
        gains: [f32; 2],
    },
    Drum {
        loudness: f32,
        /// Pitch of the skin in Hz; 0 for none.
        tone: f32,
        /// Share of noise.
        noise: f32,
        /// Metallic noise.
        bright: bool,
        fade: f32,
        state: u32,
        last: f32,
    },
}

impl Voice {
    /// A struck string, undamped: slightly detuned partials that decay faster the higher they are.
    /// `loudness` is 0..=1, `rate` in Hz.
    pub(super) fn string(key: u8, loudness: f32, rate: f32) -> Self {
        let pitch = 440.0 * ((f32::from(key) - 69.0) / 12.0).exp2();
        // Low strings decay more slowly.
        let ring = 1.6 * (220.0 / pitch).powf(0.45);
        let side = ((f32::from(key) - 60.0) / 96.0).clamp(-0.4, 0.4);
        let mut partials = [[0.0; 4]; PARTIALS];
        for (partial, n) in partials.iter_mut().zip(1..) {
            let n = n as f32;
            // Inharmonicity: high partials of a stiff string are sharp.
            let frequency = pitch * n * (1.0 + 0.000_3 * n * n);
            if frequency > rate * 0.45 {
                break;
            }
            let brightness = loudness.max(0.05).powf(0.5 * (n - 1.0) / 2.0);
            let strength = loudness * brightness / (n * n.sqrt());
            let fade = (-(0.7 + 0.5 * n) / ring / rate).exp();
            let (sine, cosine) = (TAU * frequency / rate).sin_cos();
            *partial = [0.0, strength, sine * fade, cosine * fade];
        }
        Self {
            kind: Kind::String {
                partials,
                gains: [0.5 - side * 0.5, 0.5 + side * 0.5],
            },
            rate,
            age: 0,
            damped: (LONGEST * rate) as usize,
        }
    }

    /// A drum: a skin for bass drum and toms, noise for the snare, bright noise for metal. `state`
    /// is the noise generator's, so that a song always sounds the same.
    pub(super) fn drum(key: u8, loudness: f32, rate: f32, state: &mut u32) -> Self {
        let (tone, noise, bright, fade) = match key {
            35 | 36 => (55.0, 0.05, false, 9.0),
            41 | 43 | 45 | 47 | 48 | 50 => (60.0 + 8.0 * f32::from(key - 40), 0.1, false, 7.0),
            37..=40 => (180.0, 0.7, false, 16.0),
            49 | 51..=53 | 55 | 57 | 59 => (0.0, 0.35, true, 5.0),
            _ => (0.0, 0.3, true, 30.0),
        };
        *state = next(*state ^ (u32::from(key) << 8)).max(1);
        Self {
            kind: Kind::Drum {
                loudness,
                tone,
                noise,
                bright,
                fade,
                state: *state,
                last: 0.0,
            },
            rate,
            age: 0,
            damped: (STROKE * rate) as usize,
        }
    }

    /// Damps a string `samples` after its start; has no effect on a drum.
    pub(super) fn damp_after(&mut self, samples: usize) {
        if matches!(self.kind, Kind::String { .. }) {
            self.damped = self.damped.min(samples);
        }
    }

    /// Damps a string now.
    pub(super) fn damp(&mut self) {
        self.damp_after(self.age);
    }

    /// True if the voice is silent.
    pub(super) fn is_over(&self) -> bool {
        self.age >= self.end()
    }

    fn end(&self) -> usize {
        match self.kind {
            Kind::String { .. } => self.damped + (RELEASE * self.rate) as usize,
            Kind::Drum { .. } => self.damped,
        }
    }

    /// Adds its next samples, left and right.
    pub(super) fn add_to(&mut self, sound: &mut [[f32; 2]]) {
        let left = self.end().saturating_sub(self.age);
        let (start, damped, rate) = (self.age, self.damped, self.rate);
        let sound = sound.iter_mut().take(left);
        self.age += sound.len();
        match &mut self.kind {
            Kind::String { partials, gains } => {
                for (age, frame) in (start..).zip(sound) {
                    let mut sample = 0.0;
                    for [sine, cosine, by_sine, by_cosine] in &mut *partials {
                        sample += *sine;
                        let turned = *sine * *by_cosine + *cosine * *by_sine;
                        *cosine = *cosine * *by_cosine - *sine * *by_sine;
                        *sine = turned;
                    }
                    let onset = (age as f32 / rate / ATTACK).min(1.0);
                    let since = age.saturating_sub(damped) as f32 / rate;
                    sample *= onset * (1.0 - since / RELEASE).max(0.0);
                    frame[0] += sample * gains[0];
                    frame[1] += sample * gains[1];
                }
            }
            Kind::Drum {
                loudness,
                tone,
                noise,
                bright,
                fade,
                state,
                last,
            } => {
                for (age, frame) in (start..).zip(sound) {
                    let t = age as f32 / rate;
                    *state = next(*state);
                    let white = (*state >> 8) as f32 / 8_388_608.0 - 1.0;
                    let hiss = if *bright { white - *last } else { white };
                    *last = white;
                    let turn = *tone * t * (1.0 + 0.8 * (-t * 30.0).exp());
                    let skin = (TAU * turn).sin() * (1.0 - *noise);
                    let sample = (skin + hiss * *noise) * (-t * *fade).exp() * *loudness * 0.6;
                    frame[0] += sample * 0.5;
                    frame[1] += sample * 0.5;
                }
            }
        }
    }
}

/// Noise: one step of xorshift32.
const fn next(mut state: u32) -> u32 {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    state
}
