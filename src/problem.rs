use axum::{
    body::{self, BoxBody},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;

/// A problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)): what is said of a request that can't be
/// answered as it was asked.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    /// In the order in which they are written. The map of `serde_json` would sort them.
    members: Vec<(&'static str, Value)>,
    fields: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// One whose status says what kind it is (`about:blank`, RFC 9457 §4.2.1).
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let members = vec![
            ("type", "about:blank".into()),
            ("title", status.canonical_reason().unwrap_or_default().into()),
            ("status", status.as_u16().into()),
            ("detail", detail.into().into()),
        ];
        Self { status, members, fields: Vec::new() }
    }

    #[cfg(feature = "demo")]
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    #[cfg(feature = "demo")]
    pub(crate) fn detail(&self) -> &str {
        self.member("detail").and_then(Value::as_str).unwrap_or_default()
    }

    #[cfg(feature = "demo")]
    pub(crate) fn has(&self, member: &str) -> bool {
        self.member(member).is_some()
    }

    #[cfg(feature = "demo")]
    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.members.iter().find(|(member, _)| *member == name).map(|(_, value)| value)
    }

    #[cfg(feature = "demo")]
    pub(crate) fn members(&self) -> &[(&'static str, Value)] {
        &self.members
    }

    /// The same of a kind of its own.
    pub(crate) fn of_type(self, uri: &'static str, title: &'static str) -> Self {
        self.with("type", uri).with("title", title)
    }

    /// The same with one member more, or another value of one.
    pub(crate) fn with(mut self, member: &'static str, value: impl Into<Value>) -> Self {
        let value = value.into();
        match self.members.iter_mut().find(|(name, _)| *name == member) {
            Some((_, old)) => *old = value,
            None => self.members.push((member, value)),
        }
        self
    }

    /// The same with a header field more.
    pub(crate) fn field(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.fields.push((name, value.into()));
        self
    }
}

impl Problem {
    fn json(&self) -> String {
        let members = self.members.iter().map(|(name, value)| {
            // JSON strings have no line ends, so these are all between values.
            let value = format!("{value:#}").replace('\n', "\n  ");
            format!("  \"{name}\": {value}")
        });
        format!("{{\n{}\n}}\n", members.collect::<Vec<_>>().join(",\n"))
    }
}

impl IntoResponse for Problem {
    /// As JSON. The workbench also finds it among the response's extensions, and makes a page of it for browsers.
    fn into_response(self) -> Response {
        let text = self.json();
        let length = HeaderValue::from(text.len());
        let mut response: Response<BoxBody> = Response::new(body::boxed(body::Full::from(text)));
        *response.status_mut() = self.status;
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response.headers_mut().insert(header::CONTENT_LENGTH, length);
        response.headers_mut().extend(self.fields.iter().cloned());
        #[cfg(feature = "demo")]
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_of_the_standard_come_first_and_the_others_as_they_were_added() {
        let problem = Problem::new(StatusCode::BAD_REQUEST, "a \"quote\"\nand a line")
            .with("offered", ["b", "a"].as_slice())
            .with("none", Value::Array(Vec::new()))
            .with("fields", json!([{ "name": "x" }]))
            .of_type("urn:x", "X");
        let text = problem.json();
        let expected = r#"{
  "type": "urn:x",
  "title": "X",
  "status": 400,
  "detail": "a \"quote\"\nand a line",
  "offered": [
    "b",
    "a"
  ],
  "none": [],
  "fields": [
    {
      "name": "x"
    }
  ]
}
"#;
        assert_eq!(text, expected);
        let read: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(read["detail"], "a \"quote\"\nand a line");
    }
}
