use http::HeaderName;
use std::fmt;

/// Announced trailers that did not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Missing {
    /// Their names, including those in `malformed`.
    pub names: Vec<HeaderName>,
    /// Digest fields that arrived, but contain no digest or are malformed. A recipient ignores a malformed field
    /// ([RFC 9651 §4.2](https://www.rfc-editor.org/rfc/rfc9651#section-4.2)), so it counts as missing.
    pub malformed: Vec<HeaderName>,
    /// Whether a trailer section arrived at all.
    pub has_section: bool,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, name) in self.names.iter().enumerate() {
            f.write_str(if n == 0 { "" } else { ", " })?;
            f.write_str(name.as_str())?;
            f.write_str(if self.malformed.contains(name) { " (it arrived malformed)" } else { "" })?;
        }
        f.write_str(if self.has_section { "" } else { " (no trailer section arrived)" })
    }
}
