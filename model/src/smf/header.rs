//! The header of a MIDI file.

use super::chunk::{begins, track_from};
use super::{Division, SmfError};

/// Fields of the header chunk.
pub(super) struct Header {
    /// Bytes of the header's chunk.
    pub(super) length: usize,
    pub(super) format: u8,
    pub(super) tracks: usize,
    pub(super) division: Division,
}

/// Bytes of a header by the standard.
const LENGTH: usize = 14;
/// Where the number of tracks stands.
pub(super) const TRACKS: usize = 10;

/// Reads the header at the start of `bytes`. Unless a chunk begins where it claims to end, it is
/// taken to be as long as the standard's.
pub(super) fn read(bytes: &[u8]) -> Result<Header, SmfError> {
    if !bytes.starts_with(b"MThd") {
        return Err(SmfError::Header("no header".to_owned()));
    }
    let Some(head) = bytes.first_chunk::<LENGTH>() else {
        return Err(SmfError::Header("it ends inside the header".to_owned()));
    };
    let [.., c, d, e, f, _, format, g, h, first, second] = *head;
    let claimed = 8usize.saturating_add(u32::from_be_bytes([c, d, e, f]) as usize);
    let believed =
        claimed > LENGTH && begins(bytes, claimed) && track_from(bytes, LENGTH) >= claimed;
    let length = if believed { claimed } else { LENGTH };
    match u16::from_be_bytes([head[8], format]) {
        0 | 1 => {}
        2 => return Err(SmfError::Sequential),
        other => return Err(SmfError::Header(format!("a file of type {other}"))),
    }
    Ok(Header {
        length,
        format,
        tracks: usize::from(u16::from_be_bytes([g, h])),
        division: division(first, second)?,
    })
}

fn division(first: u8, second: u8) -> Result<Division, SmfError> {
    if first < 0x80 {
        return match u16::from_be_bytes([first, second]) {
            0 => Err(SmfError::Division),
            ticks => Ok(Division::TicksPerQuarter(ticks)),
        };
    }
    let frames = match 0u8.wrapping_sub(first) {
        // "29" is NTSC's rate.
        29 => 30.0 / 1.001,
        frames @ (24 | 25 | 30) => f64::from(frames),
        other => {
            let text = format!("a SMPTE frame rate of {other}");
            return Err(SmfError::Header(text));
        }
    };
    match second {
        0 => Err(SmfError::Division),
        ticks => Ok(Division::TicksPerSecond(frames * f64::from(ticks))),
    }
}
