//! A corpus read through this module: the whole one where it is there, else the starter corpus.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::*;
use crate::roll::STEPS;
use crate::smf::NewNote;

/// The corpus folder: `THIRD_STREAM_DATA`, or `shared/data` beside the checkout, or the starter
/// corpus in it.
fn folder() -> PathBuf {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");
    let whole = std::env::var_os("THIRD_STREAM_DATA").map_or_else(|| beside.into(), PathBuf::from);
    if whole.join("MANIFEST.csv").exists() {
        return whole;
    }
    println!("no whole corpus in {}: the starter corpus", whole.display());
    concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus").into()
}

/// The archives of a corpus.
fn archives(folder: &Path) -> Vec<PathBuf> {
    let genres = ["jazz", "classical", "pop"];
    let paths = genres.map(|genre| folder.join(format!("{genre}.tar.gz")));
    let there: Vec<PathBuf> = paths.into_iter().filter(|path| path.exists()).collect();
    assert!(there.len() >= 2, "{}: {there:?}", folder.display());
    there
}

/// Calls `visit` with name and bytes of every MIDI file in one of the corpus archives.
fn visit(archive: &Path, mut visit: impl FnMut(String, Vec<u8>)) {
    let unpacked = flate2::read::GzDecoder::new(File::open(archive).unwrap());
    for entry in tar::Archive::new(unpacked).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        if path.extension().is_some_and(|extension| extension == "mid") {
            let name = path.to_string_lossy().into_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            visit(name, bytes);
        }
    }
}

/// Phrases and notes per step of every file, as the manifest has them.
fn manifest(folder: &Path) -> BTreeMap<String, (usize, f64)> {
    let mut reader = csv::Reader::from_path(folder.join("MANIFEST.csv")).unwrap();
    let headers = reader.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (file, phrases, density) = (
        column("file"),
        column("phrases"),
        column("density_per_step"),
    );
    reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            let figures = (row[phrases].parse().unwrap(), row[density].parse().unwrap());
            (row[file].to_owned(), figures)
        })
        .collect()
}

fn sounding_cells(phrase: &NoteRoll) -> u32 {
    phrase.sounding().count()
}

/// Note starts and ends that lie exactly between two steps. The manifest was made before times
/// were rounded to ticks, so each of these may have gone the other way there.
fn ties(song: &Song) -> usize {
    let between = |beats: f64| (beats * 8.0).fract() == 0.0 && (beats * 4.0).fract() != 0.0;
    let times = song
        .notes()
        .iter()
        .flat_map(|note| [note.onset, note.release]);
    times.filter(|beats| between(*beats)).count()
}

#[test]
#[cfg_attr(miri, ignore = "takes weeks there")]
fn every_file_gives_the_manifest_s_phrases_and_density() {
    let folder = folder();
    let manifest = manifest(&folder);
    let mut seen = 0;
    let mut exact = 0;
    let mut wrong = Vec::new();
    for archive in archives(&folder) {
        visit(&archive, |name, bytes| {
            let song = Song::of(&Smf::read(&bytes).unwrap()).unwrap();
            let rolls = song.rolls();
            let cells = (rolls.len() * STEPS) as f64;
            let density = f64::from(rolls.iter().map(sounding_cells).sum::<u32>()) / cells;
            let (phrases, expected) = manifest[&name];
            let off = (density - expected).abs() - 0.000_501;
            if rolls.len() != phrases || off > ties(&song) as f64 / cells {
                wrong.push(format!(
                    "{name}: {} phrases, density {density:.4}; manifest: {phrases}, {expected}",
                    rolls.len()
                ));
            }
            seen += 1;
            exact += usize::from(off <= 0.0);
        });
    }
    assert_eq!(seen, manifest.len());
    assert!(
        wrong.is_empty(),
        "{} files:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        exact * 10 >= seen * 7,
        "only {exact} of {seen} densities are exact"
    );
}

#[test]
#[cfg_attr(miri, ignore = "takes weeks there")]
fn files_come_back_byte_for_byte() {
    for archive in archives(&folder()) {
        let mut seen = 0;
        visit(&archive, |name, bytes| {
            seen += 1;
            if seen % 20 != 0 {
                return;
            }
            let mut smf = Smf::read(&bytes).unwrap();
            assert_eq!((smf.write(), smf.flaws()), (bytes, &[][..]), "{name}");
            // Taken out and put back, each note finds its place again.
            let song = Song::of(&smf).unwrap();
            replace_all(&mut smf, &song);
            let again = Song::of(&Smf::read(&smf.write()).unwrap()).unwrap();
            assert_eq!(sounding(&song), sounding(&again), "{name}");
        });
    }
}

fn replace_all(smf: &mut Smf, song: &Song) {
    for (index, track) in smf.tracks_mut().iter_mut().enumerate() {
        let of_track = || song.notes().iter().filter(|note| note.track == index);
        let remove: Vec<usize> = of_track()
            .flat_map(|note| [Some(note.on_event), note.off_event])
            .flatten()
            .collect();
        let notes: Vec<NewNote> = of_track().map(SongNote::unchanged).collect();
        track.replace_notes(&remove, &notes);
    }
}

/// The notes without the places of their events.
fn sounding(song: &Song) -> Vec<(usize, u64, u64, u8, u8, u8, u8)> {
    let mut notes: Vec<_> = song
        .notes()
        .iter()
        .map(|n| {
            (
                n.track,
                n.start,
                n.end,
                n.channel,
                n.key,
                n.velocity,
                n.off_velocity,
            )
        })
        .collect();
    notes.sort_unstable();
    notes
}
