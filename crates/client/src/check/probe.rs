use super::payload::Payload;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

/// A request that a check sends.
#[derive(Debug)]
pub(super) struct Probe {
    pub(super) method: Method,
    /// Path and query, below the base of the URL.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) payload: Payload,
    /// Whether it asks for trailers, if its mode does.
    pub(super) asks_for_trailers: bool,
}

impl Probe {
    pub(super) fn get(target: impl Into<String>) -> Self {
        Self::new(Method::GET, target)
    }

    pub(super) fn new(method: Method, target: impl Into<String>) -> Self {
        // A coding would change what is compared.
        let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))]);
        Self { method, target: target.into(), headers, payload: Payload::default(), asks_for_trailers: true }
    }

    pub(super) fn post(target: impl Into<String>, payload: Payload) -> Self {
        Self { payload, ..Self::new(Method::POST, target) }
    }

    pub(super) fn header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.insert(name, HeaderValue::from_static(value));
        self
    }

    pub(super) fn without_te(mut self) -> Self {
        self.asks_for_trailers = false;
        self
    }
}
