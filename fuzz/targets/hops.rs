#![no_main]

use axum_trailers_workbench::fuzzing::hops;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| hops(data));
