use crate::exchange::Error;
use axum_trailers::syntax::host_and_port;
use http::{
    HeaderValue, Uri,
    uri::{Authority, PathAndQuery, Scheme},
};

/// The server that a URL names, and what to ask it for.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) origin: Origin,
    pub(crate) path: PathAndQuery,
}

/// A server: what can share a connection ([RFC 9110 §4.3.1](https://www.rfc-editor.org/rfc/rfc9110#section-4.3.1)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) is_tls: bool,
    /// In lower case; IPv6 addresses in brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Target {
    pub(crate) fn of(uri: &Uri) -> Result<Self, Error> {
        let is_tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            Some(scheme) => return Err(unsupported(&format!("the scheme `{scheme}` is not supported"))),
            None => return Err(unsupported("the URL has no scheme")),
        };
        let authority = without_user(uri);
        let (host, port) = match host_and_port(authority) {
            Some(both) => both,
            None if authority.is_empty() || authority.starts_with(':') => {
                return Err(unsupported("the URL has no host"));
            }
            None => {
                return Err(unsupported(&format!("`{authority}` is no host with an optional port number")));
            }
        };
        let port = match port.unwrap_or_default() {
            "" if is_tls => HTTPS_PORT,
            "" => HTTP_PORT,
            text => text.parse().map_err(|_| unsupported(&format!("`{text}` is no port")))?,
        };
        let origin = Origin { is_tls, host: host.to_ascii_lowercase(), port };
        Ok(Self { origin, path: path(uri)? })
    }
}

/// An empty path is sent as `/`, also in front of a query
/// ([RFC 9113 §8.3.1](https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1)).
fn path(uri: &Uri) -> Result<PathAndQuery, Error> {
    match uri.path_and_query() {
        Some(path) if path.as_str().starts_with(['/', '*']) => Ok(path.clone()),
        Some(query) => format!("/{}", query.as_str())
            .parse()
            .map_err(|_| unsupported("the path of the URL can't be sent")),
        None => Ok(PathAndQuery::from_static("/")),
    }
}

const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;

/// The authority of a URL without its userinfo.
pub(crate) fn without_user(uri: &Uri) -> &str {
    let authority = uri.authority().map_or("", Authority::as_str);
    authority.rsplit_once('@').map_or(authority, |(_, rest)| rest)
}

fn unsupported(reason: &str) -> Error {
    Error::Request(format!("{reason}; use a URL like https://example.com/path"))
}

impl Origin {
    /// Host and port, without a default port. User information is not part of it.
    pub(crate) fn authority(&self) -> String {
        let default = if self.is_tls { HTTPS_PORT } else { HTTP_PORT };
        if self.port == default { self.host.clone() } else { self.host_and_port() }
    }

    pub(crate) fn host_and_port(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// An IPv6 address without its brackets.
    pub(crate) fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    pub(crate) fn scheme(&self) -> Scheme {
        if self.is_tls { Scheme::HTTPS } else { Scheme::HTTP }
    }

    /// The URL of a path there, for the server that `host` names, if it is given.
    pub(crate) fn url(&self, path: PathAndQuery, host: Option<&HeaderValue>) -> Result<Uri, Error> {
        let url = Uri::builder().scheme(self.scheme()).path_and_query(path);
        let url = match host {
            Some(host) => url.authority(host.as_bytes()),
            None => url.authority(self.authority()),
        };
        url.build().map_err(|error| Error::Request(format!("`Host` can't be sent over HTTP/2: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_of_a_url_has_a_host_and_a_port() {
        for (url, host, port) in [
            ("https://Example.com", "example.com", 443),
            ("http://example.com:/a", "example.com", 80),
            ("https://user:secret@example.com:3000/", "example.com", 3000),
            ("https://[2001:DB8::1]:3000/", "[2001:db8::1]", 3000),
        ] {
            let target = Target::of(&url.parse().expect("a URL")).expect(url);
            assert_eq!((target.origin.host.as_str(), target.origin.port), (host, port), "{url}");
        }
        for (url, reason) in [
            ("/path", "no scheme"),
            ("ftp://example.com/", "the scheme `ftp`"),
            ("https://:3000/", "no host"),
            ("https://example.com:65536/", "`65536` is no port"),
            ("https://example.com:a/", "`example.com:a` is no host"),
            ("https://user:secret@a[b:]c/", "`a[b:]c` is no host"),
            ("https://[::1]a/", "`[::1]a` is no host"),
        ] {
            let error = Target::of(&url.parse().expect("a URL")).expect_err(url).to_string();
            assert!(error.contains(reason) && !error.contains("secret"), "{url}: {error}");
        }
    }
}
