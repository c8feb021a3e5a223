//! A tar.gz archive that depends on its files' names and bytes alone: sorted, without times.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

/// A file to be packed.
struct Packed {
    bytes: Vec<u8>,
    runs: bool,
}

/// Files by their path in the archive, with `/` on every system.
#[derive(Default)]
pub(super) struct Files(BTreeMap<String, Packed>);

impl Files {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a file, or a folder with all that is in it, to `folder` in the archive.
    pub(super) fn add(&mut self, path: &Path, folder: &Path) -> Result<()> {
        let failed = || format!("could not read {}", path.display());
        let name = folder.join(path.file_name().with_context(failed)?);
        if path.is_dir() {
            for entry in fs::read_dir(path).with_context(failed)? {
                self.add(&entry?.path(), &name)?;
            }
            return Ok(());
        }
        let bytes = fs::read(path).with_context(failed)?;
        let name = name.to_string_lossy().replace('\\', "/");
        let runs = is_program(&bytes);
        self.0.insert(name, Packed { bytes, runs });
        Ok(())
    }

    /// Adds a text as a file.
    pub(super) fn add_text(&mut self, name: &str, text: String) {
        let (bytes, runs) = (text.into_bytes(), false);
        self.0.insert(name.to_owned(), Packed { bytes, runs });
    }

    /// The files' names and bytes.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let pair = |(name, packed)| {
            let (name, packed): (&String, &Packed) = (name, packed);
            (name.as_str(), packed.bytes.as_slice())
        };
        self.0.iter().map(pair)
    }

    /// The archive's bytes, everything in the folder `top`.
    pub(super) fn archive(&self, top: &str) -> Result<Vec<u8>> {
        // Neither gzip's header nor tar's has a time or a user in it.
        let gz = GzEncoder::new(Vec::new(), Compression::best());
        let mut archive = tar::Builder::new(gz);
        for (name, packed) in &self.0 {
            let mut header = tar::Header::new_gnu();
            header.set_size(packed.bytes.len() as u64);
            header.set_mode(if packed.runs { 0o755 } else { 0o644 });
            header.set_mtime(0);
            archive.append_data(&mut header, format!("{top}/{name}"), &packed.bytes[..])?;
        }
        Ok(archive.into_inner()?.finish()?)
    }
}

/// True if the bytes are a program or a library of Linux, macOS or Windows.
fn is_program(bytes: &[u8]) -> bool {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    starts(b"\x7fELF")
        || starts(b"MZ")
        || starts(&[0xCA, 0xFE, 0xBA, 0xBE])
        || starts(b"\xCF\xFA\xED\xFE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_depend_on_names_and_contents_alone() {
        let folder = std::env::temp_dir().join(format!("third-stream-tar-{}", std::process::id()));
        let archive = |order: [&str; 2]| {
            fs::create_dir_all(folder.join("A.vst3")).unwrap();
            let mut files = Files::new();
            for name in order {
                fs::write(folder.join("A.vst3").join(name), format!("\x7fELF {name}")).unwrap();
            }
            files.add(&folder.join("A.vst3"), Path::new("")).unwrap();
            files.add_text("B.txt", "text".to_owned());
            let names: Vec<_> = files.iter().map(|(name, _)| name.to_owned()).collect();
            assert_eq!(names, ["A.vst3/one", "A.vst3/two", "B.txt"]);
            fs::remove_dir_all(&folder).unwrap();
            files.archive("top").unwrap()
        };
        let first = archive(["one", "two"]);
        // Long enough for the files' own times to differ.
        std::thread::sleep(std::time::Duration::from_millis(2100));
        assert_eq!(first, archive(["two", "one"]));
        let mut read = tar::Archive::new(flate2::read::GzDecoder::new(&first[..]));
        let modes: Vec<_> = read
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().header().mode().unwrap())
            .collect();
        assert_eq!(modes, [0o755, 0o755, 0o644]);
    }
}
