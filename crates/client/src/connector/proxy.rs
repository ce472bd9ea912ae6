use super::ConnectError;
use crate::client;
use axum_trailers::syntax::host_and_port;
use http::{HeaderValue, Uri, uri::Scheme};
use hyper_util::client::proxy::matcher::Matcher;
use std::{env, sync::Arc};

/// Which proxy a connection passes. HTTP proxies are asked for a tunnel with `CONNECT`
/// ([RFC 9110 §9.3.6](https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6)), also for `http` URLs.
#[derive(Clone, Debug, Default)]
pub struct Proxy(Option<Settings>);

#[derive(Clone, Debug)]
struct Settings {
    matcher: Arc<Matcher>,
    except: Exceptions,
    /// Why the proxy for `http` and for `https` URLs can't be used.
    plain: Option<ConnectError>,
    tls: Option<ConnectError>,
}

/// The hosts that are reached without the proxy.
#[derive(Clone, Debug)]
enum Exceptions {
    None,
    All,
    /// Those for which it has no proxy.
    Of(Arc<Matcher>),
}

impl Exceptions {
    fn read(hosts: &str) -> Self {
        let hosts: Vec<_> = hosts.split([',', ' ', '\t']).filter(|host| !host.is_empty()).collect();
        if hosts.is_empty() {
            Self::None
        } else if hosts.contains(&"*") {
            // The matcher takes it for all names, but for no address.
            Self::All
        } else {
            Self::Of(Arc::new(Matcher::builder().all(UNUSABLE).no(hosts.join(",")).build()))
        }
    }

    fn contain(&self, url: &Uri) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Of(matcher) => matcher.intercept(url).is_none(),
        }
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

    /// The proxy of the variables `http_proxy` and `https_proxy`, else of `all_proxy`, except for the hosts in the list
    /// `no_proxy`. Names in upper case are read if the one in lower case is not set, but not `HTTP_PROXY`: a CGI program gets
    /// the `Proxy` field of its client in it.
    ///
    /// A proxy that is not supported is an error of each request that would pass it.
    #[must_use]
    pub fn from_env() -> Self {
        Self::of_variables(variable)
    }

    fn of_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let either = |name: &str| variable(name).or_else(|| variable(&name.to_ascii_uppercase()));
        let all = || either("all_proxy").unwrap_or_default();
        let http = variable("http_proxy").unwrap_or_else(all);
        let https = either("https_proxy").unwrap_or_else(all);
        Self::of_settings(&http, &https).except(&either("no_proxy").unwrap_or_default())
    }

    /// This proxy. The URL may contain a user and a password; `http://` may be left out.
    ///
    /// # Errors
    ///
    /// [`ConnectError::UnsupportedProxy`] if it is no URL of an HTTP proxy.
    pub fn new(url: &str) -> Result<Self, ConnectError> {
        check(url)?;
        Ok(Self::of_settings(url, url))
    }

    /// No proxy for the hosts in this list, such as `localhost,.example.com,10.0.0.0/8`. A name stands for its subdomains as
    /// well, and `*` for all hosts. Replaces an earlier list, such as that of [`from_env`](Self::from_env).
    #[must_use]
    pub fn except(mut self, hosts: &str) -> Self {
        if let Some(settings) = &mut self.0 {
            settings.except = Exceptions::read(hosts);
        }
        self
    }

    /// The same with the list in the variable `no_proxy`, else `NO_PROXY`.
    #[must_use]
    pub fn except_env(self) -> Self {
        let hosts = variable("no_proxy").or_else(|| variable("NO_PROXY"));
        self.except(&hosts.unwrap_or_default())
    }

    fn of_settings(http: &str, https: &str) -> Self {
        let checked = |url: &str| if url.is_empty() { None } else { check(url).err() };
        let (plain, tls) = (checked(http), checked(https));
        let usable = |url: &str, error: &Option<_>| if error.is_some() { UNUSABLE } else { url }.to_owned();
        let matcher = Matcher::builder().http(usable(http, &plain)).https(usable(https, &tls)).build();
        Self(Some(Settings { matcher: Arc::new(matcher), except: Exceptions::None, plain, tls }))
    }

    /// The proxy for this URL.
    pub(super) fn of(&self, url: &Uri) -> Result<Option<Hop>, ConnectError> {
        let Some(settings) = self.0.as_ref().filter(|settings| !settings.except.contain(url)) else {
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

/// An empty variable is as good as none.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
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
        None | Some("") => Err(unsupported("it has no host; use http://HOST:PORT")),
        Some(_) if host_and_port(client::without_user(&uri)).is_none() => {
            Err(unsupported("its host is malformed; use http://HOST:PORT"))
        }
        Some(_) => Ok(()),
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
            ("http://user:secret@a[b:]c", "its host is malformed"),
            ("http://user:secret@[::1]c:1", "its host is malformed"),
            ("http://user:sec ret@proxy", "it is no URL"),
            ("", "it is no URL"),
        ] {
            let error = Proxy::new(url).expect_err("not supported");
            let text = error.to_string();
            assert!(matches!(error, ConnectError::UnsupportedProxy { .. }), "{url}");
            assert!(text.contains(reason) && !text.contains("cret"), "{text}");
        }
        for url in ["http://proxy", "http://user:secret@proxy:3128/", "proxy:3128", "proxy", "[::1]:3128"] {
            assert!(Proxy::new(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn each_scheme_has_its_proxy_and_its_error() {
        let proxy = Proxy::of_settings("socks5://a", "http://user@B:81").except("c,10.0.0.0/8");
        let of = |url: &str| proxy.of(&url.parse().expect("a URL"));
        let hop = of("https://server/").expect("supported").expect("a proxy");
        assert_eq!((hop.host.as_str(), hop.port), ("b", 81));
        assert_eq!(hop.auth.expect("a user"), "Basic dXNlcjo=");
        assert!(matches!(of("http://server/"), Err(ConnectError::UnsupportedProxy { .. })));
        for url in ["http://c/", "https://sub.c/", "http://10.1.2.3/"] {
            assert!(matches!(of(url), Ok(None)), "{url}");
        }
        let none = Proxy::of_settings("", "");
        assert!(matches!(none.of(&"http://server/".parse().expect("a URL")), Ok(None)));
        assert!(matches!(Proxy::none().of(&"http://server/".parse().expect("a URL")), Ok(None)));
    }

    fn passes(proxy: &Proxy, url: &str) -> bool {
        proxy.of(&url.parse().expect("a URL")).expect("supported").is_some()
    }

    #[test]
    fn exceptions_are_hosts_and_an_asterisk_is_all_of_them() {
        const NAME: &str = "http://sub.example.com/";
        const ADDRESS: &str = "https://10.1.2.3:8443/";
        const ADDRESS_6: &str = "http://[2001:db8::1]/";
        for (except, direct) in [
            ("", &[][..]),
            (" , ", &[]),
            ("*", &[NAME, ADDRESS, ADDRESS_6]),
            ("a, * ,b", &[NAME, ADDRESS, ADDRESS_6]),
            ("example.com", &[NAME]),
            (".EXAMPLE.com", &[NAME]),
            ("other.com sub.example.com", &[NAME]),
            ("ple.com", &[]),
            ("*.example.com", &[]),
            ("10.0.0.0/8\t2001:db8::1", &[ADDRESS, ADDRESS_6]),
            ("10.1.2.4", &[]),
        ] {
            let variables = |name: &str| match name {
                "all_proxy" => Some("http://proxy:1".to_owned()),
                "no_proxy" => Some(except.to_owned()),
                _ => None,
            };
            let given = Proxy::new("http://proxy:1").expect("a proxy").except(except);
            for proxy in [given, Proxy::of_variables(variables)] {
                for url in [NAME, ADDRESS, ADDRESS_6] {
                    assert_eq!(passes(&proxy, url), !direct.contains(&url), "{except:?} {url}");
                }
                assert!(!passes(&proxy.except("*"), NAME), "the last list counts");
            }
        }
        let proxy = Proxy::new("http://proxy:1").expect("a proxy").except("*").except("");
        assert!(passes(&proxy, NAME), "the last list counts");
    }

    #[test]
    fn variables_have_the_order_of_curl() {
        const HTTP: &str = "http://server/";
        const HTTPS: &str = "https://server/";
        for (variables, http, https) in [
            (&[][..], None, None),
            (&[("http_proxy", "a")], Some("a"), None),
            (&[("HTTP_PROXY", "a")], None, None),
            (&[("HTTP_PROXY", "a"), ("ALL_PROXY", "b")], Some("b"), Some("b")),
            (&[("HTTPS_PROXY", "a")], None, Some("a")),
            (&[("https_proxy", "a"), ("HTTPS_PROXY", "b"), ("all_proxy", "c")], Some("c"), Some("a")),
            (&[("all_proxy", "a"), ("ALL_PROXY", "b")], Some("a"), Some("a")),
            (&[("all_proxy", "a"), ("no_proxy", "other"), ("NO_PROXY", "server")], Some("a"), Some("a")),
            (&[("all_proxy", "a"), ("NO_PROXY", "server")], None, None),
        ] {
            let value = |name: &str| {
                let set = variables.iter().find(|(set, _)| *set == name);
                set.map(|(_, value)| (*value).to_owned())
            };
            let proxy = Proxy::of_variables(value);
            for (url, expected) in [(HTTP, http), (HTTPS, https)] {
                let hop = proxy.of(&url.parse().expect("a URL")).expect("supported");
                assert_eq!(hop.map(|hop| hop.host).as_deref(), expected, "{variables:?} {url}");
            }
        }
    }

    #[test]
    fn port_of_a_proxy_has_a_default() {
        let proxy = Proxy::new("http://proxy").expect("a proxy");
        let hop = proxy.of(&"http://server/".parse().expect("a URL")).expect("supported").expect("a proxy");
        assert_eq!(hop.port, 1080);
    }
}
