//! Binary format of the document: a version, then the bars. Numbers have a variable length
//! (LEB128), positions are relative to the bar before, and a velocity with an exact MIDI value
//! takes one byte. A note takes about 13 bytes.

use super::document::{Bar, Document};
use super::notes::{NOTES_PER_BAR, Remembered};
use super::place::PhraseKey;
use super::store::PHRASES;
use third_stream_model::roll::SLOTS;

/// Version of the format that is written.
const LAYOUT: u8 = 1;
/// Marks a velocity that follows as a 4-byte float.
const EXACT: u8 = 255;

/// Maximum length of the text, in characters: twice that of a full memory.
pub(super) const MOST_TEXT: usize = 16 << 20;

/// Why saved bytes cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CodeError {
    /// Longer than a full memory.
    #[error("its text is {0} characters long, expected at most {MOST_TEXT}")]
    Long(usize),
    /// Not base64.
    #[error("its text is not base64")]
    Text,
    /// A format of another version.
    #[error("its layout is {0}, expected {LAYOUT}")]
    Layout(u8),
    /// The bytes end too early.
    #[error("it is cut off after {0} bytes")]
    Cut(usize),
    /// Bytes after the end.
    #[error("{0} bytes follow its end")]
    Rest(usize),
    /// An invalid value.
    #[error("{what} is {found} at byte {at}, expected less than {limit}")]
    Value {
        what: &'static str,
        found: u64,
        limit: u64,
        at: usize,
    },
}

/// Encodes a document.
pub(crate) fn encode(document: &Document) -> Vec<u8> {
    let mut bytes = vec![LAYOUT];
    put(&mut bytes, document.len() as u64);
    let mut last = 0;
    for (key, index, bar) in document.bars() {
        put_signed(&mut bytes, key.start - last);
        last = key.start;
        put(&mut bytes, u64::from(key.bar));
        bytes.extend([key.part, index as u8]);
        bytes.extend(bar.known.to_le_bytes());
        put(&mut bytes, bar.notes.len() as u64);
        for note in &bar.notes {
            put_signed(&mut bytes, i64::from(note.onset));
            put(&mut bytes, u64::from(note.length));
            put_signed(&mut bytes, i64::from(note.ring) - i64::from(note.length));
            bytes.extend([note.channel, note.key]);
            put_velocity(&mut bytes, note.velocity);
            put_velocity(&mut bytes, note.release_velocity);
        }
    }
    bytes
}

/// Decodes the bytes of [`encode`]; refuses all others.
pub(crate) fn decode(bytes: &[u8]) -> Result<Document, CodeError> {
    let mut reader = Reader { bytes, at: 0 };
    let layout = reader.byte()?;
    if layout != LAYOUT {
        return Err(CodeError::Layout(layout));
    }
    let mut document = Document::default();
    let mut start: i64 = 0;
    for _ in 0..reader.below("the number of bars", (PHRASES * SLOTS) as u64 + 1)? {
        start = start.wrapping_add(reader.signed()?);
        let bar = reader.below("a bar's length", u64::from(u32::MAX))? as u32;
        let part = reader.byte()?;
        let index = reader.small("a slot", SLOTS as u64)?;
        let known = u16::from_le_bytes([reader.byte()?, reader.byte()?]);
        let count = reader.below("a bar's notes", NOTES_PER_BAR as u64 + 1)?;
        let notes = (0..count)
            .map(|_| reader.note())
            .collect::<Result<_, _>>()?;
        let key = PhraseKey { start, bar, part };
        document.put(key, index, Bar { known, notes });
    }
    match bytes.len() - reader.at {
        0 => Ok(document),
        rest => Err(CodeError::Rest(rest)),
    }
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Zigzag encoding: small numbers of either sign take few bytes.
fn put_signed(bytes: &mut Vec<u8>, number: i64) {
    put(bytes, (number << 1 ^ number >> 63) as u64);
}

fn put_velocity(bytes: &mut Vec<u8>, velocity: f32) {
    let midi = (velocity * 127.0).round() as u8;
    if midi <= 127 && f32::from(midi) / 127.0 == velocity {
        bytes.push(midi);
    } else {
        bytes.push(EXACT);
        bytes.extend(velocity.to_le_bytes());
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, CodeError> {
        let byte = self.bytes.get(self.at).ok_or(CodeError::Cut(self.at))?;
        self.at += 1;
        Ok(*byte)
    }

    fn number(&mut self) -> Result<u64, CodeError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                break;
            }
        }
        Ok(number)
    }

    fn signed(&mut self) -> Result<i64, CodeError> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn below(&mut self, what: &'static str, limit: u64) -> Result<u64, CodeError> {
        let at = self.at;
        let found = self.number()?;
        check(what, found, limit, at)
    }

    fn small(&mut self, what: &'static str, limit: u64) -> Result<u8, CodeError> {
        let at = self.at;
        let found = u64::from(self.byte()?);
        Ok(check(what, found, limit, at)? as u8)
    }

    fn note(&mut self) -> Result<Remembered, CodeError> {
        let at = self.at;
        let onset = self.signed()?;
        let length = self.below("a note's length", 1 << 32)? as u32;
        let ring = i64::from(length).wrapping_add(self.signed()?);
        // A slot has four beats, and its notes begin half a step before it at the earliest.
        let limit = 1 << 25;
        check("a note's onset", onset.unsigned_abs(), limit, at)?;
        check("a note's ring", ring as u64, 1 << 32, at)?;
        Ok(Remembered {
            onset: onset as i32,
            length,
            ring: ring as u32,
            channel: self.small("a note's channel", 16)?,
            key: self.small("a note's key", 128)?,
            velocity: self.velocity()?,
            release_velocity: self.velocity()?,
        })
    }

    fn velocity(&mut self) -> Result<f32, CodeError> {
        let at = self.at;
        let midi = self.byte()?;
        if midi != EXACT {
            check("a velocity", u64::from(midi), 128, at)?;
            return Ok(f32::from(midi) / 127.0);
        }
        let mut bytes = [0; 4];
        for byte in &mut bytes {
            *byte = self.byte()?;
        }
        let velocity = f32::from_le_bytes(bytes);
        let sane = (0.0..=1.0).contains(&velocity);
        check("a velocity's sanity", u64::from(!sane), 1, at)?;
        Ok(velocity)
    }
}

fn check(what: &'static str, found: u64, limit: u64, at: usize) -> Result<u64, CodeError> {
    if found < limit {
        return Ok(found);
    }
    Err(CodeError::Value {
        what,
        found,
        limit,
        at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_note() -> impl Strategy<Value = Remembered> {
        let velocity = prop_oneof![
            (0..=127u8).prop_map(|midi| f32::from(midi) / 127.0),
            0.0..=1.0f32,
        ];
        let times = (-600_000..17_000_000i32, any::<u32>(), any::<u32>());
        (times, velocity, 0..16u8, 0..128u8).prop_map(|(times, velocity, channel, key)| {
            Remembered {
                onset: times.0,
                length: times.1,
                ring: times.2,
                velocity,
                release_velocity: 1.0 - velocity,
                channel,
                key,
            }
        })
    }

    fn any_document() -> impl Strategy<Value = Document> {
        let key = (-1_000_000..10_000_000i64, 1..100_000u32, 0..3u8);
        let key = key.prop_map(|(start, bar, part)| PhraseKey { start, bar, part });
        let bar = (any::<u16>(), proptest::collection::vec(any_note(), 0..20));
        let bar = bar.prop_map(|(known, notes)| Bar { known, notes });
        proptest::collection::vec((key, 0..4u8, bar), 0..20).prop_map(|bars| {
            let mut document = Document::default();
            for (key, index, bar) in bars {
                document.put(key, index, bar);
            }
            document
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(document in any_document()) {
            prop_assert_eq!(decode(&encode(&document)).unwrap(), document);
        }

        #[test]
        fn what_is_cut_or_foreign_is_refused(
            document in any_document(), at in 0.0..1.0f64, noise in any::<Vec<u8>>(),
        ) {
            let mut bytes = encode(&document);
            let cut = (bytes.len() as f64 * at) as usize;
            prop_assert!(decode(&bytes[..cut]).is_err());
            let _ = decode(&noise); // whatever it says, it says it in words
            bytes.push(0);
            prop_assert_eq!(decode(&bytes), Err(CodeError::Rest(1)));
            bytes[0] = 9;
            prop_assert_eq!(decode(&bytes), Err(CodeError::Layout(9)));
        }
    }

    #[test]
    fn a_bar_is_small() {
        let mut document = Document::default();
        let note = Remembered {
            onset: 12_345_678,
            length: 1_234_567,
            ring: 1_234_567,
            velocity: 100.0 / 127.0,
            release_velocity: 0.0,
            channel: 3,
            key: 60,
        };
        let notes = vec![note; 12];
        document.put(PhraseKey::default(), 0, Bar { known: 1, notes });
        assert!(encode(&document).len() < 12 * 14 + 12);
    }
}
