#![no_main]

use axum_trailers_quic::fuzzing::{field_section, frames};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [step, bytes @ ..] = data else { return };
    frames(bytes, usize::from(*step).max(1));
    field_section(bytes);
    // The same as the sections of a message.
    if let Ok(length) = u8::try_from(bytes.len()) {
        let section = [&[1, 0x40, length], bytes].concat();
        let request = [1, 5, 0, 0, 0xd1, 0xd7, 0xc1];
        frames(&[&request[..], &[0, 1, b'a'], &section].concat(), usize::from(*step).max(1));
        frames(&section, usize::from(*step).max(1));
    }
});
