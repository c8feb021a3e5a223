//! Files that are whole or not there, and those of a folder.

use std::collections::BTreeSet;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::smf;

/// Writes a file beside its place, to the disk, and then renames it. A process that is killed
/// on the way leaves the old file as it was; a full disk does, too, and is left no fuller.
///
/// # Errors
/// The file cannot be written, flushed or renamed; the old file then stays.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    write_by_way_of(Path::new(&beside), path, bytes)
}

/// As [`write_whole`], where other processes, on other machines too, may write the same file at
/// the same time: one of them is whole. A process that is killed on the way leaves its part behind.
///
/// # Errors
/// The file cannot be written.
pub fn write_among_others(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_by_way_of(&part_of_its_own(path), path, bytes)
}

/// A name beside a file's own that nobody else writes to, in no process of any machine. (Process
/// numbers are not enough for that: those of containers are mostly the same.)
pub fn part_of_its_own(path: &Path) -> PathBuf {
    let by_chance = RandomState::new().hash_one(std::process::id());
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{by_chance:016x}.part"));
    name.into()
}

fn write_by_way_of(beside: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let written = File::create(beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| std::fs::rename(beside, path));
    renamed.inspect_err(|_| drop(std::fs::remove_file(beside)))
}

/// Removes the parts that killed processes left in a folder that no other process writes to.
///
/// # Errors
/// The folder cannot be listed, or a part not be removed.
pub fn remove_parts(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let named = path.extension().is_some_and(|end| end == "part");
        if named && entry.file_type()?.is_file() {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// As [`write_whole`], and makes the folder if it is not there.
///
/// # Errors
/// If the folder cannot be made, or the file not be written.
pub fn write_in_folder(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    write_whole(path, bytes)
}

/// Every file below a folder, in order of their paths; each folder once, so that a link to a
/// parent ends. The path of an error is what cannot be listed.
///
/// # Errors
/// The folder or file that cannot be read, and why.
pub fn below(folder: &Path) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let mut files = Vec::new();
    search(folder, &mut BTreeSet::new(), &mut files)?;
    files.sort();
    Ok(files)
}

fn search(
    folder: &Path,
    visited: &mut BTreeSet<PathBuf>,
    files: &mut Vec<PathBuf>,
) -> Result<(), (PathBuf, io::Error)> {
    let at = |error| (folder.to_owned(), error);
    if !visited.insert(folder.canonicalize().map_err(at)?) {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder).map_err(at)? {
        let path = entry.map_err(at)?.path();
        if path.is_dir() {
            search(&path, visited, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// True if a file is meant as a MIDI file: by its beginning, or by its name, so that one that is
/// broken is not passed over.
///
/// # Errors
/// The file cannot be read.
pub fn is_midi(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(12).read_to_end(&mut head)?;
    Ok(smf::is_midi(&head) || smf::is_named_midi(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_write_the_same_file_at_once_leave_one_that_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shared");
        std::thread::scope(|scope| {
            for writer in 0..8u8 {
                let path = &path;
                scope.spawn(move || write_among_others(path, &[writer; 1 << 14]).unwrap());
            }
        });
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes, [bytes[0]; 1 << 14]);
        assert_eq!(below(folder.path()).unwrap(), [path]);
    }

    #[test]
    fn midi_files_are_known_by_content_or_name_at_any_depth() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("b/c")).unwrap();
        std::fs::write(at("b/c/song"), "MThd and more").unwrap();
        std::fs::write(at("b/old.KAR"), "").unwrap();
        std::fs::write(at("a.txt"), "MTh").unwrap();
        std::fs::write(at("z"), "RIFF\0\0\0\0RMIDdata").unwrap();
        let found = below(folder.path()).unwrap();
        let kinds: Vec<_> = found
            .iter()
            .map(|path| {
                (
                    path.strip_prefix(folder.path()).unwrap(),
                    is_midi(path).unwrap(),
                )
            })
            .collect();
        let expected = [
            ("a.txt", false),
            ("b/c/song", true),
            ("b/old.KAR", true),
            ("z", true),
        ];
        assert_eq!(kinds, expected.map(|(name, midi)| (Path::new(name), midi)));
        assert_eq!(below(&at("none")).unwrap_err().0, at("none"));
        assert!(is_midi(&at("none")).is_err());
    }
}
