use super::received::Received;
use crate::trailers::Declared;
use http_1::{
    HeaderMap, HeaderName, Uri,
    header::{HOST, TE, VIA},
    request::Parts,
};
use std::{borrow::Cow, sync::Arc};

/// What the line of a request contains of the request itself.
pub(super) struct Account {
    /// The request target with its query. Of an absolute-form one the scheme and the authority are left out: that is the
    /// host.
    pub(super) request_target: String,
    /// `Host`, or what HTTP/2 has instead.
    pub(super) host: Option<String>,
    pub(super) te: Option<String>,
    pub(super) via: Option<String>,
    /// The names in `Trailer` that may be trailers.
    announced: Declared,
    /// `None` if the request has no content.
    received: Option<Arc<Received>>,
}

/// In bytes. What a client sends may be much longer.
const LONGEST: usize = 1024;

impl Account {
    pub(super) fn of(head: &Parts, headers: &http::HeaderMap) -> Self {
        Self {
            request_target: request_target(&head.uri),
            host: host(head),
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
        joined(self.received.as_ref()?.trailer_names().iter().map(HeaderName::as_str))
    }

    /// The trailers that were announced and did not come, once the request has ended.
    pub(super) fn missing(&self) -> Option<String> {
        let received = self.received.as_deref();
        if received.is_some_and(|received| !received.has_ended()) {
            return None;
        }
        let came = received.map_or(&[][..], Received::trailer_names);
        let announced = self.announced.iter().map(http::HeaderName::as_str);
        joined(announced.filter(|name| !came.iter().any(|came| came.as_str() == *name)))
    }
}

fn request_target(uri: &Uri) -> String {
    match uri.path_and_query() {
        Some(path) => shortened(path.as_str().as_bytes()).into_owned(),
        // That of `CONNECT`.
        None => uri.authority().map(|authority| without_userinfo(authority.as_str())).unwrap_or_default(),
    }
}

fn host(head: &Parts) -> Option<String> {
    let authority = head.uri.authority().map(|authority| authority.as_str().to_owned());
    authority.or_else(|| value(&head.headers, &HOST)).map(|host| without_userinfo(&host))
}

/// A password does not belong in a log ([RFC 3986 §7.5](https://www.rfc-editor.org/rfc/rfc3986#section-7.5)).
fn without_userinfo(authority: &str) -> String {
    let host = authority.rsplit_once('@').map_or(authority, |(_userinfo, host)| host);
    shortened(host.as_bytes()).into_owned()
}

/// Names, with commas between them.
pub(super) fn joined<'n>(names: impl Iterator<Item = &'n str>) -> Option<String> {
    let mut all = String::new();
    for name in names {
        if !all.is_empty() {
            all.push(',');
        }
        all.push_str(name);
        if all.len() > LONGEST {
            break;
        }
    }
    (!all.is_empty()).then(|| shortened(all.as_bytes()).into_owned())
}

/// The values of a field, as one.
fn value(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.as_bytes();
    let all = values.fold(first.to_vec(), |all, value| [&all, &b", "[..], value.as_bytes()].concat());
    Some(shortened(&all).into_owned())
}

/// As text, and not too much of it.
pub(super) fn shortened(bytes: &[u8]) -> Cow<'_, str> {
    match bytes.get(..LONGEST) {
        Some(start) if bytes.len() > LONGEST => format!("{}…", String::from_utf8_lossy(start)).into(),
        _ => String::from_utf8_lossy(bytes),
    }
}
