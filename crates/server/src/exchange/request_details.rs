use super::received::Received;
use axum_trailers::{syntax::list_elements, trailers::why_forbidden};
use http::{
    HeaderMap, HeaderName, Uri,
    header::{HOST, TE, TRAILER, VIA},
    request::Parts,
};
use std::{borrow::Cow, sync::Arc};

/// The part of a request's log line that describes the request itself.
pub(super) struct RequestDetails {
    /// The request target with its query. The scheme and authority of an absolute-form target are left out: they are in
    /// `host`.
    pub(super) request_target: String,
    /// `Host`, or its HTTP/2 equivalent.
    pub(super) host: Option<String>,
    pub(super) te: Option<String>,
    pub(super) via: Option<String>,
    /// The first names in `Trailer` that are permitted as trailers.
    announced: Vec<HeaderName>,
    /// `None` if the request has no content.
    received: Option<Arc<Received>>,
}

/// In bytes. Values from clients may be much longer.
const MAX_VALUE: usize = 1024;

/// More would not fit into the line.
const MOST_ANNOUNCED: usize = 256;

impl RequestDetails {
    pub(crate) fn of(head: &Parts) -> Self {
        Self {
            request_target: request_target(&head.uri),
            host: host(head),
            te: value(&head.headers, &TE),
            via: value(&head.headers, &VIA),
            announced: announced(&head.headers),
            received: None,
        }
    }

    /// Where to record what arrives of the request's content.
    pub(super) fn track_content(&mut self) -> Arc<Received> {
        self.received.insert(Arc::default()).clone()
    }

    pub(super) fn bytes_in(&self) -> u64 {
        self.received.as_ref().map_or(0, |received| received.bytes())
    }

    /// The names of the trailers that arrived.
    pub(super) fn trailers(&self) -> Option<String> {
        joined(self.received.as_ref()?.trailer_names().iter().map(HeaderName::as_str))
    }

    /// The names of announced trailers that did not arrive, once the request has ended.
    pub(super) fn missing(&self) -> Option<String> {
        let received = self.received.as_deref();
        if received.is_some_and(|received| !received.has_ended()) {
            return None;
        }
        let came = received.map_or(&[][..], Received::trailer_names);
        let announced = self.announced.iter().map(HeaderName::as_str);
        joined(announced.filter(|name| !came.iter().any(|came| came.as_str() == *name)))
    }
}

fn request_target(uri: &Uri) -> String {
    match uri.path_and_query() {
        Some(path) => shortened(path.as_str().as_bytes()).into_owned(),
        // For `CONNECT`.
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

/// Joins names with commas.
pub(super) fn joined<'n>(names: impl Iterator<Item = &'n str>) -> Option<String> {
    let mut all = String::new();
    for name in names {
        if !all.is_empty() {
            all.push(',');
        }
        all.push_str(name);
        if all.len() > MAX_VALUE {
            break;
        }
    }
    (!all.is_empty()).then(|| shortened(all.as_bytes()).into_owned())
}

/// Joins the values of a field.
fn value(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    let mut all = values.next()?.as_bytes().to_vec();
    for value in values {
        if all.len() > MAX_VALUE {
            break;
        }
        all.extend_from_slice(b", ");
        all.extend_from_slice(value.as_bytes());
    }
    Some(shortened(&all).into_owned())
}

fn announced(headers: &HeaderMap) -> Vec<HeaderName> {
    let names = list_elements(headers, &TRAILER).take(MOST_ANNOUNCED);
    let mut announced = Vec::new();
    for name in names.filter_map(|name| HeaderName::from_bytes(name).ok()) {
        if why_forbidden(&name).is_none() && !announced.contains(&name) {
            announced.push(name);
        }
    }
    announced
}

/// Converts to text of limited length.
pub(super) fn shortened(bytes: &[u8]) -> Cow<'_, str> {
    match bytes.get(..MAX_VALUE) {
        Some(start) if bytes.len() > MAX_VALUE => format!("{}…", String::from_utf8_lossy(start)).into(),
        _ => String::from_utf8_lossy(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn details(fields: &[(HeaderName, &str)]) -> RequestDetails {
        let (mut head, ()) = http::Request::new(()).into_parts();
        for (name, value) in fields {
            head.headers.append(name, HeaderValue::from_str(value).expect("a value"));
        }
        RequestDetails::of(&head)
    }

    #[test]
    fn lengths_are_limited_whatever_a_client_sends() {
        let names = (0..100_000).map(|n| format!("x-{n}")).collect::<Vec<_>>().join(",");
        let fields = [&[(TRAILER, &*names)][..], &vec![(VIA, "1.1 a"); 20_000]].concat();
        let details = details(&fields);
        assert_eq!(details.announced.len(), MOST_ANNOUNCED);
        for text in [details.via.clone(), details.missing()] {
            let text = text.expect("some");
            assert!(text.ends_with('…') && text.len() < MAX_VALUE + 4, "{text}");
        }
    }

    #[test]
    fn password_is_left_out() {
        assert_eq!(details(&[(HOST, "user:secret@a:1")]).host.as_deref(), Some("a:1"));
        assert_eq!(details(&[(HOST, "a:1")]).host.as_deref(), Some("a:1"));
        let (mut head, ()) = http::Request::new(()).into_parts();
        head.uri = "u:secret@b:443".parse().expect("a target");
        let details = RequestDetails::of(&head);
        assert_eq!((&*details.request_target, details.host.as_deref()), ("b:443", Some("b:443")));
    }
}
