use super::{ErrorCode, Printable};
use crate::{
    bounds::{MOST_HTTP1_FIELDS, MOST_SECTION},
    verify::VerifyError,
};
use std::{error::Error, io, iter, time::Duration};

/// How a transfer ended early. Its variants get no other fields; new ones may be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cut {
    /// The server reset the stream ([RFC 9113 §8.1](https://www.rfc-editor.org/rfc/rfc9113#section-8.1),
    /// [RFC 9114 §4.1.1](https://www.rfc-editor.org/rfc/rfc9114#section-4.1.1)).
    #[error("the server reset the stream with {code}")]
    Reset {
        /// The error code.
        code: ErrorCode,
    },
    /// The server ended the connection: over HTTP/2 with GOAWAY
    /// ([RFC 9113 §6.8](https://www.rfc-editor.org/rfc/rfc9113#section-6.8)), over HTTP/3 with `CONNECTION_CLOSE`
    /// ([RFC 9114 §5.3](https://www.rfc-editor.org/rfc/rfc9114#section-5.3)).
    #[error("the server ended the connection with {code}")]
    GoAway {
        /// The error code.
        code: ErrorCode,
    },
    /// The connection was closed before the end of the message.
    #[error("the connection was closed before the end of the message")]
    Closed,
    /// Less content arrived than `Content-Length` or `Content-Range` announces, in bytes. Over HTTP/2, a frame that exceeds the
    /// announced length does not count as content.
    #[error("{received} of {expected} bytes arrived")]
    Short {
        /// The announced number of bytes.
        expected: u64,
        /// The number of bytes that arrived.
        received: u64,
    },
    /// More content arrived than `Content-Length` or `Content-Range` announces, in bytes. A response without content
    /// announces 0 bytes.
    #[error("more than the announced {expected} bytes arrived")]
    Long {
        /// The announced number of bytes.
        expected: u64,
    },
    /// No byte arrived for this long, and in an upload the connection accepted none.
    #[error("no progress for {} s", .0.as_secs_f64())]
    Stalled(Duration),
    /// The transfer took longer than its total time.
    #[error("the transfer was not complete after {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// Only the end of the connection delimits the content, and a cut would look the same
    /// ([RFC 9112 §8](https://www.rfc-editor.org/rfc/rfc9112#section-8)).
    #[error("only the end of the connection ended the content, which may be incomplete")]
    EndUnknown,
    /// The message breaks a rule of its protocol.
    #[error("the message is malformed: {}", Printable(.0))]
    Malformed(String),
    /// A part of the message is larger than a bound of the client.
    #[error("the message is too large: {}", Printable(.0))]
    TooLarge(String),
    /// The request's own body failed, which ended the exchange. The trouble is on this side:
    /// [`Verdict::LocalTrouble`](crate::Verdict::LocalTrouble).
    #[error("the request body failed: {}", Printable(.0))]
    RequestBody(String),
    /// Another error of the body or of the connection.
    #[error("{}", Printable(.0))]
    Failed(String),
}

impl Cut {
    /// Classifies the error of a body or of a request by its sources.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut innermost = error;
        let mut by_kind = None;
        for error in chain(error) {
            if let Some(cut) = known(error) {
                return cut;
            }
            by_kind = error.downcast_ref().and_then(of_io).or(by_kind);
            innermost = error;
        }
        by_kind.unwrap_or_else(|| Self::Failed(innermost.to_string()))
    }
}

impl Cut {
    /// The same for an error of this client's connections, which names their bounds.
    pub(crate) fn of_connection(error: &(dyn Error + 'static)) -> Self {
        match Self::of(error) {
            Self::TooLarge(reason) if OF_SECTIONS.contains(&reason.as_str()) => Self::TooLarge(format!(
                "{reason}, at most {MOST_SECTION} bytes, and over HTTP/1.1 {MOST_HTTP1_FIELDS} fields, are accepted"
            )),
            cut => cut,
        }
    }

    /// Whether h2 has reset a stream because it breaks a rule, such as that content has the announced length.
    pub(crate) fn is_rule_of_stream(error: &(dyn Error + 'static)) -> bool {
        let of_h2 = chain(error).find_map(|error| error.downcast_ref::<h2::Error>());
        of_h2.is_some_and(|error| {
            error.is_library() && error.is_reset() && error.reason() == Some(h2::Reason::PROTOCOL_ERROR)
        })
    }
}

/// An error and its sources. No chain is that long; one that never ends must not hang.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |error| source(*error)).take(64)
}

const HEADER_SECTION: &str = "the header section is too large";
const TRAILER_FIELDS: &str = "the trailer section has too many fields";
const TRAILER_BYTES: &str = "the trailer section has too many bytes";

/// What has bounds of this client.
const OF_SECTIONS: [&str; 3] = [HEADER_SECTION, TRAILER_FIELDS, TRAILER_BYTES];

/// The cut that an error stands for, without its sources.
fn known(error: &(dyn Error + 'static)) -> Option<Cut> {
    if let Some(cut) = error.downcast_ref::<Cut>() {
        return Some(cut.clone());
    }
    if let Some(error) = error.downcast_ref::<VerifyError>() {
        return error.verdict().cut().cloned();
    }
    #[cfg(feature = "http3")]
    if let Some(error) = error.downcast_ref() {
        return Some(Cut::of_http3(error));
    }
    match error.downcast_ref() {
        Some(error) => of_h2(error),
        None => of_hyper(error.downcast_ref()?),
    }
}

fn of_h2(error: &h2::Error) -> Option<Cut> {
    let reason = error.reason()?;
    let code = ErrorCode::Http2(reason.into());
    // What h2 answers to a section far over the limit, and to too many frames.
    if error.is_library() && reason == h2::Reason::ENHANCE_YOUR_CALM {
        return Some(Cut::TooLarge("it exceeds a limit of the HTTP/2 connection".to_owned()));
    }
    if error.is_library() {
        return Some(Cut::Malformed(format!("it breaks a rule of HTTP/2 ({code})")));
    }
    match (error.is_remote(), error.is_go_away()) {
        (true, true) => Some(Cut::GoAway { code }),
        (true, false) => Some(Cut::Reset { code }),
        (false, _) => None,
    }
}

fn of_hyper(error: &hyper::Error) -> Option<Cut> {
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return Some(Cut::Closed);
    }
    if error.is_parse_too_large() {
        return Some(Cut::TooLarge(HEADER_SECTION.to_owned()));
    }
    error.is_parse().then(|| Cut::Malformed(error.to_string()))
}

fn of_io(error: &io::Error) -> Option<Cut> {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, InvalidData, InvalidInput, NotConnected,
        UnexpectedEof,
    };
    match error.kind() {
        BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof => Some(Cut::Closed),
        // hyper's, for chunked framing.
        InvalidData | InvalidInput => {
            let text = error.to_string();
            Some(match text.as_str() {
                "chunk trailers count overflow" => Cut::TooLarge(TRAILER_FIELDS.to_owned()),
                "chunk trailers bytes over limit" => Cut::TooLarge(TRAILER_BYTES.to_owned()),
                "chunk extensions over limit" => {
                    Cut::TooLarge("the extensions of chunks are too long".to_owned())
                }
                _ => Cut::Malformed(text),
            })
        }
        _ => None,
    }
}

/// The next inner error. `source` leaves out the error that an `io::Error` wraps, and that of h2.
fn source<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        return Some(inner);
    }
    match error.downcast_ref::<h2::Error>().and_then(h2::Error::get_io) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;
    use io::ErrorKind;

    /// An error with a source.
    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] Box<dyn Error + Send + Sync>);

    fn closed(kind: ErrorKind) -> (io::Error, Cut) {
        (kind.into(), Cut::Closed)
    }

    #[test]
    fn io_errors_are_classified_by_their_kind() {
        let malformed = |text: &str| Cut::Malformed(text.to_owned());
        for (error, cut) in [
            closed(ErrorKind::UnexpectedEof),
            closed(ErrorKind::ConnectionReset),
            closed(ErrorKind::ConnectionAborted),
            closed(ErrorKind::BrokenPipe),
            closed(ErrorKind::NotConnected),
            (io::Error::new(ErrorKind::UnexpectedEof, "in a chunk"), Cut::Closed),
            (io::Error::new(ErrorKind::InvalidData, "bad chunk"), malformed("bad chunk")),
            (io::Error::new(ErrorKind::InvalidInput, "bad size"), malformed("bad size")),
            (io::Error::new(ErrorKind::TimedOut, "too slow"), Cut::Failed("too slow".to_owned())),
            (io::Error::other("disk"), Cut::Failed("disk".to_owned())),
        ] {
            assert_eq!(Cut::of(&error), cut, "{error:?}");
            let text = error.to_string();
            assert_eq!(Cut::of(&Outer(Box::new(error))), cut, "{text}");
        }
    }

    #[test]
    fn innermost_known_error_counts() {
        let reset = || h2::Error::from(h2::Reason::CANCEL);
        let cut = || Cut::Reset { code: ErrorCode::Http2(8) };
        let digest_differs = VerifyError::new(Verdict::Unverified);
        let cases: [(Box<dyn Error + Send + Sync>, Cut); 7] = [
            (Box::new(cut()), cut()),
            (Box::new(Outer(Box::new(cut()))), cut()),
            (Box::new(io::Error::other(Outer(Box::new(cut())))), cut()),
            (Box::new(io::Error::new(ErrorKind::UnexpectedEof, Outer(Box::new(cut())))), cut()),
            (Box::new(VerifyError::new(Verdict::Cut(cut()))), cut()),
            (Box::new(digest_differs), Cut::Failed("complete, nothing to verify it with".to_owned())),
            // Neither side sent it.
            (Box::new(reset()), Cut::Failed(reset().to_string())),
        ];
        for (error, cut) in cases {
            assert_eq!(Cut::of(&*error), cut, "{error:?}");
        }
        let plain = Outer("disk full".into());
        assert_eq!(Cut::of(&plain), Cut::Failed("disk full".to_owned()));
    }

    #[test]
    fn long_chain_of_sources_ends() {
        let mut error = io::Error::other("innermost");
        for _ in 0..1000 {
            error = io::Error::other(Outer(Box::new(error)));
        }
        assert!(matches!(Cut::of(&error), Cut::Failed(_)));
    }

    #[test]
    fn text_is_for_people() {
        for (cut, text) in [
            (Cut::Reset { code: ErrorCode::Http2(2) }, "the server reset the stream with INTERNAL_ERROR"),
            (Cut::Reset { code: ErrorCode::Http2(13) }, "the server reset the stream with HTTP_1_1_REQUIRED"),
            (Cut::Reset { code: ErrorCode::Http3(13) }, "the server reset the stream with code 13"),
            (Cut::Reset { code: ErrorCode::Http2(0x10b) }, "the server reset the stream with code 267"),
            (Cut::Reset { code: ErrorCode::Http2(14) }, "the server reset the stream with code 14"),
            (
                Cut::Reset { code: ErrorCode::Http3(0x10b) },
                "the server reset the stream with H3_REQUEST_REJECTED",
            ),
            (
                Cut::Reset { code: ErrorCode::Http3(1 << 60) },
                "the server reset the stream with code 1152921504606846976",
            ),
            (
                Cut::GoAway { code: ErrorCode::Http3(0x100) },
                "the server ended the connection with H3_NO_ERROR",
            ),
            (Cut::GoAway { code: ErrorCode::Http2(0) }, "the server ended the connection with NO_ERROR"),
            (Cut::Stalled(Duration::from_secs(60)), "no progress for 60 s"),
            (Cut::TimedOut(Duration::from_millis(1500)), "the transfer was not complete after 1.5 s"),
            (Cut::Malformed("\x1b[2J".to_owned()), "the message is malformed: \\u{1b}[2J"),
            (Cut::Failed("a\nb".to_owned()), "a\\nb"),
        ] {
            assert_eq!(cut.to_string(), text);
        }
    }
}
