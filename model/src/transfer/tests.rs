//! Styles of the user's own beside the networks of either family.

use candle_core::Device;

use super::*;
use crate::family::arranger::NormColumn;
use crate::roll::notes::GridNote;
use crate::shipped;
use crate::weights::{Style, read_palettes, sha256, write_style};

/// The file of a style with the numbers of the second genre of an arranger.
pub(crate) fn style(name: &str, base: &[u8]) -> Vec<u8> {
    let (header, network) = read_network(base, &Device::Cpu).unwrap();
    let columns: NormColumn = network.columns(1).unwrap();
    let header = Header::new(FamilyHeader::Style(Style {
        name: name.to_owned(),
        base: sha256(base),
        network: header.arranger().unwrap().network,
        near: "classic".into(),
        swings: false,
        files: vec!["a.mid".into()],
        kept_back: vec!["b.mid".into()],
        phrases: 20,
    }));
    let palettes = read_palettes(base).unwrap();
    let palette = palettes.get(1).map(|(_, palette)| palette.clone());
    write_style(&header, &columns, &palette.unwrap_or_default()).unwrap()
}

fn phrase() -> NoteRoll {
    let note = |beat: u8| GridNote::new(4 * beat, 30 + (5 * beat) % 12, 4);
    (0..16).map(note).collect()
}

#[test]
fn a_style_is_a_target_of_the_weights_that_it_was_learned_on() {
    let base = Transfer::from_bytes(shipped::arranger()).unwrap();
    let bytes = style("Mine", shipped::arranger());
    assert!(bytes.len() < 64 << 10, "{}", bytes.len());
    let style = LearnedStyle::from_bytes(&bytes).unwrap();
    base.takes(&style).unwrap();
    // Its numbers are the second genre's; the takes differ, since it is another target.
    let own = base.edits_in_style(&phrase(), &style, &Wish::default());
    let own = own.unwrap();
    assert!(own.count() > 0);
    let again = base.edits_in_style(&phrase(), &style, &Wish::default());
    assert!(own == again.unwrap());
    check(&bytes).unwrap();
}

#[test]
fn a_style_is_refused_beside_other_weights() {
    let bytes = style("Mine", shipped::arranger());
    let style = LearnedStyle::from_bytes(&bytes).unwrap();
    let mut header = Header::read(shipped::arranger()).unwrap();
    header.seed += 1;
    let other = crate::weights::with_header(shipped::arranger(), &header).unwrap();
    let other = Transfer::from_bytes(&other).unwrap();
    let said = other.takes(&style).unwrap_err().to_string();
    let base = &sha256(shipped::arranger())[..12];
    assert!(
        said.contains(&format!("\"Mine\" was learned on the weights {base}")),
        "{said}"
    );
    assert!(
        other
            .edits_in_style(&phrase(), &style, &Wish::default())
            .is_err()
    );
    let gan = Transfer::from_bytes(shipped::cyclegan()).unwrap();
    let said = gan.takes(&style).unwrap_err().to_string();
    assert!(said.contains("is CycleGAN, expected arranger"), "{said}");
    // A style alone is no network.
    let said = Transfer::from_bytes(&bytes).unwrap_err().to_string();
    assert!(said.contains("the family is style"), "{said}");
    assert!(LearnedStyle::from_bytes(shipped::arranger()).is_err());
}
