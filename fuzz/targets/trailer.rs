#![no_main]

use axum_trailers::trailers::fuzzing::trailer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let lines: Vec<_> = data.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    trailer(&lines);
});
