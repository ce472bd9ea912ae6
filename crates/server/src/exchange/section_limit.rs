use crate::connection::Connection;
use axum_trailers::trailers::server::section_size;
use http::{
    HeaderMap,
    header::{CONNECTION, DATE, TRANSFER_ENCODING, UPGRADE},
};

/// A section is larger than an HTTP/2 or HTTP/3 client accepts
/// ([RFC 9113 §10.5.1](https://www.rfc-editor.org/rfc/rfc9113#section-10.5.1),
/// [RFC 9114 §4.2.2](https://www.rfc-editor.org/rfc/rfc9114#section-4.2.2)). If it were sent anyway, some clients
/// would end the connection, and others would leave out a part of it.
#[derive(Debug, thiserror::Error)]
#[error("the {section} section has {size} bytes, but the client accepts only {limit} ({setting})")]
pub(crate) struct SectionTooLarge {
    section: &'static str,
    size: u64,
    limit: u64,
    /// Where the client has said so.
    setting: &'static str,
}

/// Fields that are sent in addition to those in the map: `:status`, and `date`, which hyper adds. hyper removes those
/// of the connection.
const STATUS: usize = ":status200".len() + FIELD;
const ADDED_DATE: usize = "dateSun, 06 Nov 1994 08:49:37 GMT".len() + FIELD;

/// The overhead of each field, in bytes.
const FIELD: usize = 32;

impl SectionTooLarge {
    pub(super) fn check_headers(connection: &Connection, headers: &HeaderMap) -> Result<(), Self> {
        check(connection, "header", || {
            let is_sent = |name: &http::HeaderName| {
                !([CONNECTION, TRANSFER_ENCODING, UPGRADE].contains(name)
                    || ["keep-alive", "proxy-connection"].contains(&name.as_str()))
            };
            let sent = headers.iter().filter(|(name, _)| is_sent(name));
            let size: usize = sent.map(|(name, value)| name.as_str().len() + value.len() + FIELD).sum();
            let date = if headers.contains_key(DATE) { 0 } else { ADDED_DATE };
            size + STATUS + date
        })
    }

    /// The one that h3 has found.
    #[cfg(feature = "http3")]
    pub(super) fn over_http3(section: &'static str, size: u64, limit: u64) -> Self {
        Self { section, size, limit, setting: "SETTINGS_MAX_FIELD_SECTION_SIZE" }
    }

    pub(super) fn check_trailers(connection: &Connection, trailers: &HeaderMap) -> Result<(), Self> {
        check(connection, "trailer", || section_size(trailers))
    }
}

fn check(
    connection: &Connection,
    section: &'static str,
    size: impl FnOnce() -> usize,
) -> Result<(), SectionTooLarge> {
    let Some(limit) = connection.section_limit() else {
        return Ok(());
    };
    let (size, limit) = (size() as u64, u64::from(limit));
    let setting = "SETTINGS_MAX_HEADER_LIST_SIZE";
    if size > limit { Err(SectionTooLarge { section, size, limit, setting }) } else { Ok(()) }
}
