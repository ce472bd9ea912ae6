/// The protocol that a connection is to speak.
///
/// What follows from it is asked by a question, so that a further protocol has to answer each of them here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// ALPN names, the preferred first.
pub(crate) const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

impl Protocol {
    /// The protocol that ALPN chose. A client without ALPN gets HTTP/1.1: HTTP/2 over TLS is chosen by ALPN alone
    /// ([RFC 9113 §3.2](https://www.rfc-editor.org/rfc/rfc9113#section-3.2)).
    pub(crate) fn chosen_by(alpn: Option<&[u8]>) -> Self {
        if alpn == Some(ALPN[0]) { Self::Http2 } else { Self::Http1 }
    }

    /// Whether each request has a stream, which ends and breaks off by itself. Otherwise the end of the connection may be
    /// the end of a response, and the next request begins behind the content of the one before.
    pub(crate) fn has_streams(self) -> bool {
        match self {
            Self::Http1 => false,
            Self::Http2 => true,
        }
    }

    /// Whether bytes that move are those of a request or of its response. Over HTTP/2 they may be another stream's, or
    /// those of `PING` frames on a connection that asks for nothing.
    pub(crate) fn bytes_prove_progress(self) -> bool {
        match self {
            Self::Http1 => true,
            Self::Http2 => false,
        }
    }

    /// Whether a client that takes its response says so, by `WINDOW_UPDATE`. Over HTTP/1.1 what it says is no sign of it: a
    /// request head may come byte by byte.
    pub(crate) fn has_flow_control(self) -> bool {
        match self {
            Self::Http1 => false,
            Self::Http2 => true,
        }
    }

    /// Whether TLS records may wait for the next one. Over HTTP/2 alone hyper reads whenever it is woken, and so gives the
    /// guard the occasion to send it.
    pub(crate) fn can_cork(self) -> bool {
        match self {
            Self::Http1 => false,
            Self::Http2 => true,
        }
    }

    /// Whether a client that expects `100 Continue` gets it once its content is asked for. hyper sends it over HTTP/1.1.
    pub(crate) fn sends_continue(self) -> bool {
        match self {
            Self::Http1 => true,
            Self::Http2 => false,
        }
    }

    /// Whether the rest of a request is taken in once its content is dropped. Over HTTP/2 a reset in place of it makes some
    /// clients drop the response.
    pub(crate) fn drains_unread_requests(self) -> bool {
        match self {
            Self::Http1 => false,
            Self::Http2 => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpn_decides_and_its_absence_means_http1() {
        assert_eq!(Protocol::chosen_by(Some(b"h2")), Protocol::Http2);
        assert_eq!(Protocol::chosen_by(Some(b"http/1.1")), Protocol::Http1);
        assert_eq!(Protocol::chosen_by(None), Protocol::Http1);
    }
}
