//! Renders examples as sound: a selection of a folder's pairs of MIDI files, evenly spaced in each
//! direction, as small FLAC files before and after the transfer, with a page.
#![expect(clippy::print_stdout, reason = "a command-line tool")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::Parser as _;
use flacenc::bitsink::ByteSink;
use flacenc::component::BitRepr as _;
use flacenc::error::Verify as _;
use flacenc::source::MemSource;
use third_stream_model::files::write_in_folder;
use third_stream_player::synth::render_at;
use third_stream_tests::score::Score;

/// Sample rate in Hz.
const RATE: u32 = 22_050;

/// Render examples as sound.
#[derive(clap::Parser)]
#[command(bin_name = "cargo xtask sounds")]
struct Args {
    /// The folder with the examples' MIDI files
    #[arg(long, default_value = "docs/examples")]
    examples: PathBuf,
    /// Where the sound files go
    #[arg(long, default_value = "docs/sound")]
    out: PathBuf,
    /// How many pairs of each direction
    #[arg(long, default_value_t = 3)]
    each: usize,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let names = chosen(&pairs(&args.examples)?, args.each);
    ensure!(
        !names.is_empty(),
        "{}: has no NAME-before.mid and NAME-after.mid",
        args.examples.display()
    );
    let mut total = 0;
    for name in &names {
        for side in ["before", "after"] {
            let file = args.examples.join(format!("{name}-{side}.mid"));
            let read = || format!("{}: cannot be read", file.display());
            let score = Score::read(&std::fs::read(&file).with_context(read)?);
            let sound = flac(&mono(&render_at(&score.with_context(read)?.song, RATE)))?;
            let file = args.out.join(format!("{name}-{side}.flac"));
            total += sound.len();
            write(&file, &sound)?;
        }
    }
    let list = std::fs::read_to_string(args.examples.join("README.md")).unwrap_or_default();
    write(&args.out.join("README.md"), page(&names, &list).as_bytes())?;
    let (pairs, kib) = (names.len(), total / 1024);
    println!("wrote {pairs} pairs to {}: {kib} KiB", args.out.display());
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_in_folder(path, bytes).with_context(|| format!("{}: cannot be written", path.display()))
}

/// Names of the pairs in a folder, sorted.
fn pairs(folder: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("{}: cannot be listed", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let file = entry?.file_name();
        if let Some(name) = file.to_string_lossy().strip_suffix("-before.mid")
            && folder.join(format!("{name}-after.mid")).exists()
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Selects `each` pairs per direction, evenly spaced; a name is a number and its direction.
fn chosen(names: &[String], each: usize) -> Vec<String> {
    let mut directions: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for name in names {
        let direction = name.split_once('-').map_or("", |(_, direction)| direction);
        directions.entry(direction).or_default().push(name);
    }
    let mut chosen = Vec::new();
    for names in directions.values() {
        let count = each.min(names.len());
        let places = (0..count).map(|place| place * names.len() / count);
        chosen.extend(places.map(|place| names[place].clone()));
    }
    chosen.sort();
    chosen
}

/// Interleaved stereo as 16-bit mono.
fn mono(sound: &[f32]) -> Vec<i32> {
    let (frames, _) = sound.as_chunks();
    let sample = |[left, right]: &[f32; 2]| {
        (f32::midpoint(*left, *right) * f32::from(i16::MAX)).round() as i32
    };
    frames.iter().map(sample).collect()
}

/// A mono FLAC file.
fn flac(samples: &[i32]) -> Result<Vec<u8>> {
    let config = flacenc::config::Encoder::default().into_verified();
    let config = config.map_err(|(_, error)| anyhow!("the encoder's settings: {error}"))?;
    let source = MemSource::from_samples(samples, 1, 16, RATE as usize);
    let stream = flacenc::encode_with_fixed_block_size(&config, source, config.block_size);
    let stream = stream.map_err(|error| anyhow!("the sound cannot be encoded: {error}"))?;
    let mut sink = ByteSink::new();
    let written = stream.write(&mut sink);
    written.map_err(|error| anyhow!("the sound cannot be written: {error}"))?;
    Ok(sink.into_inner())
}

/// The page: each pair with its line of the examples' list.
fn page(names: &[String], list: &str) -> String {
    let mut text = "# Before and after, to hear\n\n\
        Nobody picked these: of the [examples](../examples/README.md), which a fixed rule chose, \
        they are evenly through each direction's list.\n\
        The project's own small synthesiser plays them (`cargo xtask sounds`): struck strings, all \
        notes as loud, at 120 beats a minute, as the networks hear and write them.\n\n\
        | | piece | bars | before | after |\n|---|---|---|---|---|\n"
        .to_owned();
    for name in names {
        let number = name.split('-').next().unwrap_or_default();
        let number = number.trim_start_matches('0');
        let row = list.lines().find(|line| {
            let start = format!("| {number}. ");
            line.starts_with(&start)
        });
        let cells: Vec<&str> = row.unwrap_or_default().split('|').map(str::trim).collect();
        let cell = |place: usize| cells.get(place).copied().unwrap_or_default();
        let title = if row.is_some() { cell(1) } else { name };
        let (piece, bars) = (cell(2), cell(3));
        let _ = writeln!(
            text,
            "| {title} | {piece} | {bars} | [FLAC]({name}-before.flac) | [FLAC]({name}-after.flac) |"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pairs_are_evenly_through_each_direction() {
        let names: Vec<String> = (1..=16)
            .map(|n| {
                let direction = if n <= 8 { "a-to-b" } else { "b-to-a" };
                format!("{n:02}-{direction}")
            })
            .collect();
        let chosen = chosen(&names, 3);
        let numbers: Vec<&str> = chosen.iter().map(|name| &name[..2]).collect();
        assert_eq!(numbers, ["01", "03", "06", "09", "11", "14"]);
        assert_eq!(super::chosen(&names[..1], 3).len(), 1);
        assert!(super::chosen(&[], 3).is_empty());
    }

    #[test]
    fn a_sound_is_a_flac_file_and_smaller_than_its_samples() {
        let wave = |n: usize| (n as f32 * 0.05).sin() * 8_000.0;
        let samples: Vec<i32> = (0..RATE as usize).map(|n| wave(n) as i32).collect();
        let file = flac(&samples).unwrap();
        assert_eq!(&file[..4], b"fLaC");
        // The stream header: 22,050 Hz, one channel, 16 bits.
        let word = u64::from_be_bytes(file[18..26].try_into().unwrap());
        assert_eq!(word >> 44, u64::from(RATE));
        assert_eq!((word >> 41 & 7, word >> 36 & 31), (0, 15));
        assert_eq!(word & 0xF_FFFF_FFFF, samples.len() as u64);
        assert!(file.len() < samples.len());
    }

    #[test]
    fn two_channels_become_one() {
        assert_eq!(mono(&[1.0, 1.0, 0.5, -0.5]), [32_767, 0]);
    }

    #[test]
    fn the_page_says_what_the_list_says() {
        let list = "| 1. jazz → classic | a.mid | 9–12 | x | y | z |";
        let page = page(&["01-jazz-to-classic".to_owned()], list);
        let row = "| 1. jazz → classic | a.mid | 9–12 | [FLAC](01-jazz-to-classic-before.flac) |";
        assert!(page.contains(row), "{page}");
    }
}
