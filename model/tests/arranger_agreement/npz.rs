//! Arrays of a compressed `.npz` file, as numpy's `savez_compressed` writes it.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use candle_core::{Device, Tensor};
use flate2::bufread::DeflateDecoder;

/// The arrays of a file as f32, by name.
pub(crate) fn read(path: &Path) -> HashMap<String, Tensor> {
    let file = std::fs::read(path).unwrap();
    let mut left = &file[..];
    let mut arrays = HashMap::new();
    while left.starts_with(b"PK\x03\x04") {
        let short = |at: usize| usize::from(u16::from_le_bytes([left[at], left[at + 1]]));
        assert_eq!(short(8), 8, "deflated");
        let (name, data) = left[30..].split_at(short(26));
        let name = String::from_utf8(name.to_vec()).unwrap();
        let data = &data[short(28)..];
        let mut decoder = DeflateDecoder::new(data);
        let mut bytes = Vec::new();
        decoder.read_to_end(&mut bytes).unwrap();
        left = &data[decoder.total_in() as usize..];
        arrays.insert(name.trim_end_matches(".npy").to_owned(), array(&bytes));
    }
    arrays
}

fn array(bytes: &[u8]) -> Tensor {
    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let text = String::from_utf8_lossy(&bytes[10..header]);
    let between = |from: &str, to: char| {
        let rest = text.split(from).nth(1).unwrap();
        rest.split(to).next().unwrap().to_owned()
    };
    let shape = between("'shape': (", ')');
    let shape: Vec<usize> = shape
        .split(',')
        .filter_map(|n| n.trim().parse().ok())
        .collect();
    let data = &bytes[header..];
    let values: Vec<f32> = match between("'descr': '", '\'').as_str() {
        "|u1" => data.iter().map(|value| f32::from(*value)).collect(),
        "<f4" => data
            .as_chunks()
            .0
            .iter()
            .map(|b| f32::from_le_bytes(*b))
            .collect(),
        "<f8" => data
            .as_chunks()
            .0
            .iter()
            .map(|b| f64::from_le_bytes(*b) as f32)
            .collect(),
        "<i8" => data
            .as_chunks()
            .0
            .iter()
            .map(|b| i64::from_le_bytes(*b) as f32)
            .collect(),
        other => panic!("an array of {other}"),
    };
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}
