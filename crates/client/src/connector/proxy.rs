use super::ConnectError;
use http::{HeaderValue, Uri, uri::Scheme};
use hyper_util::client::proxy::matcher::Matcher;
use std::{env, fmt};

/// Which proxy a connection passes. HTTP proxies are asked for a tunnel with `CONNECT`
/// ([RFC 9110 §9.3.6](https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6)), also for `http` URLs.
#[derive(Debug, Default)]
pub struct Proxy(Option<Settings>);

#[derive(Debug)]
struct Settings {
    matcher: Matcher,
    urls: Urls,
    except: String,
    /// Why the proxy for `http` and for `https` URLs can't be used.
    plain: Option<ConnectError>,
    tls: Option<ConnectError>,
}

/// The proxies for `http` and for `https` URLs.
#[derive(Clone)]
struct Urls {
    plain: String,
    tls: String,
}

/// Without what they contain, which may be passwords.
impl fmt::Debug for Urls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Urls").finish_non_exhaustive()
    }
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

    /// The proxy of the variables `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`. Those in lower case take precedence,
    /// as in curl. A proxy that is not supported is an error of each request that would pass it.
    #[must_use]
    pub fn from_env() -> Self {
        let all = variable("ALL_PROXY");
        let of_scheme = |name| variable(name).or_else(|| all.clone()).unwrap_or_default();
        // A CGI program gets the `Proxy` field of its client in `HTTP_PROXY`.
        let is_cgi = env::var_os("REQUEST_METHOD").is_some();
        let plain = if is_cgi { String::new() } else { of_scheme("HTTP_PROXY") };
        let urls = Urls { plain, tls: of_scheme("HTTPS_PROXY") };
        Self::of_settings(urls, variable("NO_PROXY").unwrap_or_default())
    }

    /// This proxy, except for the hosts in the list `except`, such as `localhost,.example.com,10.0.0.0/8`, or `*` for all. The
    /// URL may contain a user and a password; `http://` may be left out.
    ///
    /// # Errors
    ///
    /// [`ConnectError::UnsupportedProxy`] if it is no URL of an HTTP proxy.
    pub fn new(url: &str, except: &str) -> Result<Self, ConnectError> {
        check(url)?;
        let urls = Urls { plain: url.to_owned(), tls: url.to_owned() };
        Ok(Self::of_settings(urls, except.to_owned()))
    }

    /// Another proxy with the same exceptions.
    ///
    /// # Errors
    ///
    /// [`ConnectError::UnsupportedProxy`] if it is no URL of an HTTP proxy.
    pub fn instead(&self, url: &str) -> Result<Self, ConnectError> {
        Self::new(url, self.0.as_ref().map_or("", |settings| &settings.except))
    }

    /// The same proxy with only these exceptions.
    #[must_use]
    pub fn except(&self, except: &str) -> Self {
        match &self.0 {
            None => Self::none(),
            Some(settings) => Self::of_settings(settings.urls.clone(), except.to_owned()),
        }
    }

    fn of_settings(urls: Urls, except: String) -> Self {
        let checked = |url: &str| if url.is_empty() { None } else { check(url).err() };
        let (plain, tls) = (checked(&urls.plain), checked(&urls.tls));
        let usable = |url: &str, error: &Option<_>| if error.is_some() { UNUSABLE } else { url }.to_owned();
        let matcher = Matcher::builder()
            .http(usable(&urls.plain, &plain))
            .https(usable(&urls.tls, &tls))
            .no(except.as_str())
            .build();
        Self(Some(Settings { matcher, urls, except, plain, tls }))
    }

    /// The proxy for this URL.
    pub(super) fn of(&self, url: &Uri) -> Result<Option<Hop>, ConnectError> {
        let Some(settings) = self.0.as_ref().filter(|settings| !settings.excepts_all()) else {
            return Ok(None);
        };
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

impl Settings {
    /// The matcher takes `*` for a name.
    fn excepts_all(&self) -> bool {
        self.except.split(',').any(|host| host.trim() == "*")
    }
}

fn variable(name: &str) -> Option<String> {
    let read = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    read(&name.to_ascii_lowercase()).or_else(|| read(name))
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

    fn of_scheme(plain: &str, tls: &str) -> Proxy {
        Proxy::of_settings(Urls { plain: plain.to_owned(), tls: tls.to_owned() }, String::new())
    }

    #[test]
    fn exceptions_replace_each_other_and_a_star_is_for_all() {
        let proxy = Proxy::new("http://me:secret@proxy", "a.example").expect("a proxy");
        let passes = |proxy: &Proxy, host: &str| {
            let url = format!("http://{host}/").parse().expect("a URL");
            proxy.of(&url).expect("supported").is_some()
        };
        assert!(!passes(&proxy, "a.example") && passes(&proxy, "b.example"));
        let other = proxy.except("b.example");
        assert!(passes(&other, "a.example") && !passes(&other, "b.example"));
        assert!(passes(&other.except(""), "b.example"));
        for all in ["*", "a.example, *"] {
            assert!(!passes(&proxy.except(all), "b.example"), "{all}");
        }
        assert!(passes(&proxy.except("*.c.example"), "b.example"));
        let instead = other.instead("http://proxy2").expect("a proxy");
        assert!(passes(&instead, "a.example") && !passes(&instead, "b.example"));
        assert!(other.instead("socks5://proxy").is_err());
        assert!(!passes(&Proxy::none().except(""), "a.example"));
        assert!(!format!("{proxy:?}").contains("secret"), "{proxy:?}");
    }

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
        let proxy = of_scheme("socks5://a", "http://user@B:81").except("c,10.0.0.0/8");
        let of = |url: &str| proxy.of(&url.parse().expect("a URL"));
        let hop = of("https://server/").expect("supported").expect("a proxy");
        assert_eq!((hop.host.as_str(), hop.port), ("b", 81));
        assert_eq!(hop.auth.expect("a user"), "Basic dXNlcjo=");
        assert!(matches!(of("http://server/"), Err(ConnectError::UnsupportedProxy { .. })));
        for url in ["http://c/", "https://sub.c/", "http://10.1.2.3/"] {
            assert!(matches!(of(url), Ok(None)), "{url}");
        }
        let none = of_scheme("", "");
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
