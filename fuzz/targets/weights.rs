//! Fuzzes the reader of weights files.
#![no_main]

use candle_core::Device;
use libfuzzer_sys::fuzz_target;
use third_stream_model::weights::{Header, read_generators};

fuzz_target!(|bytes: &[u8]| {
    let header = Header::read(bytes);
    let read = read_generators(bytes, &Device::Cpu);
    if let (Err(header), Err(read)) = (&header, &read) {
        assert_eq!(header.to_string(), read.to_string());
    }
    assert!(read.is_err() || header.is_ok());
});
