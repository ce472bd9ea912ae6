#![no_main]

use axum_trailers::trailers::fuzzing::stream_error;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    stream_error(&String::from_utf8_lossy(data), data);
});
