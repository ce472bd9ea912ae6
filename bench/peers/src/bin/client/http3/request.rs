use anyhow::{Result, ensure};
use bytes::Bytes;

/// The longest string whose length takes one byte, and the longest section whose length does.
const LONGEST: usize = 63;

/// The HEADERS frame of `GET` for this path. Its field section uses the static table only.
pub(crate) fn request(path: &str) -> Result<Bytes> {
    const AUTHORITY: &[u8] = b"localhost";
    // No dynamic table, `:method: GET`, `:scheme: https`.
    let mut section = vec![0, 0, 0xd1, 0xd7];
    // The names are those of the static table.
    for (name, value) in [(0x50, AUTHORITY), (0x51, path.as_bytes())] {
        section.extend([name, u8::try_from(value.len())?]);
        section.extend_from_slice(value);
    }
    section.extend_from_slice(b"\x22te\x08trailers");
    ensure!(section.len() <= LONGEST, "the path is too long: {path}");
    let mut frame = vec![0x01, u8::try_from(section.len())?];
    frame.extend(section);
    Ok(frame.into())
}
