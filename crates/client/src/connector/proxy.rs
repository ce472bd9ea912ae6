use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

/// Which proxy a connection passes. HTTP proxies are asked for a tunnel with `CONNECT`
/// ([RFC 9110 §9.3.6](https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6)).
#[derive(Debug, Default)]
pub struct Proxy(Option<Matcher>);

impl Proxy {
    /// No proxy.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// The proxy of the variables `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, also in lower case.
    #[must_use]
    pub fn from_env() -> Self {
        Self(Some(Matcher::from_env()))
    }

    /// This proxy, except for the hosts in the list `except`, such as `localhost,.example.com,10.0.0.0/8`.
    #[must_use]
    pub fn new(url: &str, except: &str) -> Self {
        Self(Some(Matcher::builder().all(url).no(except).build()))
    }

    pub(super) fn of(&self, uri: &Uri) -> Option<Intercept> {
        self.0.as_ref()?.intercept(uri)
    }
}
