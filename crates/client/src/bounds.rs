//! Bounds on the sections that arrive.

/// The maximum size of a header or trailer section in bytes, counted as in
/// [RFC 9113 §6.5.2](https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2).
pub(crate) const MOST_SECTION: usize = 64 * 1024;

/// The maximum number of fields of a section over HTTP/1.1.
pub(crate) const MOST_HTTP1_FIELDS: usize = 256;

/// The maximum number of fields of a trailer section from any body.
pub(crate) const MOST_FIELDS: usize = 1000;
