use axum_trailers::trailers::server::ConnectionInfo;
use http_02::{HeaderMap, Uri, header};
use std::{fmt, net::Ipv6Addr};

/// The longest DNS name in text form ([RFC 1035 §2.3.4](https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4)).
const MAX_NAME: usize = 253;

/// The scheme, host and port that a request was sent to, for curl lines. It contains nothing that ends a shell's quotes.
#[derive(Debug)]
pub(super) struct Origin {
    is_plain: bool,
    authority: String,
}

impl Default for Origin {
    /// The server's default address.
    fn default() -> Self {
        Self { is_plain: false, authority: "localhost:3000".to_owned() }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_plain { "http" } else { "https" };
        write!(f, "{scheme}://{}", self.authority)
    }
}

impl Origin {
    /// The authority is taken from the target (`:authority` over HTTP/2), or else from `Host`. If that is missing or unsafe,
    /// the default.
    ///
    /// Without TLS the scheme is `http`, unless a trusted proxy reports a client: that has probably used `https`.
    pub(super) fn of(uri: &Uri, headers: &HeaderMap, connection: Option<&ConnectionInfo>) -> Self {
        let host = || headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let authority = uri.authority().map(http_02::uri::Authority::as_str).or_else(host);
        let Some(authority) = authority.filter(|text| is_safe(text)) else {
            return Self::default();
        };
        let is_plain = connection.is_some_and(|connection| {
            !connection.is_tls() && connection.peer().is_none_or(|peer| peer == connection.client())
        });
        Self { is_plain, authority: authority.to_owned() }
    }

    /// What curl needs for it: the certificate may be the demo one.
    pub(super) fn curl_options(&self) -> &'static str {
        if self.is_plain { "" } else { " -k" }
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
        let headers = HeaderMap::from_iter([(header::HOST, host)]);
        let origin = Origin::of(&Uri::from_static("/help"), &headers, None).to_string();
        origin.strip_prefix("https://").expect("https").to_owned()
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
        let missing = Origin::of(&Uri::from_static("/help"), &HeaderMap::new(), None);
        assert_eq!(missing.to_string(), "https://localhost:3000");
    }

    #[test]
    fn authority_of_the_target_comes_before_host() {
        let host = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("b:2"))]);
        let of = |uri| Origin::of(&Uri::from_static(uri), &host, None).to_string();
        assert_eq!(of("https://a:1/help"), "https://a:1");
        assert_eq!(
            of("https://a'b/help"),
            "https://localhost:3000",
            "an unsafe one is not replaced by another"
        );
    }

    #[test]
    fn scheme_is_http_without_tls_unless_a_proxy_reports_the_client() {
        let host = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("a:1"))]);
        let (client, proxy) = (([192, 0, 2, 1], 1).into(), ([127, 0, 0, 1], 2).into());
        for (peer, is_tls, expected) in [
            (Some(client), true, "https://a:1"),
            (Some(client), false, "http://a:1"),
            (None, false, "http://a:1"),
            (Some(proxy), false, "https://a:1"),
        ] {
            let connection = ConnectionInfo::new(client, peer, is_tls);
            let origin = Origin::of(&Uri::from_static("/help"), &host, Some(&connection));
            assert_eq!(origin.to_string(), expected);
            assert_eq!(origin.curl_options().is_empty(), expected.starts_with("http:"));
        }
    }
}
