//! The RIFF wrapper of `.rmi` files: where the MIDI file is in it, and its sizes.

use std::ops::Range;

/// Bytes of a chunk's id and size.
const HEAD: usize = 8;

/// True if the bytes are a RIFF wrapper around a MIDI file.
pub(super) fn is_riff(bytes: &[u8]) -> bool {
    bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"RMID")
}

/// Where the MIDI file is: in the chunk `data`, as far as it goes.
pub(super) fn content(bytes: &[u8]) -> Option<Range<usize>> {
    let mut at = 12;
    loop {
        let head = bytes.get(at..)?.first_chunk::<HEAD>()?;
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let start = at + HEAD;
        let end = start.saturating_add(size);
        if head.starts_with(b"data") {
            return Some(start..end.min(bytes.len()));
        }
        at = end.saturating_add(size % 2);
    }
}

/// Puts the sizes right: `content` is where the MIDI file is in `bytes` now, `behind` what
/// followed it, of which the first byte is only there for an even size if `padded`.
pub(super) fn close(bytes: &mut Vec<u8>, content: usize, behind: &[u8], padded: bool) {
    let size = bytes.len() - content;
    if size % 2 == 1 {
        bytes.push(0);
    }
    bytes.extend_from_slice(behind.get(usize::from(padded)..).unwrap_or(&[]));
    let whole = (bytes.len() - HEAD) as u32;
    bytes[4..8].copy_from_slice(&whole.to_le_bytes());
    bytes[content - 4..content].copy_from_slice(&(size as u32).to_le_bytes());
}
