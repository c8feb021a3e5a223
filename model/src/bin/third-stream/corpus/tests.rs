//! The starter corpus in the repository is what its rules make.

use super::*;

/// The starter corpus in the repository.
fn starter() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus"))
}

/// Makes the starter corpus from `data` and compares it with that of the repository.
fn made_from(data: &Path) {
    let out = tempfile::tempdir().unwrap();
    for table in ["authors.csv", "left-out.csv"] {
        std::fs::copy(starter().join(table), out.path().join(table)).unwrap();
    }
    run(&CorpusArgs {
        data: data.to_owned(),
        out: out.path().to_owned(),
    })
    .unwrap();
    let read = |folder: &Path, name| std::fs::read(folder.join(name)).unwrap();
    let both = |name| [starter(), out.path()].map(|folder| read(folder, name));
    let [kept, made] = both(MANIFEST);
    assert_eq!(String::from_utf8(kept), String::from_utf8(made));
    for name in ["jazz.tar.gz", "classical.tar.gz"] {
        // Another compressor may pack the same otherwise.
        let [kept, made] = both(name).map(|packed| {
            let mut bytes = Vec::new();
            GzDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
            bytes
        });
        assert!(kept == made, "{name} differs");
    }
}

#[test]
fn the_starter_corpus_comes_from_itself() {
    made_from(starter());
}

#[test]
fn the_starter_corpus_comes_from_the_whole_corpus() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");
    let place = std::env::var_os("THIRD_STREAM_DATA").map_or_else(|| beside.into(), PathBuf::from);
    if place.join(MANIFEST).is_file() {
        made_from(&place);
    } else {
        println!("skipped: no whole corpus in {}", place.display());
    }
}

#[test]
fn packing_twice_gives_the_same_bytes() {
    let rows = rows::chosen(&starter().join(MANIFEST), starter()).unwrap();
    let jazz: Vec<&Row> = rows.iter().filter(|row| row.is_of(Genre::Jazz)).collect();
    let from = starter().join("jazz.tar.gz");
    assert!(archive(&from, &jazz).unwrap() == archive(&from, &jazz).unwrap());
}

#[test]
fn a_work_is_free_when_all_its_authors_are_long_dead() {
    let table = tempfile::NamedTempFile::new().unwrap();
    let text =
        "author,died\nGus Kahn,1941\nIsham Jones,1956\nWalter Donaldson,1947\n[Traditional],\n";
    std::fs::write(table.path(), text).unwrap();
    let authors = age::Authors::read(table.path()).unwrap();
    let free = |folder: &str| {
        let source = format!("github.com/x/y : dataset/{folder}/Song/Song.mxl");
        authors.free(&age::authors("openewld", &source, "as it may be"))
    };
    let both = "Gus Kahn (1941); Walter Donaldson (1947)";
    assert_eq!(free("Gus_Kahn-Walter_Donaldson").as_deref(), Some(both));
    assert_eq!(free("[Traditional]").as_deref(), Some("[Traditional]"));
    assert_eq!(free("Gus_Kahn-Isham_Jones"), None);
    assert_eq!(free("Gus_Kahn-Somebody"), None);
    assert_eq!(free(""), None);
}

#[test]
fn an_archive_without_a_named_file_is_an_error() {
    let rows = rows::chosen(&starter().join(MANIFEST), starter()).unwrap();
    let jazz: Vec<&Row> = rows.iter().filter(|row| row.is_of(Genre::Jazz)).collect();
    let why = archive(&starter().join("classical.tar.gz"), &jazz).unwrap_err();
    let why = why.to_string();
    assert!(why.contains("has no jazz/mutopia-ragtime/"), "{why}");
    assert!(why.ends_with("which its manifest names"), "{why}");
}
