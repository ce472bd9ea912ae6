use super::{
    http_feed::HttpFeed,
    metadata::{DatabaseLost, Metadata},
    options::{FailureMode, Options},
    output::{Output, X_EXPORT_ID},
    presentation::Presentation,
    registry::{Export, ExportPermit},
    tracked_body::TrackedBody,
};
use axum::{
    body::boxed,
    response::{IntoResponse, Response},
};
use axum_trailers::{
    body::{Chunks, StreamBody, channel},
    trailers::Declared,
};
use http_02::{HeaderName, HeaderValue, Method, header};
use std::sync::Arc;
use tokio::runtime::Handle;

/// The capacity of the response's channel, in bytes.
const CAPACITY: usize = 64 * 1024;

/// Sends an export as the body of an HTTP response.
pub(super) struct HttpOutput {
    options: Options,
    /// Whether the request is `HEAD`.
    is_head: bool,
    runtime: Handle,
}

impl HttpOutput {
    /// For a request with this method. Must be called in the runtime that serves it.
    pub(super) fn new(options: Options, method: &Method) -> Self {
        Self { options, is_head: method == Method::HEAD, runtime: Handle::current() }
    }

    fn response(&self, export: Option<&Export>, body: StreamBody<Chunks>) -> Response {
        let Options { format, presentation, .. } = self.options;
        let mut response = body.into_response();
        let fields = response.headers_mut();
        if let Some(Export { id, .. }) = export {
            let id = HeaderValue::try_from(id).expect("hexadecimal digits make a field value");
            fields.insert(HeaderName::from_static(X_EXPORT_ID), id);
        }
        fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(presentation.content_type(format)));
        fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if presentation == Presentation::Content {
            fields.insert(header::VARY, HeaderValue::from_static("accept, want-content-digest"));
        }
        self.options.faults.ask(response.extensions_mut());
        response
    }

    fn declared(&self) -> Declared {
        let faults = self.options.faults;
        if self.options.presentation != Presentation::Content {
            return faults.declare(Declared::none());
        }
        let metadata = faults.declare(Metadata::declared(self.options.digest.is_some()));
        match self.options.failure_mode {
            FailureMode::ByReset => metadata,
            FailureMode::ByTrailers => {
                let status = DatabaseLost::declared();
                Declared::new(metadata.iter().chain(status.iter())).expect("permitted fields")
            }
        }
    }
}

impl Output for HttpOutput {
    type Response = Response;
    type Feed = HttpFeed;

    fn format(&self) -> &'static str {
        self.options.format.name()
    }

    /// The body has no known length, as with `GET`.
    fn without_rows(&self) -> Option<Response> {
        self.is_head.then(|| self.response(None, channel(1, Declared::none()).1))
    }

    fn begin(
        &self,
        export: Arc<Export>,
        permit: Arc<ExportPermit>,
        columns: &[String],
    ) -> (Response, HttpFeed) {
        let (sender, body) = channel(CAPACITY, self.declared());
        let response = self.response(Some(&export), body);
        let response = response.map(|body| boxed(TrackedBody::new(body, export.clone(), permit)));
        (response, HttpFeed::new(self.options, self.runtime.clone(), sender, export, columns))
    }
}
