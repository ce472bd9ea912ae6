#![no_main]

use axum_trailers_server::fuzzing::chunked_framing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let [step, content @ ..] = data {
        chunked_framing(content, usize::from(*step).max(1));
    }
});
