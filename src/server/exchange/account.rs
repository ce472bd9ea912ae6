use super::{origin::Origin, received::Received};
use crate::trailers::Declared;
use http_1::{
    HeaderMap, HeaderName,
    header::{HOST, TE, VIA},
    request::Parts,
};
use std::sync::Arc;

/// What is said of a request, beside how it was answered.
pub(super) struct Account {
    pub(super) origin: Origin,
    /// The request target with its query. Of an absolute-form one the scheme and the authority are left out: that is the
    /// host.
    pub(super) request_target: String,
    /// `Host`, or what HTTP/2 has instead.
    pub(super) host: Option<String>,
    pub(super) te: Option<String>,
    pub(super) via: Option<String>,
    /// The names in `Trailer` that may be trailers.
    announced: Declared,
    /// `None` where the request has no content.
    received: Option<Arc<Received>>,
}

/// In bytes. What a client sends may be much longer.
const LONGEST: usize = 1024;

impl Account {
    pub(super) fn of(head: &Parts, headers: &http::HeaderMap) -> Self {
        let path = head.uri.path_and_query().map(|path| shortened(path.as_str().as_bytes()));
        let authority = head.uri.authority().map(|authority| shortened(authority.as_str().as_bytes()));
        Self {
            origin: Origin::of(&head.headers),
            request_target: path.unwrap_or_else(|| shortened(head.uri.to_string().as_bytes())),
            host: authority.or_else(|| value(&head.headers, &HOST)),
            te: value(&head.headers, &TE),
            via: value(&head.headers, &VIA),
            announced: Declared::read(headers),
            received: None,
        }
    }

    /// Where to note what comes of the request's content.
    pub(super) fn receives(&mut self) -> Arc<Received> {
        self.received.insert(Arc::default()).clone()
    }

    pub(super) fn bytes_in(&self) -> u64 {
        self.received.as_ref().map_or(0, |received| received.bytes())
    }

    /// The trailers that came.
    pub(super) fn trailers(&self) -> Option<String> {
        let came = self.received.as_ref()?.trailer_names();
        joined(&came.iter().map(HeaderName::as_str).collect::<Vec<_>>())
    }

    /// The trailers that were announced and did not come, if the request has come to its end.
    pub(super) fn missing(&self) -> Option<String> {
        let received = self.received.as_deref();
        if received.is_some_and(|received| !received.has_ended()) {
            return None;
        }
        let came = received.map_or(&[][..], Received::trailer_names);
        let missing =
            self.announced.iter().filter(|name| !came.iter().any(|came| came.as_str() == name.as_str()));
        joined(&missing.map(http::HeaderName::as_str).collect::<Vec<_>>())
    }
}

fn joined(names: &[&str]) -> Option<String> {
    (!names.is_empty()).then(|| names.join(","))
}

/// The values of a field, as one.
fn value(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.as_bytes();
    let all = values.fold(first.to_vec(), |all, value| [&all, &b", "[..], value.as_bytes()].concat());
    Some(shortened(&all))
}

/// As text, and not too much of it.
fn shortened(bytes: &[u8]) -> String {
    match bytes.get(..LONGEST) {
        None => String::from_utf8_lossy(bytes).into_owned(),
        Some(start) => format!("{}…", String::from_utf8_lossy(start)),
    }
}
