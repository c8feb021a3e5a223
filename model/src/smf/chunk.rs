//! The chunks of a MIDI file: four letters, a length, data.

use midly::Timing;

/// One chunk as it stands in the file.
pub(super) struct Chunk<'a> {
    pub(super) id: &'a [u8],
    pub(super) data: &'a [u8],
    /// Id, length and data.
    pub(super) bytes: &'a [u8],
    /// Whether the data is as long as the length says.
    pub(super) whole: bool,
}

/// The chunks of a stretch of bytes; the last may be cut off.
pub(super) struct Chunks<'a> {
    rest: &'a [u8],
}

impl<'a> Chunks<'a> {
    pub(super) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        let (id, behind) = self.rest.split_at_checked(4)?;
        let (length, behind) = behind.split_first_chunk::<4>()?;
        let length = u32::from_be_bytes(*length) as usize;
        let (data, behind) = behind
            .split_at_checked(length)
            .unwrap_or((behind, &behind[behind.len()..]));
        let bytes = &self.rest[..8 + data.len()];
        self.rest = behind;
        Some(Chunk {
            id,
            data,
            bytes,
            whole: data.len() == length,
        })
    }
}

/// A header chunk.
pub(super) fn header(format: u8, tracks: usize, timing: Timing) -> Vec<u8> {
    let division = match timing {
        Timing::Metrical(ticks) => ticks.as_int().to_be_bytes(),
        Timing::Timecode(frames, ticks) => [frames.as_int().wrapping_neg(), ticks],
    };
    let tracks = u16::try_from(tracks).unwrap_or(u16::MAX).to_be_bytes();
    let mut out = b"MThd\0\0\0\x06\0".to_vec();
    out.push(format);
    out.extend_from_slice(&tracks);
    out.extend_from_slice(&division);
    out
}

/// Reads a number of variable length, which may have up to four bytes.
pub(super) fn read_number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut number = 0;
    for (index, byte) in bytes.iter().take(4).enumerate() {
        number = number << 7 | u32::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[index + 1..]));
        }
    }
    None
}

/// The largest number of variable length.
pub(super) const LARGEST_NUMBER: u32 = (1 << 28) - 1;

/// Writes a number of variable length, at most [`LARGEST_NUMBER`].
pub(super) fn write_number(number: u32, out: &mut Vec<u8>) {
    for shift in [21, 14, 7] {
        if number >> shift != 0 {
            out.push((number >> shift) as u8 & 0x7f | 0x80);
        }
    }
    out.push(number as u8 & 0x7f);
}
