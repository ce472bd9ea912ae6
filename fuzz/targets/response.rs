#![no_main]

use axum_trailers_client::fuzzing::{http1_response, http2_response};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [step, bytes @ ..] = data else { return };
    let (step, is_http2) = (usize::from(*step >> 1).max(1), step & 1 == 1);
    if is_http2 { http2_response(bytes, step) } else { http1_response(bytes, step) }
});
