//! Preparing a corpus: two folders of MIDI files, read as `train` reads them, in a process of
//! its own so that its peak memory is that of the preparation alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use third_stream_model::data::{Corpus, CorpusSelection, Data, Split};
use third_stream_model::genre::Genre;

use super::Args;
use super::turns::{Error, timed};

/// Files of both genres.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
const PHRASES: usize = 4;
const NOTES: usize = PHRASES * 16;
const GENRES: [Genre; 2] = [Genre::Jazz, Genre::Pop];

pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let sizes = if args.quick { &SIZES[..2] } else { &SIZES };
    for files in sizes.iter().copied() {
        let key = format!("prepare.files{files}");
        if !args.wants(&key) {
            continue;
        }
        let dir = tempfile::tempdir()?;
        for (index, genre) in GENRES.into_iter().enumerate() {
            for file in (index..files).step_by(GENRES.len()) {
                let folder = dir
                    .path()
                    .join(genre.folder())
                    .join((file / 1000).to_string());
                fs::create_dir_all(&folder)?;
                fs::write(folder.join(format!("{file}.mid")), midi(file as u64))?;
            }
        }
        // The second start finds the rolls of the first.
        for start in ["first", "again"] {
            let mut child = Command::new(std::env::current_exe()?);
            child.arg("--only").arg(format!("{key}.{start}"));
            let status = child.arg("--prepare").arg(dir.path()).status()?;
            if !status.success() {
                return Err(format!("{key}: {status}").into());
            }
        }
    }
    Ok(())
}

/// Reads the folders in `dir` and says what it took.
pub(crate) fn child(key: &str, dir: &Path) -> Result<(), Error> {
    let folders = GENRES.map(|genre| (genre, dir.join(genre.folder())));
    let corpus = Corpus::Folders(BTreeMap::from(folders));
    let mut phrases = 0;
    let timing = timed(|| {
        let data = Data::read(&corpus, &GENRES, CorpusSelection::default(), Some(dir))?;
        for genre in GENRES {
            phrases += Split::ALL
                .map(|split| data.phrases(genre, split).rolls.len())
                .iter()
                .sum::<usize>();
        }
        Ok(())
    })?;
    println!("{key}.phrases {phrases}");
    println!("{key}.wall_s {:.3}", timing.wall.as_secs_f64());
    println!("{key}.cpu_s {:.3}", timing.cpu.as_secs_f64());
    if let Ok(status) = fs::read_to_string(PathBuf::from("/proc/self/status")) {
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = peak.and_then(|line| line.split_whitespace().next());
        let kilobytes: f64 = kilobytes.ok_or("no VmHWM")?.parse()?;
        println!("{key}.peak_mb {:.1}", kilobytes / 1000.0);
    }
    Ok(())
}

/// A MIDI file of four phrases of quarter notes that `seed` chooses.
fn midi(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut track = Vec::new();
    for _ in 0..NOTES {
        // Knuth's linear congruential generator.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let key = 40 + ((state >> 33) % 40) as u8;
        track.extend([0, 0x90, key, 80]);
        track.extend([96, 0x80, key, 0]);
    }
    track.extend([0, 0xff, 0x2f, 0]);
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk".to_vec();
    file.extend((track.len() as u32).to_be_bytes());
    file.extend(track);
    file
}
