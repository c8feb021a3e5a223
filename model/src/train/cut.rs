//! From the bytes of a MIDI file to its phrases, by the corpus's rule. Scratch, until
//! `model::song` is there.

use midly::{MidiMessage, Smf, Timing, TrackEventKind};

use crate::roll::quantise::note_steps;
use crate::roll::{Roll, STEPS, row_of_key};

/// The phrases of a 4/4 file.
pub(super) fn rolls(bytes: &[u8]) -> Result<Vec<Roll>, String> {
    let smf = Smf::parse(bytes).map_err(|why| why.to_string())?;
    let Timing::Metrical(ticks) = smf.header.timing else {
        return Err("SMPTE time".into());
    };
    let ticks = f64::from(ticks.as_int());
    let mut notes = Vec::new();
    for track in &smf.tracks {
        let mut now = 0u64;
        let mut open = std::collections::BTreeMap::new();
        for event in track {
            now += u64::from(event.delta.as_int());
            let TrackEventKind::Midi { channel, message } = event.kind else {
                continue;
            };
            if channel == 9 {
                continue;
            }
            let (key, velocity) = match message {
                MidiMessage::NoteOn { key, vel } => (key, vel.as_int()),
                MidiMessage::NoteOff { key, .. } => (key, 0),
                _ => continue,
            };
            if let Some(start) = open.remove(&(channel, key)) {
                notes.push((key.as_int(), start, now));
            }
            if velocity > 0 {
                open.insert((channel, key), now);
            }
        }
    }
    let mut rolls = Vec::new();
    for (key, start, end) in notes {
        let (start, end) = note_steps(start as f64 / ticks, end as f64 / ticks);
        let phrase = start as usize / STEPS;
        if rolls.len() <= phrase {
            rolls.resize(phrase + 1, Roll::EMPTY);
        }
        if let Some(row) = row_of_key(key) {
            rolls[phrase].fill(row, start as usize % STEPS, end as usize - phrase * STEPS);
        }
    }
    Ok(rolls)
}
