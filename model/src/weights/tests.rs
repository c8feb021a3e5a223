//! Files that are read again, and files that are refused.

use super::*;
use crate::family::arranger::ArrangerConfig;
use crate::family::cyclegan::GeneratorConfig;
use crate::nn::init::Store;
use crate::roll::{LOWEST_KEY, PITCHES, STEPS};

fn header() -> Header {
    Header {
        format: FORMAT,
        roll: (STEPS, PITCHES, LOWEST_KEY),
        family: FamilyHeader::CycleGan(CycleGanHeader {
            pair: "jazz-classic".into(),
            generator: GeneratorConfig::new(1, 1, 2.0),
            threshold: [0.5, 0.5],
        }),
        recipe: "test".into(),
        steps: 3,
        seed: 4,
        data: "none".into(),
        commit: "none".into(),
        scores: BTreeMap::new(),
    }
}

fn of(header: &mut Header) -> &mut CycleGanHeader {
    match &mut header.family {
        FamilyHeader::CycleGan(cyclegan) => cyclegan,
        FamilyHeader::Arranger(_) | FamilyHeader::Style(_) => unreachable!(),
    }
}

fn tensors(config: &GeneratorConfig, seed: u64) -> BTreeMap<String, Tensor> {
    let store = Store::new(seed);
    Generator::new(config, &store.builder(&Device::Cpu)).unwrap();
    store
        .variables()
        .into_iter()
        .map(|(n, v)| (n, v.as_tensor().clone()))
        .collect()
}

fn file(header: &Header) -> Vec<u8> {
    let config = header.cyclegan().unwrap().generator;
    write(header, [&tensors(&config, 1), &tensors(&config, 2)]).unwrap()
}

#[test]
fn what_is_written_is_read_again() {
    let bytes = file(&header());
    let (read, _) = read_generators(&bytes, &Device::Cpu).unwrap();
    assert_eq!(read, header());
    assert_eq!(
        bytes,
        file(&header()),
        "the bytes do not depend on the order of a map"
    );
}

#[test]
fn foreign_cut_and_other_files_are_refused_with_a_reason() {
    let message = |bytes: &[u8]| {
        read_generators(bytes, &Device::Cpu)
            .unwrap_err()
            .to_string()
    };
    let bytes = file(&header());
    assert!(message(b"MThd").contains("not a whole safetensors file"));
    assert!(message(&bytes[..bytes.len() - 9]).contains("not a whole safetensors file"));
    let mut newer = header();
    newer.format = 9;
    assert!(message(&file(&newer)).contains("the format version is 9, expected 1 to 2"));
    let mut rock = header();
    of(&mut rock).pair = "rock-polka".into();
    assert!(message(&file(&rock)).contains("rock-polka"));
    let mut larger = header();
    of(&mut larger).generator.residual_blocks = 2;
    let config = header().cyclegan().unwrap().generator;
    let bytes = write(&larger, [&tensors(&config, 1), &tensors(&config, 2)]).unwrap();
    assert!(message(&bytes).contains("does not hold the networks"));
    let mut huge = header();
    of(&mut huge).generator.base_channels = usize::MAX;
    let bytes = write(&huge, [&tensors(&config, 1), &tensors(&config, 2)]).unwrap();
    assert!(message(&bytes).contains("1 to 256 channels"));
}

/// A safetensors file with this header and `data` bytes of data.
fn hostile(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

#[test]
fn hostile_headers_are_refused_before_anything_is_made_of_them() {
    let message = |bytes: &[u8]| {
        read_generators(bytes, &Device::Cpu)
            .unwrap_err()
            .to_string()
    };
    let good = file(&header());
    for length in [u64::MAX, u64::MAX / 2, 1 << 40, good.len() as u64] {
        let mut bytes = good.clone();
        bytes[..8].copy_from_slice(&length.to_le_bytes());
        let said = message(&bytes);
        assert!(said.contains("not a whole safetensors file"), "{said}");
    }
    // Sizes whose product, or whose bytes, are more than a number holds; places that lie outside,
    // that go backwards, that lie over each other.
    let most = u64::MAX;
    let tensors = [
        format!(r#""ab.x":{{"dtype":"F16","shape":[{most},2],"data_offsets":[0,4]}}"#),
        format!(r#""ab.x":{{"dtype":"F16","shape":[{most}],"data_offsets":[0,4]}}"#),
        format!(r#""ab.x":{{"dtype":"F16","shape":[2],"data_offsets":[0,{most}]}}"#),
        r#""ab.x":{"dtype":"F16","shape":[2],"data_offsets":[4,0]}"#.to_owned(),
        r#""ab.x":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"ab.y":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}"#.to_owned(),
    ];
    for tensor in tensors {
        let said = message(&hostile(&format!("{{{tensor}}}"), 4));
        assert!(said.contains("not a whole safetensors file"), "{said}");
    }
    let nothing = r#"{"dtype":"F16","shape":[0],"data_offsets":[0,0]}"#;
    let million: Vec<_> = (0..1_000_000)
        .map(|number| format!(r#""{number}":{nothing}"#))
        .collect();
    let said = message(&hostile(&format!("{{{}}}", million.join(",")), 0));
    assert!(said.contains("the header's length is"), "{said}");
    assert!(said.contains("at most 1048576"), "{said}");
}
#[test]
fn another_header_leaves_the_networks_as_they_are() {
    let before = file(&header());
    let mut changed = header();
    of(&mut changed).threshold = [0.5, 0.61];
    let after = with_header(&before, &changed).unwrap();
    assert_eq!(Header::read(&after).unwrap(), changed);
    assert_eq!(with_header(&after, &header()).unwrap(), before);
    let cut = with_header(&before[..before.len() - 2], &changed);
    assert!(matches!(cut, Err(WeightsError::Unreadable(_))));
}

#[test]
fn a_file_of_the_first_format_is_a_cyclegan_s() {
    let before = r#"{"format":1,"roll":[64,84,24],"pair":"jazz-pop","generator":{"base_channels":8,"residual_blocks":2,"skip":2.0},"threshold":[0.5,0.6],"recipe":"r","steps":1,"seed":2,"data":"d","commit":"c","scores":{}}"#;
    let metadata = HashMap::from([(HEADER_KEY.to_owned(), before.to_owned())]);
    let none = Vec::<(String, Half)>::new();
    let bytes = safetensors::serialize(none, Some(metadata)).unwrap();
    let header = Header::read(&bytes).unwrap();
    let cyclegan = header.cyclegan().unwrap();
    assert_eq!((header.format, cyclegan.threshold), (1, [0.5, 0.6]));
    assert_eq!(header.pairs(), [crate::genre::Pair::JAZZ_POP]);
}

#[test]
fn an_arranger_plays_between_all_genres_that_it_knows() {
    let arranger = |genres: &[&str]| Header {
        family: FamilyHeader::Arranger(ArrangerHeader {
            network: ArrangerConfig::new(4, 1),
            genres: genres.iter().map(|name| (*name).to_owned()).collect(),
        }),
        ..header()
    };
    let read = |header: &Header| {
        Header::read(&write_arranger(header, &BTreeMap::new(), &[]).unwrap())
            .map_err(|error| error.to_string())
    };
    let all = arranger(&["jazz", "classic", "pop"]);
    assert_eq!(read(&all), Ok(all.clone()));
    assert_eq!(all.pairs(), crate::genre::Pair::ALL);
    assert_eq!(
        arranger(&["pop", "classic"]).pairs(),
        [crate::genre::Pair::CLASSIC_POP]
    );
    let said = read(&arranger(&["polka"])).unwrap_err();
    assert!(
        said.contains("the genres is polka, expected jazz, classic, pop"),
        "{said}"
    );
    assert!(all.cyclegan().is_err());
}
