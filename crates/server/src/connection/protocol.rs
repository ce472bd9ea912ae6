/// The protocol of a connection.
///
/// Each consequence of the protocol is a method, so a further protocol must define all of them here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
    #[cfg_attr(not(feature = "http3"), expect(dead_code, reason = "no such connection is accepted"))]
    Http3,
}

/// ALPN names in order of preference.
pub(crate) const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

impl Protocol {
    /// The protocol that ALPN chose. A client without ALPN gets HTTP/1.1: over TLS, HTTP/2 requires ALPN
    /// ([RFC 9113 §3.2](https://www.rfc-editor.org/rfc/rfc9113#section-3.2)).
    pub(crate) fn chosen_by(alpn: Option<&[u8]>) -> Self {
        if alpn == Some(ALPN[0]) { Self::Http2 } else { Self::Http1 }
    }

    /// Whether each request has a stream, which ends and breaks off by itself. Otherwise the end of the connection may
    /// be the end of a response, and the next request begins after the content of the previous one.
    pub(crate) fn has_streams(self) -> bool {
        match self {
            Self::Http1 => false,
            Self::Http2 | Self::Http3 => true,
        }
    }

    /// Whether bytes that move must belong to a request or its response. Over HTTP/2 and HTTP/3 they may belong to another
    /// stream, or be `PING` frames of an idle connection.
    pub(crate) fn bytes_prove_progress(self) -> bool {
        match self {
            Self::Http1 => true,
            Self::Http2 | Self::Http3 => false,
        }
    }

    /// Whether a client that reads its response confirms it, with `WINDOW_UPDATE` or `ACK`. Over HTTP/1.1 bytes from the client
    /// prove nothing: a request head may arrive byte by byte.
    pub(crate) fn has_flow_control(self) -> bool {
        match self {
            Self::Http1 => false,
            Self::Http2 | Self::Http3 => true,
        }
    }

    /// Whether TLS records may wait for the next one. Only over HTTP/2 does hyper read whenever it is woken, which lets
    /// the guard send the record.
    pub(crate) fn can_cork(self) -> bool {
        match self {
            Self::Http1 | Self::Http3 => false,
            Self::Http2 => true,
        }
    }

    /// Whether a client that expects `100 Continue` gets it once its content is polled. hyper sends it only over HTTP/1.1.
    pub(crate) fn sends_continue(self) -> bool {
        match self {
            Self::Http1 | Self::Http3 => true,
            Self::Http2 => false,
        }
    }

    /// Whether hyper stops reading while nobody reads a request's content. Then the guard has to check whether the client is
    /// still there.
    pub(crate) fn stops_reading(self) -> bool {
        match self {
            Self::Http1 => true,
            Self::Http2 | Self::Http3 => false,
        }
    }

    /// Whether a client is asked to stop sending once its content is dropped.
    pub(crate) fn stops_clients(self) -> bool {
        match self {
            Self::Http1 | Self::Http2 => false,
            Self::Http3 => true,
        }
    }

    /// Whether the stream of a stalled reader can be reset at once. hyper holds an HTTP/2 stream until its reader moves.
    pub(crate) fn resets_stalled_streams(self) -> bool {
        match self {
            Self::Http1 | Self::Http2 => false,
            Self::Http3 => true,
        }
    }

    /// Whether the wait for a client that has not got the end of its response ends by itself. hyper keeps an HTTP/2 stream for as
    /// long as its client leaves the window closed, and over HTTP/1.1 the kernel has the end.
    pub(crate) fn bounds_unanswered(self) -> bool {
        match self {
            Self::Http1 | Self::Http2 => false,
            Self::Http3 => true,
        }
    }

    /// Whether the rest of a request is read once its content is dropped. Over HTTP/2 a reset instead makes some
    /// clients drop the response. Over HTTP/3, `STOP_SENDING` with `H3_NO_ERROR` ends it
    /// ([RFC 9114 §4.1](https://www.rfc-editor.org/rfc/rfc9114#section-4.1)).
    pub(crate) fn drains_unread_requests(self) -> bool {
        match self {
            Self::Http1 | Self::Http3 => false,
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
