//! Tests on made-up corpora in temporary folders, and on the real one where it is there.

use std::collections::BTreeSet;
use std::fs;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::*;
use crate::genre::Genre;
use crate::genre::Pair;
use crate::roll::{Roll, STEPS};

/// A MIDI file of `phrases` phrases, 16 notes each, on keys that `seed` moves.
pub(crate) fn midi(phrases: usize, seed: u64) -> Vec<u8> {
    use crate::smf::new_file;
    use midly::{Format, MidiMessage, TrackEventKind};
    let note = |note: u64| {
        let key = (48 + (seed * 5 + note * note * 7 + note * seed) % 24) as u8;
        [(note, 90), (note + 1, 0)].map(|(beat, vel)| {
            let (channel, key, vel) = (0.into(), key.into(), u8::into(vel));
            let message = MidiMessage::NoteOn { key, vel };
            (beat as u32 * 480, TrackEventKind::Midi { channel, message })
        })
    };
    let notes = (0..phrases as u64 * 16).flat_map(note).collect();
    new_file::bytes(Format::SingleTrack, 480, vec![new_file::track(notes, 0)]).unwrap()
}

const HEADER: &str = "file,genre,composition_id,tier,suggested_phrase_weight,split,licence_class";

/// A corpus with the given rows (without file and genre), one file each; `put` of them are in
/// the archive.
fn corpus(dir: &Path, genre: Genre, rows: &[&str], put: usize) {
    let folder = genre.folder();
    let mut manifest = vec![format!("{HEADER}\n")];
    let gz = flate2::write::GzEncoder::new(
        fs::File::create(dir.join(format!("{folder}.tar.gz"))).unwrap(),
        flate2::Compression::fast(),
    );
    let mut archive = tar::Builder::new(gz);
    for (number, row) in rows.iter().enumerate() {
        let file = format!("{folder}/here/{number}.mid");
        manifest.push(format!("{file},{folder},{row}\n"));
        if number < put {
            let bytes = match row.split(',').next() {
                Some("broken") => b"not midi".to_vec(),
                _ => midi(2, number as u64),
            };
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            archive
                .append_data(&mut header, file, bytes.as_slice())
                .unwrap();
        }
    }
    archive.into_inner().unwrap().finish().unwrap();
    fs::write(dir.join("MANIFEST.csv"), manifest.concat()).unwrap();
}

const ROWS: [&str; 7] = [
    "c0,core,0.5,train,clean",
    "c1,core,1,test,clean",
    "c2,core,1,train,unstated",
    "c3,core+duplicate,1,train,clean",
    "c4,extra,1,train,clean",
    "broken,core,1,train,clean",
    "c6,core,1,train,clean",
];

fn read(dir: &Path, selection: CorpusSelection) -> Result<Data, DataError> {
    let corpus = Corpus::Archives(dir.to_owned());
    Data::read(&corpus, &[Genre::Jazz], selection, Some(dir))
}

#[test]
fn the_manifest_chooses_and_every_file_left_out_has_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    corpus(dir.path(), Genre::Jazz, &ROWS, 6);
    let data = read(dir.path(), CorpusSelection::default()).unwrap();
    insta::assert_snapshot!(data.table(), @r"
    genre    split        pieces  phrases
    jazz     train             2        4
    jazz     test              1        2
    jazz: 4 files left out: 1 another edition of a piece that is used; 1 named in the manifest but not in the archive; 1 tier extra, not asked for; 1 unreadable, the first jazz/here/5.mid: not readable as MIDI: not a Standard MIDI file: no header; expected a file that begins with MThd
    ");
    let train = data.phrases(Genre::Jazz, Split::Train);
    assert_eq!(train.weights[0], 0.5);
    assert_eq!(data.sources(), ["here"]);

    let clean = CorpusSelection {
        clean: true,
        extra: true,
    };
    let data = read(dir.path(), clean).unwrap();
    insta::assert_snapshot!(data.table(), @r"
    genre    split        pieces  phrases
    jazz     train             3        6
    jazz     test              1        2
    jazz: 3 files left out: 1 licence class is not clean; 1 named in the manifest but not in the archive; 1 unreadable, the first jazz/here/5.mid: not readable as MIDI: not a Standard MIDI file: no header; expected a file that begins with MThd
    ");
}

#[test]
fn the_second_start_reads_the_kept_rolls_and_a_broken_file_of_them_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    corpus(dir.path(), Genre::Jazz, &ROWS, 6);
    let first = read(dir.path(), CorpusSelection::default()).unwrap();
    let kept = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "bin"))
        .unwrap();
    let second = read(dir.path(), CorpusSelection::default()).unwrap();
    assert_eq!(first.hash(), second.hash());
    assert_eq!(first.left_out(), second.left_out());

    let whole = fs::read(&kept).unwrap();
    for length in [0, 7, 60, whole.len() / 2, whole.len() - 1] {
        fs::write(&kept, &whole[..length]).unwrap();
        let again = read(dir.path(), CorpusSelection::default()).unwrap();
        assert_eq!(first.hash(), again.hash());
        assert_eq!(fs::read(&kept).unwrap(), whole, "made again");
    }
}

#[test]
fn a_corpus_that_is_not_there_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let text = |result: Result<Data, DataError>| {
        let text = result.unwrap_err().to_string();
        text.replace(&*dir.path().to_string_lossy(), "DIR")
    };
    insta::assert_snapshot!(text(read(dir.path(), CorpusSelection::default())), @"DIR: no MANIFEST.csv there; --data expects a folder with MANIFEST.csv and <genre>.tar.gz (for folders of MIDI files use --a and --b)");
    corpus(dir.path(), Genre::Pop, &ROWS, 1);
    insta::assert_snapshot!(text(read(dir.path(), CorpusSelection::default())), @"DIR/MANIFEST.csv: no row has the genre jazz; the genres there are: pop");
    corpus(dir.path(), Genre::Jazz, &ROWS, 1);
    fs::remove_file(dir.path().join("jazz.tar.gz")).unwrap();
    insta::assert_snapshot!(text(read(dir.path(), CorpusSelection::default())), @"DIR/jazz.tar.gz: no such archive; the manifest beside it expects one archive for each genre");
    corpus(dir.path(), Genre::Jazz, &ROWS, 0);
    insta::assert_snapshot!(text(read(dir.path(), CorpusSelection::default())), @"DIR/jazz.tar.gz: no phrase of jazz is left to train on; 7 files left out: 1 another edition of a piece that is used; 5 named in the manifest but not in the archive; 1 tier extra, not asked for");
    corpus(dir.path(), Genre::Jazz, &["c0,core,much,train,clean"], 1);
    insta::assert_snapshot!(text(read(dir.path(), CorpusSelection::default())), @"DIR/MANIFEST.csv: not a manifest: CSV deserialize error: record 1 (line: 2, byte: 75): field 4: invalid float literal; expected the columns that the corpus's README lists");
}

fn read_folders(folders: &[(Genre, &Path)]) -> Result<Data, DataError> {
    let folders: BTreeMap<Genre, PathBuf> = folders
        .iter()
        .map(|(genre, dir)| (*genre, dir.to_path_buf()))
        .collect();
    Data::read(
        &Corpus::Folders(folders),
        &Genre::ALL,
        CorpusSelection::default(),
        None,
    )
}

#[test]
fn folders_are_split_by_content_so_copies_and_names_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    for folder in [&one, &two] {
        fs::create_dir_all(folder.join("deep/er")).unwrap();
    }
    for number in 0..20 {
        fs::write(one.join(format!("{number}.mid")), midi(2, number)).unwrap();
        fs::write(two.join(format!("deep/er/x{number}.MID")), midi(2, number)).unwrap();
    }
    fs::write(two.join("again.mid"), midi(2, 3)).unwrap();
    fs::write(two.join("cut.mid"), &midi(2, 3)[..9]).unwrap();
    fs::write(two.join("text.txt"), "no music").unwrap();
    let data = read_folders(&[(Genre::Jazz, &one), (Genre::Pop, &two)]).unwrap();
    insta::assert_snapshot!(data.table(), @r"
    genre    split        pieces  phrases
    jazz     train            16       32
    jazz     validation        2        4
    jazz     test              2        4
    pop      train            16       32
    pop      validation        2        4
    pop      test              2        4
    jazz: no file left out
    pop: 3 files left out: 1 no MIDI file by its content or name; 1 the same bytes as another file; 1 unreadable, the first cut.mid: not readable as MIDI: not a Standard MIDI file: it ends inside the header; expected a file that begins with MThd
    ");
    for split in Split::ALL {
        let set = |genre| -> BTreeSet<[u128; STEPS]> {
            let rolls = data.phrases(genre, split).rolls.subset(usize::MAX).unwrap();
            rolls.iter().map(|roll| *roll.steps()).collect()
        };
        assert_eq!(set(Genre::Jazz), set(Genre::Pop));
        assert!(!set(Genre::Jazz).is_empty());
    }
}

#[test]
fn a_folder_without_music_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let text = |path: &Path| {
        let text = read_folders(&[(Genre::Jazz, path)])
            .unwrap_err()
            .to_string();
        text.replace(&*dir.path().to_string_lossy(), "DIR")
    };
    insta::assert_snapshot!(text(dir.path()), @"DIR: no MIDI file in it or its subfolders, by content or name (.mid, .midi, .smf, .kar, .rmi); 0 other files");
    insta::assert_snapshot!(text(&dir.path().join("none")), @"DIR/none: not a folder; expected a folder of MIDI files");
    fs::write(dir.path().join("song.mid"), "not midi").unwrap();
    insta::assert_snapshot!(text(dir.path()), @"DIR: no phrase of jazz is left to train on; 1 file left out: 1 unreadable, the first song.mid: not readable as MIDI: not a Standard MIDI file: no header; expected a file that begins with MThd");
}

#[test]
fn what_is_used_of_damaged_files_is_counted_at_both_starts() {
    let dir = tempfile::tempdir().unwrap();
    let music = dir.path().join("music");
    fs::create_dir(&music).unwrap();
    let cut = midi(3, 1);
    fs::write(music.join("cut.kar"), &cut[..cut.len() - 60]).unwrap();
    let mut long = midi(2, 2);
    long[21] += 1;
    fs::write(music.join("long, by content"), long).unwrap();
    fs::write(music.join("whole.smf"), midi(2, 3)).unwrap();
    let corpus = Corpus::Folders([(Genre::Jazz, music)].into());
    let tables = [(); 2].map(|()| {
        let read = Data::read(
            &corpus,
            &[Genre::Jazz],
            CorpusSelection::default(),
            Some(dir.path()),
        );
        let data = read.unwrap();
        let places: Vec<&str> = data.damaged().iter().map(|one| &*one.file).collect();
        assert_eq!(places, ["cut.kar", "long, by content"]);
        data.table()
    });
    assert_eq!(tables[0], tables[1]);
    insta::assert_snapshot!(tables[0], @r"
    genre    split        pieces  phrases
    jazz     train             3        6
    jazz: no file left out
    jazz: 2 damaged files read past the damage, 4 phrases of them used; the first cut.kar: track 1, byte 18: its length says 341 bytes, it has 281, and 1 more
    ");
}

#[test]
fn the_real_corpus_gives_the_manifest_s_phrases() {
    let place = std::env::var_os("THIRD_STREAM_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    if !place.join("MANIFEST.csv").is_file() {
        eprintln!("skipped: no corpus at {}", place.display());
        return;
    }
    let pair = Pair::JAZZ_CLASSIC;
    let corpus = Corpus::Archives(place);
    let data = Data::read(&corpus, &[pair.a, pair.b], CorpusSelection::default(), None).unwrap();
    let count = |genre, split| data.phrases(genre, split).rolls.len();
    let jazz = [Split::Train, Split::Validation].map(|split| count(Genre::Jazz, split));
    let classic = [Split::Train, Split::Validation].map(|split| count(Genre::Classic, split));
    // The manifest's counts for tiers core and semi-synthetic.
    assert_eq!(jazz.iter().sum::<usize>(), 4850 + 7893);
    assert_eq!(classic.iter().sum::<usize>(), 24149);
    assert_eq!(count(Genre::Jazz, Split::Test), 489 + 1027);
    assert_eq!(count(Genre::Classic, Split::Test), 2696);
    for [train, validation] in [jazz, classic] {
        let share = validation as f64 / (train + validation) as f64;
        assert!((0.04..0.13).contains(&share), "validation share {share}");
    }
    assert!(
        data.left_out()
            .iter()
            .all(|one| !matches!(one.reason, Reason::Unreadable(_)))
    );
}

#[test]
fn the_hash_changes_with_what_is_trained_on() {
    let piece = |split, rolls, weight| Piece {
        file: "x.mid".into(),
        source: "here".into(),
        split,
        weight,
        rolls: vec![Roll::EMPTY; rolls].into(),
    };
    let hash = |piece| {
        let pieces = BTreeMap::from([(Genre::Pop, vec![piece])]);
        let data = Data::of_pieces(pieces, Vec::new()).unwrap();
        data.hash().to_owned()
    };
    let one = hash(piece(Split::Train, 3, 1.0));
    assert_eq!(one, hash(piece(Split::Train, 3, 1.0)));
    assert_ne!(one, hash(piece(Split::Train, 4, 1.0)));
    assert_ne!(one, hash(piece(Split::Validation, 3, 1.0)));
    assert_ne!(one, hash(piece(Split::Train, 3, 2.0)));
}
