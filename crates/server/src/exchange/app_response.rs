use super::overrides::Overrides;
use crate::connection::AppBody;
use axum_trailers::{
    BoxError,
    hints::{Relayed, Routine},
    trailers::server::{DigestedCodings, FailureMark, ResponseObserver, RunsWhenPolled, TrailersWithheld},
};
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, response::Parts};
use http_body::Body;
use http_body_util::Empty;

/// A response of the application or of the server itself, before it is decided what is sent of it.
pub(crate) struct AppResponse {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) notes: Notes,
    pub(super) body: AppBody,
}

/// What bodies and layers have noted in the extensions of a response, for the server.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a note of its own")]
pub(crate) struct Notes {
    pub(super) observer: Option<ResponseObserver>,
    pub(super) mark: Option<FailureMark>,
    pub(super) digested: Option<DigestedCodings>,
    pub(super) is_relayed: bool,
    pub(super) is_routine: bool,
    pub(super) withholds_trailers: bool,
    pub(super) runs_when_polled: bool,
    pub(super) overrides: Overrides,
}

/// The extensions of a response of either generation of `http`.
pub(crate) trait ResponseExtensions {
    fn is_empty(&self) -> bool;

    fn note<T: Clone + Send + Sync + 'static>(&self) -> Option<T>;
}

impl ResponseExtensions for http::Extensions {
    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn note<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.get().cloned()
    }
}

impl Notes {
    pub(crate) fn read(extensions: &impl ResponseExtensions) -> Self {
        if extensions.is_empty() {
            return Self::default();
        }
        Self {
            observer: extensions.note(),
            mark: extensions.note(),
            digested: extensions.note(),
            is_relayed: extensions.note::<Relayed>().is_some(),
            is_routine: extensions.note::<Routine>().is_some(),
            withholds_trailers: extensions.note::<TrailersWithheld>().is_some(),
            runs_when_polled: extensions.note::<RunsWhenPolled>().is_some(),
            overrides: Overrides::new(extensions.note(), extensions.note()),
        }
    }
}

impl AppResponse {
    pub(crate) fn new(status: StatusCode, headers: HeaderMap, notes: Notes, body: AppBody) -> Self {
        Self { status, headers, notes, body }
    }

    /// A response without content.
    pub(crate) fn empty(headers: HeaderMap) -> Self {
        Self::new(StatusCode::OK, headers, Notes::default(), AppBody::of_http_1(Empty::new()))
    }

    #[cfg(feature = "axum-06")]
    pub(crate) fn noting(self, notes: Notes) -> Self {
        Self { notes, ..self }
    }

    pub(crate) fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    pub(crate) fn body(&self) -> &AppBody {
        &self.body
    }

    /// Whether its producer runs only when the body is polled, so that no other task has to be waited for.
    pub(crate) fn runs_when_polled(&self) -> bool {
        self.notes.runs_when_polled
    }

    /// Uses a response that is sent instead of the application's, for the same observer.
    pub(crate) fn replaced_by(self, mut instead: Self) -> Self {
        instead.notes.observer = self.notes.observer;
        self.body.discard();
        instead
    }
}

impl<B> From<Response<B>> for AppResponse
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    fn from(response: Response<B>) -> Self {
        let (Parts { status, headers, extensions, .. }, body) = response.into_parts();
        Self::new(status, headers, Notes::read(&extensions), AppBody::of_http_1(body))
    }
}
