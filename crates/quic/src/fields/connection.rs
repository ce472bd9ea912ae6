use crate::Fault;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Checks that a decoded section has no field of HTTP/1.1's connections
/// ([RFC 9114 §4.2](https://www.rfc-editor.org/rfc/rfc9114#section-4.2)), which h3 (0.0.8) does not. [`Content`](crate::Content)
/// does it for trailers.
///
/// # Errors
///
/// [`Fault::ConnectionField`], for the first such field. The message is malformed.
pub fn check_fields(fields: &HeaderMap) -> Result<(), Fault> {
    let mut forbidden = FORBIDDEN.iter().filter(|name| fields.contains_key(*name));
    if let Some(name) = forbidden.next() {
        return Err(Fault::ConnectionField(name.clone()));
    }
    let is_trailers = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"trailers");
    if fields.get_all(header::TE).iter().all(is_trailers) {
        Ok(())
    } else {
        Err(Fault::ConnectionField(header::TE))
    }
}

static FORBIDDEN: [HeaderName; 5] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_connections_are_refused() {
        for (name, value, is_refused) in [
            ("connection", "close", true),
            ("keep-alive", "5", true),
            ("proxy-connection", "close", true),
            ("transfer-encoding", "chunked", true),
            ("upgrade", "websocket", true),
            ("te", "trailers", false),
            ("te", "Trailers", false),
            ("te", "gzip, trailers", true),
            ("upgrade-insecure-requests", "1", false),
            ("x-connection", "close", false),
        ] {
            let name = HeaderName::from_static(name);
            let fields = HeaderMap::from_iter([(name.clone(), HeaderValue::from_static(value))]);
            let expected = if is_refused { Err(Fault::ConnectionField(name)) } else { Ok(()) };
            assert_eq!(check_fields(&fields), expected, "{fields:?}");
        }
        assert_eq!(check_fields(&HeaderMap::new()), Ok(()));
    }
}
