//! How gRPC reports a failure in its trailers
//! ([gRPC over HTTP/2, Responses](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses)).

use http_02::HeaderName;
use std::fmt::Write;

pub(super) const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
pub(super) const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

pub(super) const OK: u8 = 0;
pub(super) const INTERNAL: u8 = 13;

/// Encodes a `grpc-message`: printable ASCII except `%` stays, every other byte of the UTF-8 becomes `%` and two
/// digits.
pub(super) fn percent_encoded(message: &str) -> String {
    let mut encoded = String::with_capacity(message.len());
    for byte in message.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => encoded.push(char::from(byte)),
            _ => write!(encoded, "%{byte:02X}").expect("memory"),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_printable_ascii_is_encoded() {
        assert_eq!(percent_encoded("Database connection lost at row 7"), "Database connection lost at row 7");
        assert_eq!(percent_encoded("100 % ~ at\nrow ä"), "100 %25 ~ at%0Arow %C3%A4");
    }
}
