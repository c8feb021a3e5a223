//! A small synthesiser: struck strings for pitched channels, three sounds for drums. It handles the
//! sustain pedal, but no pitch bend.

mod live;
mod voice;

use third_stream_tests::song::{ClipNote, HostSong};

pub use live::Synth;
use voice::{RELEASE, Voice};

/// Sample rate of [`render`].
pub const SAMPLE_RATE: u32 = 44_100;
/// Seconds of silence at the end.
const TAIL: f32 = 0.5;
/// Peak level after normalisation.
const PEAK: f32 = 0.89;
/// The drum channel.
const DRUMS: u8 = 9;
/// The sustain pedal's controller number.
const PEDAL: u8 = 64;

/// Renders a song as interleaved stereo, −1..=1, at [`SAMPLE_RATE`].
pub fn render(song: &HostSong) -> Vec<f32> {
    render_at(song, SAMPLE_RATE)
}

/// Renders a song as interleaved stereo at a sample rate.
pub fn render_at(song: &HostSong, sample_rate: u32) -> Vec<f32> {
    let seconds = |beat| seconds_at(&song.tempo, beat) as f32;
    let end = song.notes.iter().map(|note| note.release);
    let length = seconds(end.fold(0.0, f64::max)) + RELEASE + TAIL;
    let rate = sample_rate as f32;
    let mut sound = vec![[0.0f32; 2]; (length * rate) as usize + 1];
    let mut state = 1;
    for note in &song.notes {
        let start = seconds(note.onset);
        let held = (seconds(pedalled(song, note)) - start).max(0.0);
        let at = ((start * rate) as usize).min(sound.len());
        let mut voice = if note.channel == DRUMS {
            Voice::drum(note.key, loudness(note.velocity), rate, &mut state)
        } else {
            let mut voice = Voice::string(note.key, loudness(note.velocity), rate);
            voice.damp_after((held * rate) as usize);
            voice
        };
        voice.add_to(&mut sound[at..]);
    }
    let loudest = sound
        .as_flattened()
        .iter()
        .fold(0.0f32, |most, x| most.max(x.abs()));
    let scale = if loudest > 0.0 { PEAK / loudest } else { 0.0 };
    sound
        .as_flattened()
        .iter()
        .map(|sample| sample * scale)
        .collect()
}

/// Gain of a velocity, 0..=1.
fn loudness(velocity: u8) -> f32 {
    (f32::from(velocity) / 127.0).powf(1.6)
}

/// Interleaved stereo (−1..=1) as a 16-bit WAV file.
pub fn wav(sound: &[f32]) -> Vec<u8> {
    let size = (sound.len() * 2) as u32;
    let rate = SAMPLE_RATE;
    let mut bytes = Vec::with_capacity(sound.len() * 2 + 44);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(size + 36).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt ");
    bytes.extend_from_slice(&16u32.to_le_bytes());
    // Integer PCM, two channels.
    bytes.extend_from_slice(&[1, 0, 2, 0]);
    bytes.extend_from_slice(&rate.to_le_bytes());
    bytes.extend_from_slice(&(rate * 4).to_le_bytes());
    // Bytes per frame, bits per sample.
    bytes.extend_from_slice(&[4, 0, 16, 0]);
    bytes.extend_from_slice(b"data");
    bytes.extend_from_slice(&size.to_le_bytes());
    for sample in sound {
        let sample = (sample * f32::from(i16::MAX)).round() as i16;
        bytes.extend_from_slice(&sample.to_le_bytes());
    }
    bytes
}

/// Seconds from the start of a song to a beat.
pub fn seconds_at(tempo: &[(f64, f64)], beat: f64) -> f64 {
    let mut seconds = 0.0;
    for (index, &(from, bpm)) in tempo.iter().enumerate() {
        // The first tempo holds from the start.
        let from = if index == 0 { 0.0 } else { from };
        let until = tempo.get(index + 1).map_or(f64::INFINITY, |next| next.0);
        seconds += (beat.min(until) - from).max(0.0) * 60.0 / bpm;
    }
    seconds
}

/// Beat at which a note is damped: its end, or the later release of the pedal.
fn pedalled(song: &HostSong, note: &ClipNote) -> f64 {
    let pedal = song
        .messages
        .iter()
        .filter(|(_, bytes)| bytes[0] == 0xB0 | note.channel && bytes[1] == PEDAL);
    let mut down = false;
    for &(beat, bytes) in pedal {
        if beat > note.release && (!down || bytes[2] < 64) {
            return if down { beat } else { note.release };
        }
        down = bytes[2] >= 64;
    }
    note.release
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    /// Strength of a frequency in a stretch of the left channel.
    fn strength(sound: &[f32], frequency: f32, from: f32, seconds: f32) -> f32 {
        let rate = SAMPLE_RATE as f32;
        let start = (from * rate) as usize;
        let left = sound
            .iter()
            .step_by(2)
            .skip(start)
            .take((seconds * rate) as usize);
        let (mut re, mut im) = (0.0, 0.0);
        for (i, sample) in left.enumerate() {
            let phase = TAU * frequency * i as f32 / rate;
            re += sample * phase.cos();
            im += sample * phase.sin();
        }
        (re * re + im * im).sqrt() / (seconds * rate)
    }

    #[test]
    fn a_note_sounds_at_its_time_and_pitch() {
        // A4 in the second half second, at 120 beats a minute.
        let sound = render(&HostSong::new(120.0, [ClipNote::new(1.0, 2.0, 69)]));
        assert!(sound.iter().all(|sample| sample.abs() <= PEAK + 1e-6));
        assert!(strength(&sound, 440.0, 0.0, 0.45) < 1e-6);
        let there = strength(&sound, 440.0, 0.55, 0.4);
        assert!(there > 0.02, "{there}");
        assert!(strength(&sound, 470.0, 0.55, 0.4) < there / 10.0);
        assert!(strength(&sound, 440.0, 1.2, 0.3) < there / 100.0);
    }

    #[test]
    fn the_pedal_holds_and_the_tempo_counts() {
        let mut song = HostSong::new(120.0, [ClipNote::new(0.0, 0.5, 57)]);
        song.tempo.push((2.0, 60.0));
        assert!((seconds_at(&song.tempo, 3.0) - 2.0).abs() < 1e-9);
        let short = strength(&render(&song), 220.0, 0.5, 0.4);
        song.messages = vec![(0.1, [0xB0, 64, 127]), (2.5, [0xB0, 64, 0])];
        assert_eq!(pedalled(&song, &song.notes[0]), 2.5);
        song.notes.push(ClipNote::new(2.6, 3.0, 30));
        assert!(strength(&render(&song), 220.0, 0.5, 0.4) > 20.0 * short);
    }

    #[test]
    fn silence_and_drums_are_finite() {
        assert!(
            render(&HostSong::new(120.0, []))
                .iter()
                .all(|sample| *sample == 0.0)
        );
        let mut kit: Vec<ClipNote> = (27..88).map(|key| ClipNote::new(0.0, 0.1, key)).collect();
        for note in &mut kit {
            note.channel = DRUMS;
        }
        let sound = render(&HostSong::new(120.0, kit));
        assert!(sound.iter().all(|sample| sample.is_finite()));
        assert!(sound.iter().any(|sample| sample.abs() > 0.5));
    }

    #[test]
    fn a_wav_file_says_what_it_holds() {
        let bytes = wav(&[0.5, -0.5, 1.0, -1.0]);
        assert_eq!(bytes.len(), 44 + 8);
        assert_eq!(&bytes[..4], b"RIFF");
        assert_eq!(bytes[4..8], (36u32 + 8).to_le_bytes());
        assert_eq!(bytes[24..28], 44_100u32.to_le_bytes());
        assert_eq!(bytes[48..50], i16::MAX.to_le_bytes());
        assert_eq!(bytes[50..52], (-i16::MAX).to_le_bytes());
    }
}
