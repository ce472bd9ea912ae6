use super::payload::Payload;
use crate::OnInformational;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

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
    /// Of informational responses.
    pub(super) receiver: Option<OnInformational>,
}

/// How often `100 Continue` has arrived.
#[derive(Clone, Debug, Default)]
pub(super) struct Continues(Arc<AtomicUsize>);

impl Continues {
    pub(super) fn count(&self) -> usize {
        self.0.load(Relaxed)
    }
}

impl Probe {
    pub(super) fn get(target: impl Into<String>) -> Self {
        Self::new(Method::GET, target)
    }

    pub(super) fn new(method: Method, target: impl Into<String>) -> Self {
        // A coding would change what is compared.
        let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))]);
        Self {
            method,
            target: target.into(),
            headers,
            payload: Payload::default(),
            asks_for_trailers: true,
            receiver: None,
        }
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

    /// A request that waits for `100 Continue` before it sends its content.
    pub(super) fn expecting(target: impl Into<String>) -> (Self, Continues) {
        let continues = Continues::default();
        let counter = continues.0.clone();
        let receiver = OnInformational::new(move |status, _| {
            counter.fetch_add(usize::from(status == StatusCode::CONTINUE), Relaxed);
        });
        let probe = Self::post(target, Payload::content("content\n")).header(header::EXPECT, "100-continue");
        (Self { receiver: Some(receiver), ..probe }, continues)
    }
}
