//! A request that can be sent more than once: for redirects, and after a cut.

use axum_trailers::{
    BoxError,
    digest::{CONTENT_DIGEST, REPR_DIGEST},
};
use axum_trailers_client::UncheckedTrailers;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, combinators::UnsyncBoxBody};

pub(super) type RequestBody = UnsyncBoxBody<Bytes, BoxError>;

pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) fields: HeaderMap,
    pub(super) unchecked_trailers: Option<UncheckedTrailers>,
    content: Option<Box<dyn MakeBody>>,
}

/// Makes the body of each request. Fails with a text if that is not possible, or not again.
pub(super) trait MakeBody {
    fn make(&mut self) -> Result<RequestBody, String>;
}

/// Where a redirect leads.
#[derive(Debug, PartialEq)]
pub(super) struct Next {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) keeps_content: bool,
    pub(super) is_same_origin: bool,
}

/// Fields about a request's content ([RFC 9110 §15.4](https://www.rfc-editor.org/rfc/rfc9110#section-15.4)).
const OF_CONTENT: [HeaderName; 11] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    header::CONTENT_RANGE,
    header::LAST_MODIFIED,
    header::TRAILER,
    header::EXPECT,
    CONTENT_DIGEST,
    REPR_DIGEST,
];

/// Credentials, and the name of the server.
const OF_AN_ORIGIN: [HeaderName; 4] =
    [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION, header::HOST];

impl Outgoing {
    /// A request without content.
    pub(super) fn empty(method: Method, uri: Uri, fields: HeaderMap) -> Self {
        Self { method, uri, fields, unchecked_trailers: None, content: None }
    }

    pub(super) fn with_content(mut self, content: impl MakeBody + 'static) -> Self {
        self.content = Some(Box::new(content));
        self
    }

    pub(super) fn has_content(&self) -> bool {
        self.content.is_some()
    }

    /// The body of the next request.
    pub(super) fn body(&mut self) -> Result<RequestBody, String> {
        match &mut self.content {
            Some(content) => content.make(),
            None => Ok(Empty::new().map_err(|never| match never {}).boxed_unsync()),
        }
    }

    /// Whether to repeat the request without `Expect`, because the server does not support it
    /// ([RFC 9110 §10.1.1](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1)).
    pub(super) fn expects_too_much<B>(&mut self, response: &Response<B>) -> bool {
        response.status() == StatusCode::EXPECTATION_FAILED && self.fields.remove(header::EXPECT).is_some()
    }

    /// Turns this into the request after a redirect.
    pub(super) fn redirect(&mut self, next: Next) {
        if !next.keeps_content {
            self.content = None;
            self.unchecked_trailers = None;
            for name in &OF_CONTENT {
                self.fields.remove(name);
            }
        }
        if !next.is_same_origin {
            for name in &OF_AN_ORIGIN {
                self.fields.remove(name);
            }
        }
        self.method = next.method;
        self.uri = next.uri;
    }
}
