#![no_main]

use axum_trailers_server::fuzzing::forged_fields;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| forged_fields(data));
