//! The table of protocols: each test of a promise that no protocol may break runs over all of them.

mod client;
mod http1;
mod http2;
pub(crate) mod http3;
mod response;

pub(crate) use self::{
    client::{Client, Exchange, Request, Settings},
    response::{Cut, Response, Why, json, read},
};

use std::fmt;

/// A protocol that the server speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
    Http3,
}

/// As in a line of the log.
impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.name(), f)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Protocol {
    /// The name in logs and metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
            Self::Http3 => "HTTP/3",
        }
    }

    /// Whether trailers are sent only to a client that sends `TE: trailers`.
    pub(crate) fn needs_te(self) -> bool {
        self != Self::Http2
    }

    /// How a response of which the server has failed is cut: `INTERNAL_ERROR`
    /// ([RFC 9113 §7](https://www.rfc-editor.org/rfc/rfc9113#section-7)) or `H3_INTERNAL_ERROR`
    /// ([RFC 9114 §8.1](https://www.rfc-editor.org/rfc/rfc9114#section-8.1)), or the end of the connection.
    pub(crate) fn failure(self) -> Why {
        match self {
            Self::Http1 => Why::Closed,
            Self::Http2 => Why::Reset(0x2),
            Self::Http3 => Why::Reset(0x102),
        }
    }
}

/// Makes a test for each protocol of each of these functions, which take a [`Protocol`]. A protocol with which a test can't
/// run is an exception with its reason, and is reported as ignored:
///
/// ```text
/// over_each_protocol! {
///     stream_is_whole;
///     other_streams_go_on, except Http1: "a connection has one exchange at a time";
/// }
/// ```
macro_rules! over_each_protocol {
    ($($(#[$attribute:meta])* $test:ident $(, except $protocol:ident: $reason:literal)*;)+) => {$(
        $(#[$attribute])*
        mod $test {
            use $crate::support::protocols::{Protocol, over_each_protocol};

            over_each_protocol!(@row $test http1 Http1 $([$protocol $reason])*);
            over_each_protocol!(@row $test http2 Http2 $([$protocol $reason])*);
            over_each_protocol!(@row $test http3 Http3 $([$protocol $reason])*);
        }
    )+};
    (@row $test:ident $name:ident Http1 [Http1 $reason:literal] $($rest:tt)*) => {
        over_each_protocol!(@exception $name $reason);
    };
    (@row $test:ident $name:ident Http2 [Http2 $reason:literal] $($rest:tt)*) => {
        over_each_protocol!(@exception $name $reason);
    };
    (@row $test:ident $name:ident Http3 [Http3 $reason:literal] $($rest:tt)*) => {
        over_each_protocol!(@exception $name $reason);
    };
    (@row $test:ident $name:ident $protocol:ident [$($other:tt)*] $($rest:tt)*) => {
        over_each_protocol!(@row $test $name $protocol $($rest)*);
    };
    (@row $test:ident $name:ident $protocol:ident) => {
        #[tokio::test]
        async fn $name() {
            super::$test(Protocol::$protocol).await;
        }
    };
    (@exception $name:ident $reason:literal) => {
        #[test]
        #[ignore = $reason]
        fn $name() {}
    };
}
pub(crate) use over_each_protocol;

/// The same on axum-server.
macro_rules! over_each_protocol_of_axum_server {
    ($($(#[$attribute:meta])* $test:ident $(, except $protocol:ident: $reason:literal)*;)+) => {
        $crate::support::protocols::over_each_protocol! {
            $($(#[$attribute])* $test $(, except $protocol: $reason)*, except Http3: "axum-server has no HTTP/3";)+
        }
    };
}
pub(crate) use over_each_protocol_of_axum_server;
