//! Problem documents: response bodies that explain what is wrong with a request.

use crate::compat::{FieldName, FieldValue, Fields, Response, ResponseHead, Status};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body_util::Full;
use serde_json::Value;

/// A problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)): JSON that explains why a request is
/// rejected.
///
/// ```
/// use axum_trailers::problem::Problem;
/// use http::StatusCode;
///
/// async fn rows() -> Result<&'static str, Problem> {
///     Err(Problem::new(StatusCode::BAD_REQUEST, "`rows` is no number").with("parameter", "rows"))
/// }
/// # let _ = axum::Router::<()>::new().route("/", axum::routing::get(rows));
/// ```
///
/// The response also carries the `Problem` in its extensions, for layers that render it in another way.
#[derive(Clone, Debug)]
#[must_use]
pub struct Problem {
    status: StatusCode,
    /// In the order in which they are written; the map of `serde_json` would sort them.
    members: Vec<(&'static str, Value)>,
    fields: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// Creates a problem of type `about:blank`, which means no more than its status
    /// ([RFC 9457 §4.2.1](https://www.rfc-editor.org/rfc/rfc9457#section-4.2.1)). `detail` tells people what is wrong
    /// and what to do.
    pub fn new(status: impl Status, detail: impl Into<String>) -> Self {
        let status = status.into_status();
        let members = vec![
            ("type", "about:blank".into()),
            ("title", status.canonical_reason().unwrap_or_default().into()),
            ("status", status.as_u16().into()),
            ("detail", detail.into().into()),
        ];
        Self { status, members, fields: Vec::new() }
    }

    /// The status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The explanation for people.
    #[must_use]
    pub fn detail(&self) -> &str {
        self.member("detail").and_then(Value::as_str).unwrap_or_default()
    }

    /// The value of a member.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.members.iter().find(|(member, _)| *member == name).map(|(_, value)| value)
    }

    /// All members in order, the standard ones first.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.members.iter().map(|(name, value)| (*name, value))
    }

    /// Sets a specific type ([RFC 9457 §3.1.1](https://www.rfc-editor.org/rfc/rfc9457#section-3.1.1)) and the title
    /// that always goes with it.
    pub fn of_type(self, uri: &'static str, title: &'static str) -> Self {
        self.with("type", uri).with("title", title)
    }

    /// Adds a member ([RFC 9457 §3.2](https://www.rfc-editor.org/rfc/rfc9457#section-3.2)) or replaces the one with
    /// this name.
    ///
    /// # Panics
    ///
    /// If the member is `status`: it is always that of the response.
    pub fn with(mut self, member: &'static str, value: impl Into<Value>) -> Self {
        assert_ne!(member, "status", "the status of a problem is that of its response");
        let value = value.into();
        match self.members.iter_mut().find(|(name, _)| *name == member) {
            Some((_, old)) => *old = value,
            None => self.members.push((member, value)),
        }
        self
    }

    /// Adds a header field, such as `Retry-After`. A malformed one is left out and logged at `ERROR`.
    pub fn field(mut self, name: impl FieldName, value: impl FieldValue) -> Self {
        match (name.into_name(), value.into_value()) {
            (Some(name), Some(value)) => self.fields.push((name, value)),
            (name, _) => tracing::error!(?name, "malformed field of a problem omitted"),
        }
        self
    }

    /// The response with this document, for any server of `http` 1. axum's `into_response` creates the same.
    #[must_use]
    pub fn into_http_response(self) -> http::Response<Full<Bytes>> {
        let (head, document) = self.into_parts::<http::Response<Full<Bytes>>>();
        head.map(|()| document.into())
    }

    /// The head of the response and the document.
    pub(crate) fn into_parts<R: Response>(self) -> (R::Head, Bytes) {
        let document = Bytes::from(self.json());
        let mut head = R::head(self.status);
        let json = HeaderValue::from_static("application/problem+json");
        let framing = [(header::CONTENT_TYPE, json), (header::CONTENT_LENGTH, document.len().into())];
        for (name, value) in framing.iter().chain(&self.fields) {
            if head.fields_mut().add(name, value).is_err() {
                tracing::error!(%name, "field of a problem omitted: too many fields");
            }
        }
        head.insert_extension(self);
        (head, document)
    }
}

impl Problem {
    fn json(&self) -> String {
        let members = self.members.iter().map(|(name, value)| {
            // JSON strings contain no raw line breaks, so every line break is between values.
            let value = format!("{value:#}").replace('\n', "\n  ");
            format!("  {}: {value}", Value::from(*name))
        });
        format!("{{\n{}\n}}\n", members.collect::<Vec<_>>().join(",\n"))
    }
}
