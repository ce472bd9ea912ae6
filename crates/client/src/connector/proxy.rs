use super::ConnectError;
use http::{HeaderValue, Uri, uri::Scheme};
use hyper_util::client::proxy::matcher::Matcher;
use std::env;

/// Which proxy a connection passes. HTTP proxies are asked for a tunnel with `CONNECT`
/// ([RFC 9110 §9.3.6](https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6)), also for `http` URLs.
#[derive(Debug, Default)]
pub struct Proxy(Option<Settings>);

#[derive(Debug)]
struct Settings {
    matcher: Matcher,
    /// Why the proxy for `http` and for `https` URLs can't be used.
    plain: Option<ConnectError>,
    tls: Option<ConnectError>,
}

/// A proxy to connect to.
pub(super) struct Hop {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) auth: Option<HeaderValue>,
}

/// Stands for a proxy that can't be used, so that the exceptions still apply.
const UNUSABLE: &str = "http://proxy.invalid";

/// What curl uses for a proxy without a port.
const DEFAULT_PORT: u16 = 1080;

impl Proxy {
    /// No proxy.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// The proxy of the variables `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, also in lower case. A proxy that
    /// is not supported is an error of each request that would pass it.
    #[must_use]
    pub fn from_env() -> Self {
        let all = variable("ALL_PROXY");
        let of_scheme = |name| variable(name).or_else(|| all.clone()).unwrap_or_default();
        // A CGI program gets the `Proxy` field of its client in `HTTP_PROXY`.
        let http =
            if env::var_os("REQUEST_METHOD").is_some() { String::new() } else { of_scheme("HTTP_PROXY") };
        Self::of_settings(&http, &of_scheme("HTTPS_PROXY"), &variable("NO_PROXY").unwrap_or_default())
    }

    /// This proxy, except for the hosts in the list `except`, such as `localhost,.example.com,10.0.0.0/8`. The URL may
    /// contain a user and a password; `http://` may be left out.
    ///
    /// # Errors
    ///
    /// [`ConnectError::UnsupportedProxy`] if it is no URL of an HTTP proxy.
    pub fn new(url: &str, except: &str) -> Result<Self, ConnectError> {
        check(url)?;
        Ok(Self::of_settings(url, url, except))
    }

    fn of_settings(http: &str, https: &str, except: &str) -> Self {
        let checked = |url: &str| if url.is_empty() { None } else { check(url).err() };
        let (plain, tls) = (checked(http), checked(https));
        let usable = |url: &str, error: &Option<_>| if error.is_some() { UNUSABLE } else { url }.to_owned();
        let matcher =
            Matcher::builder().http(usable(http, &plain)).https(usable(https, &tls)).no(except).build();
        Self(Some(Settings { matcher, plain, tls }))
    }

    /// The proxy for this URL.
    pub(super) fn of(&self, url: &Uri) -> Result<Option<Hop>, ConnectError> {
        let Some(settings) = &self.0 else { return Ok(None) };
        let Some(intercept) = settings.matcher.intercept(url) else { return Ok(None) };
        let is_tls = url.scheme() == Some(&Scheme::HTTPS);
        if let Some(error) = if is_tls { &settings.tls } else { &settings.plain } {
            return Err(error.clone());
        }
        let host = intercept.uri().host().unwrap_or_default().to_ascii_lowercase();
        let port = intercept.uri().port_u16().unwrap_or(DEFAULT_PORT);
        Ok(Some(Hop { host, port, auth: intercept.basic_auth().cloned() }))
    }
}

fn variable(name: &str) -> Option<String> {
    let read = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    read(name).or_else(|| read(&name.to_ascii_lowercase()))
}

/// Checks that a URL names an HTTP proxy.
fn check(url: &str) -> Result<(), ConnectError> {
    let unsupported =
        |reason: &str| ConnectError::UnsupportedProxy { proxy: without_user(url), reason: reason.to_owned() };
    let uri: Uri = url.parse().map_err(|_| unsupported("it is no URL"))?;
    match uri.scheme_str() {
        None | Some("http") => {}
        Some(scheme) => {
            return Err(unsupported(&format!("`{scheme}` proxies are not supported; use http://HOST:PORT")));
        }
    }
    match uri.host() {
        Some(host) if !host.is_empty() => Ok(()),
        _ => Err(unsupported("it has no host; use http://HOST:PORT")),
    }
}

/// The URL without user and password.
fn without_user(url: &str) -> String {
    let (scheme, rest) = url.find("://").map_or(("", url), |end| url.split_at(end + 3));
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_proxies_are_supported() {
        for (url, reason) in [
            ("https://user:secret@proxy:8443", "`https` proxies are not supported"),
            ("socks5://user:secret@proxy", "`socks5` proxies are not supported"),
            ("socks5h://user:se/cret@proxy", ""),
            ("ftp://user:secret@proxy", "`ftp` proxies are not supported"),
            ("http://user:secret@", ""),
            ("http://user:sec ret@proxy", "it is no URL"),
            ("", "it is no URL"),
        ] {
            let error = Proxy::new(url, "").expect_err("not supported");
            let text = error.to_string();
            assert!(matches!(error, ConnectError::UnsupportedProxy { .. }), "{url}");
            assert!(text.contains(reason) && !text.contains("cret"), "{text}");
        }
        for url in ["http://proxy", "http://user:secret@proxy:3128/", "proxy:3128", "proxy", "[::1]:3128"] {
            assert!(Proxy::new(url, "").is_ok(), "{url}");
        }
    }

    #[test]
    fn each_scheme_has_its_proxy_and_its_error() {
        let proxy = Proxy::of_settings("socks5://a", "http://user@B:81", "c,10.0.0.0/8");
        let of = |url: &str| proxy.of(&url.parse().expect("a URL"));
        let hop = of("https://server/").expect("supported").expect("a proxy");
        assert_eq!((hop.host.as_str(), hop.port), ("b", 81));
        assert_eq!(hop.auth.expect("a user"), "Basic dXNlcjo=");
        assert!(matches!(of("http://server/"), Err(ConnectError::UnsupportedProxy { .. })));
        for url in ["http://c/", "https://sub.c/", "http://10.1.2.3/"] {
            assert!(matches!(of(url), Ok(None)), "{url}");
        }
        let none = Proxy::of_settings("", "", "");
        assert!(matches!(none.of(&"http://server/".parse().expect("a URL")), Ok(None)));
        assert!(matches!(Proxy::none().of(&"http://server/".parse().expect("a URL")), Ok(None)));
    }

    #[test]
    fn port_of_a_proxy_has_a_default() {
        let proxy = Proxy::new("http://proxy", "").expect("a proxy");
        let hop = proxy.of(&"http://server/".parse().expect("a URL")).expect("supported").expect("a proxy");
        assert_eq!(hop.port, 1080);
    }
}
