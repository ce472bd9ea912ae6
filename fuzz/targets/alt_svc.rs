#![no_main]

use axum_trailers_client::fuzzing::alt_svc;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| alt_svc(data));
