//! The rolls of a corpus in one file, so that a second start needs no MIDI reading.
//!
//! The file is named after the hash of the music and holds what the reader made of every MIDI
//! file, its complaints included. A file that is not as expected is made again, never trusted.

use std::io;
use std::path::Path;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::roll::{Roll, STEPS};
use crate::smf::Smf;
use crate::song::Song;

use super::data::hex;
use super::files::write_whole;

/// Changes with the format and with the way from MIDI to rolls.
const VERSION: &[u8; 8] = b"TSROLLS1";
/// 84 bits.
const STEP_BYTES: usize = 11;

/// What the reader made of one MIDI file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// Its name.
    pub(super) file: String,
    /// SHA-256 of its bytes.
    pub(super) digest: [u8; 32],
    /// Its phrases, or why it cannot be read.
    pub(super) rolls: Result<Vec<Roll>, String>,
}

/// The readings of `files`, or those in the cache folder for `key`, the hash of the music.
pub(super) fn read_through(
    cache: Option<&Path>,
    key: &[u8; 32],
    files: impl FnOnce() -> io::Result<Vec<(String, Vec<u8>)>>,
) -> io::Result<Vec<Reading>> {
    let path = cache.map(|dir| dir.join(format!("rolls-{}.bin", &hex(key)[..16])));
    if let Some(path) = &path
        && let Ok(bytes) = std::fs::read(path)
        && let Some(readings) = decode(&bytes, key)
    {
        return Ok(readings);
    }
    let readings: Vec<Reading> = files()?
        .into_par_iter()
        .map(|(file, bytes)| Reading {
            file,
            digest: Sha256::digest(&bytes).into(),
            rolls: rolls(&bytes),
        })
        .collect();
    if let Some(path) = path
        && let Err(why) = write_whole(&path, &encode(&readings, key))
    {
        // Only the next start gets slower.
        tracing::warn!("{}: the rolls are not kept: {why}", path.display());
    }
    Ok(readings)
}

/// The phrases of a MIDI file, or why it cannot be read.
fn rolls(bytes: &[u8]) -> Result<Vec<Roll>, String> {
    let smf = Smf::read(bytes).map_err(|why| why.to_string())?;
    let song = Song::of(&smf).map_err(|why| why.to_string())?;
    Ok(song.rolls())
}

fn encode(readings: &[Reading], key: &[u8; 32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(VERSION);
    bytes.extend(key);
    let put_text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(text.as_bytes());
    };
    for reading in readings {
        put_text(&mut bytes, &reading.file);
        bytes.extend(reading.digest);
        match &reading.rolls {
            Ok(rolls) => {
                bytes.push(1);
                bytes.extend((rolls.len() as u32).to_le_bytes());
                for step in rolls.iter().flat_map(Roll::steps) {
                    bytes.extend(&step.to_le_bytes()[..STEP_BYTES]);
                }
            }
            Err(why) => {
                bytes.push(0);
                put_text(&mut bytes, why);
            }
        }
    }
    let digest = Sha256::digest(&bytes);
    bytes.extend(digest);
    bytes
}

/// `None` where the bytes are not those of [`encode`] for the same music.
fn decode(bytes: &[u8], key: &[u8; 32]) -> Option<Vec<Reading>> {
    let (mut rest, digest) = bytes.split_last_chunk::<32>()?;
    if Sha256::digest(rest).as_slice() != digest {
        return None;
    }
    if take(&mut rest, VERSION.len())? != VERSION || take(&mut rest, key.len())? != key {
        return None;
    }
    let mut readings = Vec::new();
    while !rest.is_empty() {
        let file = take_text(&mut rest)?;
        let digest = take(&mut rest, 32)?.try_into().ok()?;
        let rolls = if take(&mut rest, 1)? == [1] {
            let count = take_length(&mut rest)?;
            let packed = take(&mut rest, count.checked_mul(STEPS * STEP_BYTES)?)?;
            Ok(packed
                .chunks_exact(STEPS * STEP_BYTES)
                .map(unpack)
                .collect())
        } else {
            Err(take_text(&mut rest)?)
        };
        readings.push(Reading {
            file,
            digest,
            rolls,
        });
    }
    Some(readings)
}

fn unpack(packed: &[u8]) -> Roll {
    let mut steps = [0; STEPS];
    for (step, bytes) in steps.iter_mut().zip(packed.chunks_exact(STEP_BYTES)) {
        let mut wide = [0; 16];
        wide[..STEP_BYTES].copy_from_slice(bytes);
        *step = u128::from_le_bytes(wide);
    }
    Roll::from_steps(steps)
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(count)?;
    *rest = tail;
    Some(head)
}

fn take_length(rest: &mut &[u8]) -> Option<usize> {
    let bytes = take(rest, 4)?.try_into().ok()?;
    Some(u32::from_le_bytes(bytes) as usize)
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let length = take_length(rest)?;
    String::from_utf8(take(rest, length)?.to_vec()).ok()
}
