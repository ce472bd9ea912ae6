use quinn::TransportErrorCode;

/// The number of the TLS alert in an error code of QUIC, if there is one
/// ([RFC 9001 §4.8](https://www.rfc-editor.org/rfc/rfc9001#section-4.8)).
///
/// It is the peer's in [`ConnectionError::ConnectionClosed`](quinn::ConnectionError::ConnectionClosed), and that of this side in
/// [`ConnectionError::TransportError`](quinn::ConnectionError::TransportError).
#[must_use]
pub fn tls_alert(code: TransportErrorCode) -> Option<u8> {
    let alert = u64::from(code).checked_sub(CRYPTO_ERROR)?;
    u8::try_from(alert).ok()
}

const CRYPTO_ERROR: u64 = 0x100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_codes_of_the_handshake_contain_an_alert() {
        for alert in [0, 48, 120, 255] {
            assert_eq!(tls_alert(TransportErrorCode::crypto(alert)), Some(alert));
        }
        // Those of the registry of QUIC are below 0x100.
        for code in [TransportErrorCode::NO_ERROR, TransportErrorCode::NO_VIABLE_PATH] {
            assert_eq!(tls_alert(code), None);
        }
    }
}
