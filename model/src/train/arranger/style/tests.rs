//! Styles that are learned from phrases made here, on a tiny network.

use candle_core::{Device, Tensor};

use super::lesson::StylePlan;
use super::*;
use crate::data::{Piece, Split};
use crate::family::arranger::harmony::HarmonyInput;
use crate::family::arranger::{ArrangerConfig, Network};
use crate::nn::init::Store;
use crate::roll::notes::{GridNote, NoteRoll};
use crate::weights::read_style;

const SHAPE: ArrangerConfig = ArrangerConfig {
    base_channels: 4,
    residual_blocks: 1,
    harmony: HarmonyInput::Triads,
    attributes: true,
};

/// A piece of `phrases` phrases in which every note is a fifth above the last, an octave or more
/// down now and then.
fn piece(file: &str, phrases: u8) -> ([u8; 32], Piece) {
    let phrase = |number: u8| -> NoteRoll {
        let notes = (0..32u8).map(|note| GridNote {
            start: 2 * note,
            row: 20 + (number + 7 * (note % 24)) % 40,
            length: 1,
        });
        notes.collect()
    };
    let piece = Piece {
        file: file.into(),
        source: "here".into(),
        split: Split::Train,
        weight: 1.0,
        rolls: (0..phrases).map(phrase).collect::<Vec<_>>().into(),
    };
    ([file.as_bytes()[0]; 32], piece)
}

fn music(pieces: Vec<([u8; 32], Piece)>) -> Result<Music, (String, String)> {
    Music::of_pieces(pieces, "no file left out".into()).unwrap()
}

/// A network with weights of its own that are no variables, as from a file.
fn network(seed: u64) -> Network {
    let store = Store::new(seed);
    Network::new(&SHAPE, &store.builder(&Device::Cpu)).unwrap();
    let plain = store.variables().into_iter();
    let plain = plain.map(|(name, v)| (name, Tensor::clone(v.as_detached_tensor().as_ref())));
    let plain = plain.collect();
    let vb = candle_nn::VarBuilder::from_tensors(plain, candle_core::DType::F32, &Device::Cpu);
    Network::new(&SHAPE, &vb).unwrap()
}

fn genres() -> Vec<(Genre, usize)> {
    vec![(Genre::Jazz, 0), (Genre::Pop, 2)]
}

#[test]
fn whole_files_are_kept_back_by_what_is_in_them() {
    let pieces = || vec![piece("b", 6), piece("a", 5), piece("c", 9), piece("d", 8)];
    let one = music(pieces()).unwrap();
    assert_eq!(
        (one.files.len(), one.kept_files.as_slice()),
        (3, &["a".to_owned()][..])
    );
    assert_eq!((one.learned.len(), one.kept_back.len()), (23, 5));
    let again = music(pieces().into_iter().rev().collect()).unwrap();
    assert_eq!((&one.learned, &one.hash), (&again.learned, &again.hash));
    // Of two long ones the shorter.
    let two = music(vec![piece("a", 30), piece("b", 20)]).unwrap();
    assert_eq!(two.kept_files, ["b"]);
}

#[test]
fn too_little_music_says_what_was_found() {
    let (found, left_out) = music(vec![piece("a", 40)]).unwrap_err();
    assert_eq!(
        (&*found, &*left_out),
        ("40 phrases in 1 file", "no file left out")
    );
    let (found, _) = music(vec![piece("a", 1), piece("b", 15)]).unwrap_err();
    assert_eq!(found, "16 phrases in 2 files");
    let empty = tempfile::tempdir().unwrap();
    let said = Music::read(empty.path()).unwrap_err().to_string();
    assert!(said.contains("MIDI"), "{said}");
}

#[test]
fn a_style_learns_its_music_alone_and_its_file_says_so() {
    let music = music(vec![piece("a", 8), piece("b", 20), piece("c", 20)]).unwrap();
    let plan = StylePlan {
        steps: 40,
        batch: 4,
        seed: 1,
    };
    let learn = || {
        let mut lesson = StyleFit::new(network(3), genres(), &music, plan).unwrap();
        for _ in 0..plan.steps {
            lesson.step().unwrap();
        }
        lesson
    };
    let lesson = learn();
    let about = About {
        name: "Fifths".into(),
        seed: 1,
        commit: "none".into(),
    };
    let (bytes, scores) = finish(&lesson, &music, b"base", &about).unwrap();
    assert!(scores.gain() > 0.05, "{scores:?}");
    let (header, columns, palette) = read_style(&bytes).unwrap();
    let style = header.style().unwrap();
    assert_eq!(palette.len(), style.phrases);
    assert_eq!(style.base, weights::sha256(b"base"));
    assert_eq!((&*style.name, style.phrases), ("Fifths", 40));
    assert_eq!(
        (style.files.len(), &*style.kept_back),
        (2, &["a".to_owned()][..])
    );
    assert!(!style.swings);
    assert_eq!(header.scores["loss"], f64::from(scores.style));
    assert_eq!(
        header.scores[&format!("loss {}", scores.best().0)],
        f64::from(scores.best().1)
    );
    // What was measured is what the file's numbers give.
    assert_eq!(
        lesson.loss_of(&columns, &music.kept_back).unwrap(),
        scores.style
    );
    // The network's own genres are what they were.
    let fresh = StyleFit::new(network(3), genres(), &music, plan).unwrap();
    assert_eq!(
        fresh.losses_of_genres(&music.kept_back).unwrap(),
        scores.genres
    );
    assert_eq!(learn().columns().unwrap(), lesson.columns().unwrap());
}
