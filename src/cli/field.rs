//! Fields of a request, as curl writes them: `Name: value`.

use axum_trailers::syntax::{is_lowercase_token, without_outer_whitespace};
use http::{HeaderName, HeaderValue, header};

/// The value of `--header`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HeaderLine {
    /// `Name: value`, or `Name;` for an empty value.
    Set(HeaderName, HeaderValue),
    /// `Name:` removes a field that the client would send.
    Remove(HeaderName),
}

/// The value of `--trailer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrailerLine {
    pub(crate) name: HeaderName,
    pub(crate) value: HeaderValue,
}

/// Fields that follow from the request's content and its connection.
const OF_THE_CONNECTION: [HeaderName; 4] =
    [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::UPGRADE];

impl HeaderLine {
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let (name, value) = match line.split_once(':') {
            Some((name, value)) => (name, Some(value)),
            None => (line.strip_suffix(';').ok_or(HEADER)?, None),
        };
        let name = field_name(name)?;
        if OF_THE_CONNECTION.contains(&name) {
            return Err(format!("the client sets `{name}` itself, from the content and the protocol"));
        }
        match value.map(|value| field_value(&name, value)).transpose()? {
            None => Ok(Self::Set(name, HeaderValue::from_static(""))),
            Some(value) if value.is_empty() => Ok(Self::Remove(name)),
            Some(value) => Ok(Self::Set(name, value)),
        }
    }
}

impl TrailerLine {
    /// Whether the field is permitted in trailers depends on `--unchecked`.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let (name, value) = match line.split_once(':') {
            Some(parts) => parts,
            None => (line.strip_suffix(';').ok_or(TRAILER)?, ""),
        };
        let name = field_name(name)?;
        let value = field_value(&name, value)?;
        Ok(Self { name, value })
    }
}

const HEADER: &str = "expected 'Name: value', 'Name;' for an empty value, or 'Name:' to remove a field that the client would send";
const TRAILER: &str = "expected 'Name: value', or 'Name;' for an empty value";

fn field_name(name: &str) -> Result<HeaderName, String> {
    let parsed = HeaderName::from_bytes(name.as_bytes()).ok();
    // `HeaderName` accepts names that contain `"`.
    parsed.filter(|name| is_lowercase_token(name.as_str())).ok_or_else(|| {
        format!("{name:?} is not a field name: use letters, digits and any of !#$%&'*+-.^_`|~")
    })
}

/// Any bytes but control characters, as [RFC 9110 §5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5) permits.
fn field_value(name: &HeaderName, value: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_bytes(without_outer_whitespace(value.as_bytes()))
        .map_err(|_invalid| format!("the value of `{name}` contains control characters"))
}

/// The value of `--user-agent`.
pub(super) fn user_agent(value: &str) -> Result<HeaderValue, String> {
    field_value(&header::USER_AGENT, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &'static str) -> HeaderValue {
        HeaderValue::from_bytes(text.as_bytes()).expect("a value")
    }

    #[test]
    fn header_lines_are_those_of_curl() {
        let name = HeaderName::from_static("x-a");
        for (line, expected) in [
            ("X-A: 1", HeaderLine::Set(name.clone(), value("1"))),
            ("x-a:1", HeaderLine::Set(name.clone(), value("1"))),
            ("x-a: \t1: 2 ", HeaderLine::Set(name.clone(), value("1: 2"))),
            ("x-a: ä", HeaderLine::Set(name.clone(), value("ä"))),
            ("x-a: ;", HeaderLine::Set(name.clone(), value(";"))),
            ("x-a;", HeaderLine::Set(name.clone(), value(""))),
            ("X-A:", HeaderLine::Remove(name.clone())),
            ("x-a:  ", HeaderLine::Remove(name)),
            ("TE:", HeaderLine::Remove(header::TE)),
        ] {
            assert_eq!(HeaderLine::parse(line), Ok(expected), "{line}");
        }
        for (wrong, says) in [
            ("", "Name: value"),
            ("x-a", "'Name;' for an empty value"),
            (": 1", "\"\" is not a field name"),
            (":path: /", "\"\" is not a field name"),
            ("x a: 1", "\"x a\" is not a field name"),
            ("x-a : 1", "\"x-a \" is not a field name"),
            ("x\"a: 1", "is not a field name"),
            ("ä: 1", "is not a field name"),
            ("x-a: 1\r\nx-b: 2", "control characters"),
            ("x-a: \0", "control characters"),
            ("Content-Length: 1", "the client sets `content-length` itself"),
            ("Transfer-Encoding: chunked", "`transfer-encoding`"),
            ("connection: close", "`connection`"),
            ("Connection:", "`connection`"),
            ("Upgrade: h2c", "`upgrade`"),
        ] {
            let error = HeaderLine::parse(wrong).expect_err(wrong);
            assert!(error.contains(says), "{wrong}: {error}");
        }
    }

    #[test]
    fn trailer_lines_have_a_name_and_a_value_that_may_be_empty() {
        for (line, name, expected) in [
            ("X-A: 1", "x-a", "1"),
            ("x-a:", "x-a", ""),
            ("x-a;", "x-a", ""),
            ("Content-Length: 1", "content-length", "1"),
        ] {
            let expected = TrailerLine { name: name.parse().expect("a name"), value: value(expected) };
            assert_eq!(TrailerLine::parse(line), Ok(expected), "{line}");
        }
        for (wrong, says) in [
            ("x-a", "expected 'Name: value'"),
            (":status: 200", "not a field name"),
            ("x-a: 1\n", "control characters"),
        ] {
            let error = TrailerLine::parse(wrong).expect_err(wrong);
            assert!(error.contains(says), "{wrong}: {error}");
        }
    }
}
