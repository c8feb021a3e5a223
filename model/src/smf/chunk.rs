//! Where the chunks of a file begin and end, also where their lengths are wrong.
//!
//! A length is believed where its chunk's events end there, or where the next chunk begins there.
//! Otherwise a track ends behind its end-of-track event, or else where the next `MTrk` stands that
//! is no part of a text or a system exclusive message.

use super::track_reader::{self, Reading, Stop};

/// Bytes of a chunk's id and length.
pub(super) const HEAD: usize = 8;

/// A stretch of a file. Together, in their order, they are all of its bytes.
pub(super) enum Stretch<'a> {
    /// A track's chunk.
    Track(Chunk<'a>),
    /// Anything else: foreign chunks, bytes between chunks.
    Other(&'a [u8]),
}

/// A track's chunk.
pub(super) struct Chunk<'a> {
    /// Where it begins among the bytes that were split.
    pub(super) at: usize,
    /// Its id and length as they stand there.
    pub(super) head: [u8; HEAD],
    /// Its data, as far as it really goes.
    pub(super) data: &'a [u8],
    /// The chunk's data.
    pub(super) reading: Reading,
}

impl Chunk<'_> {
    /// The length that stands in its head.
    pub(super) fn claimed(&self) -> usize {
        length(self.head)
    }
}

/// Splits what is behind the file's header, which ends at `at`.
pub(super) fn split(bytes: &[u8], mut at: usize) -> Vec<Stretch<'_>> {
    let mut found = Vec::new();
    while at < bytes.len() {
        let stretch = next(bytes, at);
        at += match &stretch {
            Stretch::Track(chunk) => HEAD + chunk.data.len(),
            Stretch::Other(bytes) => bytes.len(),
        };
        found.push(stretch);
    }
    found
}

fn next(bytes: &[u8], at: usize) -> Stretch<'_> {
    let head = bytes[at..].first_chunk::<HEAD>();
    let Some(head) = head.filter(|_| begins(bytes, at)) else {
        return Stretch::Other(&bytes[at..track_from(bytes, at)]);
    };
    let end = at.saturating_add(HEAD).saturating_add(length(*head));
    if is_track(head) {
        return Stretch::Track(track(bytes, at, *head, end));
    }
    let track = track_from(bytes, at);
    // Whatever it claims, it does not hide a track.
    let end = if begins(bytes, end) {
        end.min(track)
    } else {
        track
    };
    Stretch::Other(&bytes[at..end])
}

/// The track's chunk at `at`, which would end at `end`.
fn track(bytes: &[u8], at: usize, head: [u8; HEAD], end: usize) -> Chunk<'_> {
    let begin = at + HEAD;
    if let Some(data) = bytes.get(begin..end) {
        let reading = track_reader::read(data, |head| is_track(head) && has_room(head));
        let ends = reading.stop == Stop::End && reading.end == data.len();
        if ends || begins(bytes, end) && !hides_track(data) {
            return Chunk {
                at,
                head,
                data,
                reading,
            };
        }
    }
    let rest = &bytes[begin..];
    let reading = track_reader::read(rest, is_track);
    let end = if reading.stop == Stop::End && begins(bytes, begin + reading.end) {
        reading.end
    } else {
        track_from(rest, reading.end)
    };
    Chunk {
        at,
        head,
        data: &rest[..end],
        reading,
    }
}

/// True if the head of a track stands among a track's events, or behind its end.
fn hides_track(data: &[u8]) -> bool {
    let reading = track_reader::read(data, is_track);
    let tail = &data[reading.end..];
    reading.stop == Stop::Track || track_from(tail, 0) < tail.len()
}

/// True if the file ends at `at` or a chunk seems to begin there: a track, or four letters with a
/// length that there is room for.
pub(super) fn begins(bytes: &[u8], at: usize) -> bool {
    let Some(rest) = bytes.get(at..) else {
        return false;
    };
    let Some(head) = rest.first_chunk::<HEAD>() else {
        return rest.is_empty();
    };
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b' ';
    is_track(rest) || head[..4].iter().all(letter) && has_room(rest)
}

fn is_track(bytes: &[u8]) -> bool {
    bytes.starts_with(b"MTrk")
}

/// True if the chunk that begins with these bytes is as long as its length says.
fn has_room(bytes: &[u8]) -> bool {
    let head = bytes.split_first_chunk::<HEAD>();
    head.is_some_and(|(head, data)| length(*head) <= data.len())
}

/// Where the next track begins, at `at` or behind it; the end of the file where none does.
pub(super) fn track_from(bytes: &[u8], at: usize) -> usize {
    let mut heads = bytes[at..].windows(HEAD);
    let found = heads.position(is_track);
    found.map_or(bytes.len(), |found| at + found)
}

const fn length(head: [u8; HEAD]) -> usize {
    u32::from_be_bytes([head[4], head[5], head[6], head[7]]) as usize
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
