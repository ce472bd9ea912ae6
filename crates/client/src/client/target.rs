use crate::exchange::Error;
use http::{
    HeaderValue, Uri,
    uri::{PathAndQuery, Scheme},
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
        let host =
            uri.host().filter(|host| !host.is_empty()).ok_or_else(|| unsupported("the URL has no host"))?;
        let default = if is_tls { HTTPS_PORT } else { HTTP_PORT };
        let port = match port_text(uri) {
            "" => default,
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

/// `Uri::port` leaves out what is no port.
fn port_text(uri: &Uri) -> &str {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let behind_user = authority.rsplit_once('@').map_or(authority, |(_, rest)| rest);
    let behind_address = behind_user.rsplit_once(']').map_or(behind_user, |(_, rest)| rest);
    behind_address.rsplit_once(':').map_or("", |(_, port)| port)
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
