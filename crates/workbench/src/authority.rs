use http_02::{HeaderMap, Uri, header};
use std::{fmt, net::Ipv6Addr};

/// The longest DNS name in text form ([RFC 1035 §2.3.4](https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4)).
const MAX_NAME: usize = 253;

/// The host and port that a request was sent to, for curl lines. It contains nothing that ends a shell's quotes.
#[derive(Debug)]
pub(super) struct Authority(String);

impl Default for Authority {
    /// The server's default address.
    fn default() -> Self {
        Self("localhost:3000".to_owned())
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Authority {
    /// Taken from the target (`:authority` over HTTP/2), or else from `Host`. If that is missing or unsafe, the
    /// default.
    pub(super) fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        let host = || headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let authority = uri.authority().map(http_02::uri::Authority::as_str).or_else(host);
        authority.filter(|text| is_safe(text)).map_or_else(Self::default, |text| Self(text.to_owned()))
    }
}

/// Whether this is `host [ ":" port ]` ([RFC 3986 §3.2](https://www.rfc-editor.org/rfc/rfc3986#section-3.2)) with an
/// IPv6 address, an IPv4 address or a plain name as host. The grammar also allows percent-encoding, and quotes, `$` and
/// parentheses (`sub-delims`): no server's name needs them, and they are unsafe in a shell.
fn is_safe(authority: &str) -> bool {
    let colon = authority.rfind(':').filter(|at| !authority[*at..].contains(']'));
    let (host, port) = authority.split_at(colon.unwrap_or(authority.len()));
    is_host(host) && is_port(port)
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => is_name(host),
    }
}

/// Whether this consists of `unreserved` characters.
fn is_name(host: &str) -> bool {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    (1..=MAX_NAME).contains(&host.len()) && host.bytes().all(is_unreserved)
}

/// Whether this is empty, or a colon and an optional port number.
fn is_port(port: &str) -> bool {
    match port.strip_prefix(':') {
        None | Some("") => true,
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_02::HeaderValue;

    fn of_host(host: &[u8]) -> String {
        let host = HeaderValue::from_bytes(host).expect("a value");
        Authority::of(&Uri::from_static("/help"), &HeaderMap::from_iter([(header::HOST, host)])).to_string()
    }

    #[test]
    fn safe_host_and_port_are_kept() {
        let longest = "a".repeat(MAX_NAME);
        for safe in [
            "localhost",
            "localhost:3000",
            "localhost:",
            "LOCALHOST:65535",
            "a-b_c~d.example",
            "192.0.2.1:1",
            "[::1]",
            "[2001:db8::1.2.3.4]:8443",
            &longest,
        ] {
            assert_eq!(of_host(safe.as_bytes()), safe);
        }
    }

    #[test]
    fn unsafe_or_missing_one_is_replaced_by_the_default() {
        let too_long = "a".repeat(MAX_NAME + 1);
        for refused in [
            "",
            ":3000",
            "a';id;'",
            "$(id)",
            "`id`",
            "a\"b",
            "a\\b",
            "a%27b",
            "{a,b}",
            "user@a",
            "a/b",
            "a?b",
            "a#b",
            "a b",
            "a:b:1",
            "a:65536",
            "a:+1",
            "a:-1",
            "::1",
            "[::1",
            "[::1]]",
            "[::g]",
            "[v1.a]",
            "[fe80::1%25eth0]",
            "[a]:1",
            &too_long,
        ] {
            assert_eq!(of_host(refused.as_bytes()), "localhost:3000", "{refused}");
        }
        assert_eq!(of_host(b"\xff"), "localhost:3000");
        let missing = Authority::of(&Uri::from_static("/help"), &HeaderMap::new());
        assert_eq!(missing.to_string(), "localhost:3000");
    }

    #[test]
    fn authority_of_the_target_comes_before_host() {
        let host = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("b:2"))]);
        let of = |uri| Authority::of(&Uri::from_static(uri), &host).to_string();
        assert_eq!(of("https://a:1/help"), "a:1");
        assert_eq!(of("https://a'b/help"), "localhost:3000", "an unsafe one is not replaced by another");
    }
}
