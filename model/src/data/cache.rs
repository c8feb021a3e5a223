//! The rolls of a corpus in one file, so that a second start needs no MIDI reading and none of
//! them has to be in memory.
//!
//! The file is named after the hash of the music and holds what the reader made of every MIDI
//! file, its complaints included. A file that is not as expected is made again, never trusted.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::files::part_of_its_own;
use crate::roll::notes::NoteRoll;
use crate::smf::Smf;
use crate::song::Song;

use super::rolls::{Rolls, pack, unpack};
use crate::weights::hex;

/// Changes with the format and with the way from MIDI to rolls.
const VERSION: &[u8; 8] = b"TSROLLS3";
/// MIDI files that are in memory at a time.
const AT_A_TIME: usize = 64;

/// Result of reading one MIDI file.
#[derive(Debug)]
pub(super) struct Reading {
    /// Its name.
    pub(super) file: String,
    /// SHA-256 of its bytes.
    pub(super) digest: [u8; 32],
    /// Its phrases, or why it cannot be read.
    pub(super) rolls: Result<Rolls, String>,
    /// Description of its damage, if it was readable past that.
    pub(super) damage: Option<String>,
}

/// A MIDI file that is to be read.
pub(super) struct Midi {
    /// Its name.
    pub(super) file: String,
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
    /// SHA-256 of its bytes, where the key of the music was made of it.
    pub(super) digest: Option<[u8; 32]>,
}

/// The readings of what `files` hands over, with the phrases that are `wanted`, by way of a
/// file: that in the cache folder for `key`, the hash of the music, or else a temporary one.
pub(super) fn read_through(
    cache: Option<&Path>,
    key: &[u8; 32],
    wanted: impl Fn(&NoteRoll) -> bool,
    files: impl FnOnce(&mut dyn FnMut(Midi) -> io::Result<()>) -> io::Result<()>,
) -> io::Result<Vec<Reading>> {
    let path = cache.map(|dir| dir.join(format!("rolls-{}.bin", &hex(key)[..16])));
    if let Some(path) = &path
        && let Ok(file) = File::open(path)
        && let Ok(readings) = readings(file, key, &wanted)
    {
        return Ok(readings);
    }
    let (file, names) = create(path.as_deref())?;
    let made = write(&file, key, files).and_then(|()| match &names {
        Some((beside, path)) => fs::rename(beside, path),
        None => Ok(()),
    });
    if let (Err(_), Some((beside, _))) = (&made, &names) {
        drop(fs::remove_file(beside));
    }
    made?;
    readings(file, key, &wanted)
}

/// A new file for the rolls. With a place where it can be kept it lies beside that, under a name
/// of its own (parts of a sweep read the same music at once), and both names come with it.
fn create(path: Option<&Path>) -> io::Result<(File, Option<(PathBuf, &Path)>)> {
    if let Some(path) = path {
        let beside = part_of_its_own(path);
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(true);
        match options.open(&beside) {
            Ok(file) => return Ok((file, Some((beside, path)))),
            // Only the next start gets slower.
            Err(why) => tracing::warn!("{}: the rolls are not kept: {why}", path.display()),
        }
    }
    Ok((tempfile::tempfile()?, None))
}

/// The phrases of a MIDI file and what is wrong in it, or why it cannot be read.
fn rolls(bytes: &[u8]) -> Result<(Vec<NoteRoll>, Option<String>), String> {
    let smf = Smf::read(bytes).map_err(|why| why.to_string())?;
    let song = Song::of(&smf).map_err(|why| why.to_string())?;
    Ok((song.rolls(), smf.damage()))
}

/// Writes what the reader makes of what `files` hands over.
fn write(
    file: &File,
    key: &[u8; 32],
    files: impl FnOnce(&mut dyn FnMut(Midi) -> io::Result<()>) -> io::Result<()>,
) -> io::Result<()> {
    let mut sink = Hashed::new(BufWriter::new(file));
    sink.write_all(VERSION)?;
    sink.write_all(key)?;
    let mut waiting = Vec::new();
    files(&mut |midi| {
        waiting.push(midi);
        if waiting.len() == AT_A_TIME {
            write_some(&mut sink, std::mem::take(&mut waiting))?;
        }
        Ok(())
    })?;
    write_some(&mut sink, waiting)?;
    let digest = sink.hash.finalize();
    sink.inner.write_all(&digest)?;
    sink.inner.flush()?;
    file.sync_all()
}

fn write_some(sink: &mut impl Write, files: Vec<Midi>) -> io::Result<()> {
    let read = files.into_par_iter().map(|midi| {
        let digest: [u8; 32] = Sha256::digest(&midi.bytes).into();
        if midi.digest.is_some_and(|before| before != digest) {
            let why = format!("{}: changed while it was read; start again", midi.file);
            return Err(io::Error::other(why));
        }
        Ok((midi.file, digest, rolls(&midi.bytes)))
    });
    for (file, digest, rolls) in read.collect::<io::Result<Vec<_>>>()? {
        write_text(sink, &file)?;
        sink.write_all(&digest)?;
        match rolls {
            Ok((rolls, damage)) => {
                sink.write_all(&[1])?;
                // Nothing is wrong where the text is empty.
                write_text(sink, &damage.unwrap_or_default())?;
                sink.write_all(&(rolls.len() as u32).to_le_bytes())?;
                for roll in &rolls {
                    sink.write_all(&pack(roll))?;
                }
            }
            Err(why) => {
                sink.write_all(&[0])?;
                write_text(sink, &why)?;
            }
        }
    }
    Ok(())
}

fn write_text(sink: &mut impl Write, text: &str) -> io::Result<()> {
    sink.write_all(&(text.len() as u32).to_le_bytes())?;
    sink.write_all(text.as_bytes())
}

/// The readings in a file of [`write`] for the same music, with the phrases that are `wanted`.
fn readings(
    file: File,
    key: &[u8; 32],
    wanted: impl Fn(&NoteRoll) -> bool,
) -> io::Result<Vec<Reading>> {
    /// Bytes of the digest at the end.
    const DIGEST: u64 = 32;
    let foreign = || io::Error::from(io::ErrorKind::InvalidData);
    let shared = Arc::new(Mutex::new(file));
    let mut file = shared.lock().unwrap_or_else(PoisonError::into_inner);
    let length = file.seek(SeekFrom::End(0))?;
    let length = length.checked_sub(DIGEST).ok_or_else(foreign)?;
    file.rewind()?;
    let mut source = Hashed::new(BufReader::new(&mut *file).take(length));
    if take(&mut source)? != *VERSION || take(&mut source)? != *key {
        return Err(foreign());
    }
    let mut readings = Vec::new();
    while source.inner.limit() > 0 {
        let file = take_text(&mut source)?;
        let digest = take(&mut source)?;
        let mut damage = None;
        let rolls = if take(&mut source)? == [1] {
            damage = Some(take_text(&mut source)?).filter(|text| !text.is_empty());
            let mut places = Vec::new();
            for _ in 0..u32::from_le_bytes(take(&mut source)?) {
                let place = length - source.inner.limit();
                if wanted(&unpack(&take(&mut source)?)) {
                    places.push(place);
                }
            }
            places.shrink_to_fit();
            Ok(Rolls::there(Arc::clone(&shared), places))
        } else {
            Err(take_text(&mut source)?)
        };
        readings.push(Reading {
            file,
            digest,
            rolls,
            damage,
        });
    }
    let digest: [u8; 32] = source.hash.finalize().into();
    let mut kept = [0; DIGEST as usize];
    source.inner.into_inner().read_exact(&mut kept)?;
    if kept != digest {
        return Err(foreign());
    }
    drop(file);
    Ok(readings)
}

/// The next bytes.
fn take<const N: usize>(source: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    source.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn take_text(source: &mut impl Read) -> io::Result<String> {
    let length = u64::from(u32::from_le_bytes(take(source)?));
    let mut text = String::new();
    if source.by_ref().take(length).read_to_string(&mut text)? as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(text)
}

/// A reader that hashes all bytes that pass through.
struct Hashed<T> {
    inner: T,
    hash: Sha256,
}

impl<T> Hashed<T> {
    fn new(inner: T) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
        }
    }
}

impl<T: Write> Write for Hashed<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<T: Read> Read for Hashed<T> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.hash.update(&bytes[..read]);
        Ok(read)
    }
}
