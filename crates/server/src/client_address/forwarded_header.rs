use super::{elements::Elements, forwarded, x_forwarded_for};
use http::{
    HeaderMap, HeaderName,
    header::{FORWARDED, HeaderValue},
};
use std::net::SocketAddr;

/// The fields in which trusted proxies report the client's address. The other family is ignored: a proxy that sets one
/// passes the other one on, as the client has sent it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, a list of addresses.
    #[default]
    XForwarded,
    /// `Forwarded` ([RFC 7239](https://www.rfc-editor.org/rfc/rfc7239)), its parameters `for`.
    Forwarded,
}

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// How many addresses are read at most. The client can't make the walk longer: what it sends is on the left.
const MOST_HOPS: usize = 64;

/// A field that lists addresses.
struct Field {
    name: &'static HeaderName,
    /// Finds the comma in front of a line's last element.
    last_comma: fn(&[u8]) -> Option<usize>,
    /// The address in an element.
    address: fn(&[u8]) -> Option<SocketAddr>,
}

impl ForwardedHeader {
    fn field(self) -> Field {
        match self {
            Self::XForwarded => Field {
                name: &X_FORWARDED_FOR,
                last_comma: x_forwarded_for::last_comma,
                address: x_forwarded_for::address,
            },
            Self::Forwarded => {
                Field { name: &FORWARDED, last_comma: forwarded::last_comma, address: forwarded::address }
            }
        }
    }

    /// The addresses in all lines of the field, from the right. `None` is an element that is malformed or hides its
    /// address.
    pub(super) fn hops(self, headers: &HeaderMap) -> impl Iterator<Item = Option<SocketAddr>> {
        let Field { name, last_comma, address } = self.field();
        let lines = headers.get_all(name).iter().rev().map(HeaderValue::as_bytes);
        lines
            .flat_map(move |line| Elements::of(line, last_comma))
            .take(MOST_HOPS)
            // A list may have empty elements (RFC 9110 §5.6.1).
            .filter(|element| element.is_none_or(|element| !element.is_empty()))
            .map(move |element| element.and_then(address))
    }
}
