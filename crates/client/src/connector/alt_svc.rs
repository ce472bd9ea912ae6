//! The field `Alt-Svc` ([RFC 7838 §3](https://www.rfc-editor.org/rfc/rfc7838#section-3)).

use axum_trailers::syntax::host_and_port;
use http::{HeaderMap, header};
use std::time::Duration;

/// What a response says about alternatives of its origin.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AltSvc {
    /// Nothing that can be read.
    None,
    /// There is none for HTTP/3, and what was said before does not count any more.
    Clear,
    Http3(Alternative),
}

/// Where an origin offers HTTP/3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alternative {
    /// In lower case; IPv6 addresses in brackets. `None` is the host of the origin.
    pub(super) host: Option<String>,
    pub(super) port: u16,
    /// For how long this holds.
    pub(super) max_age: Duration,
}

const DEFAULT_MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

impl AltSvc {
    /// Reads the header section of a response. The first alternative for HTTP/3 counts. A line that is malformed is ignored.
    pub(super) fn of(fields: &HeaderMap) -> Self {
        let mut said = Self::None;
        for line in fields.get_all(header::ALT_SVC) {
            let Some(line) = line.to_str().ok().map(str::trim) else { continue };
            if line == "clear" {
                return Self::Clear;
            }
            let Some(mut alternatives) = List(line).read() else { continue };
            if said == Self::None {
                said = Self::Clear;
            }
            if said == Self::Clear && !alternatives.is_empty() {
                said = Self::Http3(alternatives.swap_remove(0));
            }
        }
        let age = fields.get(header::AGE).and_then(|age| age.to_str().ok()?.parse().ok());
        if let (Self::Http3(alternative), Some(age)) = (&mut said, age) {
            alternative.max_age = alternative.max_age.saturating_sub(Duration::from_secs(age));
        }
        said
    }
}

/// The rest of a list of alternatives.
struct List<'l>(&'l str);

impl List<'_> {
    /// Those for HTTP/3. `None` if the list is malformed.
    fn read(mut self) -> Option<Vec<Alternative>> {
        let mut alternatives = Vec::new();
        loop {
            // Empty elements are permitted (RFC 9110 §5.6.1.2).
            while self.skip(',') {}
            if self.0.is_empty() {
                return Some(alternatives);
            }
            let element = self.element()?;
            if element.protocol == "h3" {
                alternatives.push(element.alternative()?);
            }
            if !self.0.is_empty() && !self.skip(',') {
                return None;
            }
        }
    }

    fn element(&mut self) -> Option<Element> {
        let protocol = self.token()?.to_owned();
        self.0 = self.0.strip_prefix('=')?;
        let authority = self.quoted()?;
        let mut max_age = DEFAULT_MAX_AGE;
        while self.skip(';') {
            let name = self.token()?.to_ascii_lowercase();
            self.0 = self.0.strip_prefix('=')?;
            let value = if self.0.starts_with('"') { self.quoted()? } else { self.token()?.to_owned() };
            if name == "ma" {
                max_age = Duration::from_secs(seconds(&value)?);
            }
        }
        Some(Element { protocol, authority, max_age })
    }

    /// Skips a separator and the white space around it.
    fn skip(&mut self, separator: char) -> bool {
        let rest = self.0.trim_start_matches([' ', '\t']);
        let Some(behind) = rest.strip_prefix(separator) else {
            if rest.is_empty() {
                self.0 = rest;
            }
            return false;
        };
        self.0 = behind.trim_start_matches([' ', '\t']);
        true
    }

    fn token(&mut self) -> Option<&str> {
        let is_token = |char: char| char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(char);
        let end = self.0.find(|char| !is_token(char)).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        self.0 = rest;
        (!token.is_empty()).then_some(token)
    }

    fn quoted(&mut self) -> Option<String> {
        let mut chars = self.0.strip_prefix('"')?.chars();
        let mut text = String::new();
        loop {
            match chars.next()? {
                '"' => break,
                '\\' => text.push(chars.next()?),
                char => text.push(char),
            }
        }
        self.0 = chars.as_str();
        Some(text)
    }
}

/// An alternative of any protocol.
struct Element {
    protocol: String,
    authority: String,
    max_age: Duration,
}

impl Element {
    fn alternative(self) -> Option<Alternative> {
        let (host, port) = self.authority.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port != 0)?;
        let host = match host {
            "" => None,
            _ => host_and_port(&self.authority).map(|_| Some(host.to_ascii_lowercase()))?,
        };
        Some(Alternative { host, port, max_age: self.max_age })
    }
}

/// A line with what was read from any line is read as the same.
#[cfg(any(test, fuzzing))]
pub(crate) fn what_is_read_is_read_again(line: &http::HeaderValue) {
    let of = |line: http::HeaderValue| AltSvc::of(&HeaderMap::from_iter([(header::ALT_SVC, line)]));
    let AltSvc::Http3(alternative) = of(line.clone()) else { return };
    let Alternative { host, port, max_age } = &alternative;
    let host = host.as_deref().unwrap_or_default();
    let again = format!("h3=\"{host}:{port}\"; ma={}", max_age.as_secs());
    let again = again.try_into().expect("an authority can be sent");
    assert_eq!(of(again), AltSvc::Http3(alternative), "{line:?}");
}

/// A number that is too large is as good as the largest.
fn seconds(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum_trailers_testing::fields;
    use proptest::prelude::*;

    fn of(lines: &[&'static str]) -> AltSvc {
        let lines: Vec<_> = lines.iter().map(|line| ("alt-svc", *line)).collect();
        AltSvc::of(&fields(&lines))
    }

    fn http3(host: Option<&str>, port: u16, seconds: u64) -> AltSvc {
        let (host, max_age) = (host.map(str::to_owned), Duration::from_secs(seconds));
        AltSvc::Http3(Alternative { host, port, max_age })
    }

    const DAY: u64 = 86400;

    #[test]
    fn first_alternative_of_http3_counts() {
        for (line, expected) in [
            (r#"h3=":443""#, http3(None, 443, DAY)),
            (r#"h3=":443"; ma=60"#, http3(None, 443, 60)),
            (r#"h3=":443";MA="60";persist=1"#, http3(None, 443, 60)),
            (r#"h3=":443"; ma=99999999999999999999"#, http3(None, 443, u64::MAX)),
            (r#"h3-29=":1", h3=":2", h3=":3""#, http3(None, 2, DAY)),
            (r#" , h2="a:1" ; x="," ,, h3="B.example:2" , "#, http3(Some("b.example"), 2, DAY)),
            (r#"h3="\:4\4""#, http3(None, 44, DAY)),
            (r#"h3="[2001:DB8::1]:8443""#, http3(Some("[2001:db8::1]"), 8443, DAY)),
        ] {
            assert_eq!(of(&[line]), expected, "{line}");
        }
    }

    #[test]
    fn alternatives_of_others_and_none_clear_those_before() {
        for line in ["clear", " clear ", r#"h2=":443""#, r#"H3=":443""#, r#"h3-29=":443""#, ""] {
            assert_eq!(of(&[line]), AltSvc::Clear, "{line}");
        }
        assert_eq!(of(&[r#"h3=":443""#, "clear"]), AltSvc::Clear);
        assert_eq!(of(&[r#"h2=":443""#, r#"h3=":444""#]), http3(None, 444, DAY));
        assert_eq!(of(&[]), AltSvc::None);
    }

    #[test]
    fn malformed_lines_are_ignored() {
        for line in [
            "h3",
            "h3=",
            "h3=:443",
            r#"h3=":443"#,
            r#"h3=":443\"#,
            r#"h3 =":443""#,
            r#"h3=":0""#,
            r#"h3=":65536""#,
            r#"h3="443""#,
            r#"h3="me@a:443""#,
            r#"h3="a b:443""#,
            r#"h3="a[b:]c:443""#,
            r#"h3="[::1]a:443""#,
            r#"h3=":443"; ma"#,
            r#"h3=":443"; ma=-1"#,
            r#"h3=":443"; ma="""#,
            r#"h3=":443" h3=":444""#,
            "Clear",
        ] {
            assert_eq!(of(&[line]), AltSvc::None, "{line}");
            assert_eq!(of(&[line, r#"h3=":1""#]), http3(None, 1, DAY), "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read_and_what_is_read_is_read_again(
            parts in prop::collection::vec(prop_oneof![
                4 => prop::sample::select(vec![
                    "h3", "=", "\"", ":", "443", "a.example", "[::1]", "[", "]", ";", "ma", "60", ",", " ", "\\", "%", "@", "clear",
                ]).prop_map(str::to_owned),
                1 => "[ -~\t]{0,4}",
            ], 0..16)
        ) {
            if let Ok(line) = parts.concat().try_into() {
                what_is_read_is_read_again(&line);
            }
        }
    }

    #[test]
    fn age_counts() {
        let mut section = fields(&[("alt-svc", r#"h3=":443"; ma=60"#), ("age", "20")]);
        assert_eq!(AltSvc::of(&section), http3(None, 443, 40));
        section.insert(header::AGE, 61.into());
        assert_eq!(AltSvc::of(&section), http3(None, 443, 0));
    }
}
