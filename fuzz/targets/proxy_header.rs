#![no_main]

use axum_trailers_server::fuzzing::proxy_header;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let [step, bytes @ ..] = data {
        proxy_header(bytes, usize::from(*step).max(1));
    }
});
