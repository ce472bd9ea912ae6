use axum::{
    body::{self, BoxBody},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value};

/// A problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)): what is said of a request that can't be
/// answered as it was asked.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    members: Map<String, Value>,
    fields: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// One whose status says what kind it is (`about:blank`, RFC 9457 §4.2.1).
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let mut members = Map::new();
        members.insert("type".to_owned(), "about:blank".into());
        members.insert("title".to_owned(), status.canonical_reason().unwrap_or_default().into());
        members.insert("status".to_owned(), status.as_u16().into());
        members.insert("detail".to_owned(), detail.into().into());
        Self { status, members, fields: Vec::new() }
    }

    #[cfg(feature = "demo")]
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    #[cfg(feature = "demo")]
    pub(crate) fn detail(&self) -> &str {
        self.members.get("detail").and_then(Value::as_str).unwrap_or_default()
    }

    #[cfg(feature = "demo")]
    pub(crate) fn has(&self, member: &str) -> bool {
        self.members.contains_key(member)
    }

    /// The same of a kind of its own.
    pub(crate) fn of_type(self, uri: &str, title: &str) -> Self {
        self.with("type", uri).with("title", title)
    }

    /// The same with one member more, or another value of one.
    pub(crate) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    /// The same with a header field more.
    pub(crate) fn field(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.fields.push((name, value.into()));
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let text = format!("{:#}\n", Value::Object(self.members));
        let length = HeaderValue::from(text.len());
        let mut response: Response<BoxBody> = Response::new(body::boxed(body::Full::from(text)));
        *response.status_mut() = self.status;
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response.headers_mut().insert(header::CONTENT_LENGTH, length);
        response.headers_mut().extend(self.fields);
        response
    }
}
