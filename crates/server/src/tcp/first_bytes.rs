use crate::connection::Protocol;

/// The first bytes of an HTTP/2 client ([RFC 9113 §3.4](https://www.rfc-editor.org/rfc/rfc9113#section-3.4)).
pub(super) const HTTP2_PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Compares a connection's first bytes with its protocol.
#[derive(Debug)]
pub(crate) struct FirstBytes {
    expected: Protocol,
    matched: usize,
}

/// The result after some of the first bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    TooEarly,
    AsChosen,
    Other,
}

impl FirstBytes {
    pub(crate) fn of(expected: Protocol) -> Self {
        Self { expected, matched: 0 }
    }

    /// Takes the next bytes. Call it until the verdict is not [`Verdict::TooEarly`].
    pub(crate) fn next(&mut self, bytes: &[u8]) -> Verdict {
        let awaited = HTTP2_PREFACE.get(self.matched..).unwrap_or_default();
        let compared = bytes.len().min(awaited.len());
        let is_preface_so_far = bytes.get(..compared) == awaited.get(..compared);
        self.matched += compared;
        let spoken = match is_preface_so_far {
            true if self.matched < HTTP2_PREFACE.len() => return Verdict::TooEarly,
            true => Protocol::Http2,
            false => Protocol::Http1,
        };
        if spoken == self.expected { Verdict::AsChosen } else { Verdict::Other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(expected: Protocol, bytes: &[u8], step: usize) -> Verdict {
        let mut first = FirstBytes::of(expected);
        bytes
            .chunks(step)
            .map(|part| first.next(part))
            .find(|v| *v != Verdict::TooEarly)
            .unwrap_or(Verdict::TooEarly)
    }

    #[test]
    fn only_the_chosen_protocol_passes_however_its_bytes_are_split() {
        let http2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04";
        let http1 = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
        for step in 1..=64 {
            assert_eq!(verdict(Protocol::Http2, http2, step), Verdict::AsChosen);
            assert_eq!(verdict(Protocol::Http1, http1, step), Verdict::AsChosen);
            assert_eq!(verdict(Protocol::Http1, http2, step), Verdict::Other);
            assert_eq!(verdict(Protocol::Http2, http1, step), Verdict::Other);
        }
    }

    #[test]
    fn method_that_begins_like_the_preface_is_http1() {
        assert_eq!(verdict(Protocol::Http1, b"PRINT / HTTP/1.1\r\n", 3), Verdict::AsChosen);
        assert_eq!(verdict(Protocol::Http2, b"PRINT / HTTP/1.1\r\n", 3), Verdict::Other);
        assert_eq!(verdict(Protocol::Http2, b"PRI", 1), Verdict::TooEarly);
    }
}
