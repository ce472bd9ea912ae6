#![no_main]

use axum_trailers::digest::fuzzing::digest_fields;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let lines: Vec<_> = data.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    digest_fields(&lines);
});
