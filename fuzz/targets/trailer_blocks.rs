#![no_main]

use axum_trailers_server::fuzzing::{begins_with_pseudo_header, http2_frames};
use fluke_hpack::Decoder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [step, block @ ..] = data else { return };
    let step = usize::from(*step).max(1);
    http2_frames(block, step);
    // `begins_with_pseudo_header` must agree with a decoder on every block that decodes. This decoder panics on some
    // changes of the table size, which begin with 0x3f.
    if !block.contains(&0x3f)
        && let Ok(fields) = Decoder::new().decode(block)
    {
        let expected = fields.first().is_some_and(|(name, _)| name.starts_with(b":"));
        assert_eq!(begins_with_pseudo_header(block), expected, "{fields:?}");
    }
    // The same block as the trailer section of a request. It may end the connection.
    let frame = |kind: u8, flags: u8, payload: &[u8]| {
        let length = (payload.len() as u32).to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
    };
    http2_frames(&[frame(1, 4, &[0x82]), frame(0, 0, b"x"), frame(1, 5, block)].concat(), step);
});
