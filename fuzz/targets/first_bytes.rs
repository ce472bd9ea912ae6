#![no_main]

use axum_trailers_server::fuzzing::first_bytes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let [step, bytes @ ..] = data {
        first_bytes(bytes, usize::from(*step).max(1));
    }
});
