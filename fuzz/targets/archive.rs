//! Fuzzes the corpus reader: a manifest and an archive of arbitrary bytes.
#![no_main]

use std::fs;
use std::path::Path;
use std::sync::Once;

use arbitrary::Arbitrary;
use flate2::Crc;
use libfuzzer_sys::fuzz_target;
use third_stream_model::data::{Corpus, CorpusSelection, Data};
use third_stream_model::genre::Genre;

/// A row of the manifest.
#[derive(Arbitrary, Debug)]
struct Row<'a> {
    file: u8,
    genre: u8,
    weight: u8,
    split: u8,
    class: u8,
    odd: Option<&'a str>,
}

/// Content of the archive.
#[derive(Arbitrary, Debug)]
enum Content<'a> {
    /// Raw bytes instead of an archive.
    Raw(&'a [u8]),
    /// A gzip stream of these bytes.
    Compressed(&'a [u8]),
    /// Files with these names.
    Files(Vec<(u8, &'a [u8])>),
}

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    manifest: Result<Vec<Row<'a>>, &'a [u8]>,
    content: Content<'a>,
    clean: bool,
    extra: bool,
}

fn name(number: u8) -> String {
    match number % 8 {
        7 => format!("jazz/../{number}.mid"),
        one => format!("jazz/source/{one}.mid"),
    }
}

fn manifest(rows: &[Row]) -> Vec<u8> {
    let mut text = String::from(
        "file,genre,composition_id,tier,suggested_phrase_weight,split,licence_class\n",
    );
    for row in rows {
        let pick = |from: [&str; 4], by: u8| from[usize::from(by % 4)].to_owned();
        let odd = || row.odd.unwrap_or("x").to_owned();
        let genre = pick(["jazz", "jazz", "classical", "rock"], row.genre);
        let weight = pick(["1", "0.5", "NaN", "1e39"], row.weight);
        let split = pick(["train", "train", "test", "neither"], row.split);
        let class = pick(["clean", "clean", "unclear", ""], row.class);
        text.push_str(&format!(
            "{},{genre},{},core,{weight},{split},{class}\n",
            name(row.file),
            odd(),
        ));
    }
    text.into_bytes()
}

/// Gzip with one stored block: building a compressor dominates the run time otherwise.
fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(bytes);
    let mut gz = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];
    let blocks = bytes.chunks(usize::from(u16::MAX));
    let last = blocks.len();
    for (number, block) in (1..).zip(blocks) {
        let length = block.len() as u16;
        gz.push(u8::from(number == last));
        gz.extend(length.to_le_bytes());
        gz.extend((!length).to_le_bytes());
        gz.extend(block);
    }
    gz.extend(crc.sum().to_le_bytes());
    gz.extend(crc.amount().to_le_bytes());
    gz
}

fn archive(content: &Content) -> Vec<u8> {
    match content {
        Content::Raw(bytes) => bytes.to_vec(),
        Content::Compressed(bytes) => compressed(bytes),
        Content::Files(files) => {
            let mut tar = tar::Builder::new(Vec::new());
            for (number, bytes) in files {
                let mut header = tar::Header::new_gnu();
                header.set_size(bytes.len() as u64);
                header.set_cksum();
                let _ = tar.append_data(&mut header, name(*number), *bytes);
            }
            compressed(&tar.into_inner().expect("into memory"))
        }
    }
}

/// Speeds up the reader: no worker thread, because the hand-over takes longer than the work, and
/// files in memory where the system has such a folder.
fn quickly() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() {
            tempfile::env::override_temp_dir(memory).expect("set once");
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .use_current_thread();
        pool.build_global().expect("the only pool");
    });
}

thread_local! {
    static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a folder");
}

fuzz_target!(|input: Input| {
    quickly();
    FOLDER.with(|folder| {
        let rows = match &input.manifest {
            Ok(rows) => manifest(rows),
            Err(bytes) => bytes.to_vec(),
        };
        fs::write(folder.path().join("MANIFEST.csv"), rows).expect("a manifest");
        fs::write(folder.path().join("jazz.tar.gz"), archive(&input.content)).expect("an archive");
        let corpus = Corpus::Archives(folder.path().to_owned());
        let selection = CorpusSelection {
            clean: input.clean,
            extra: input.extra,
        };
        if let Err(error) = Data::read(&corpus, &[Genre::Jazz], selection, None) {
            assert!(!error.to_string().is_empty());
        }
    });
});
