use http::{HeaderMap, StatusCode};
use std::{fmt, sync::Arc};

/// Receives the informational (1xx) responses to a request
/// ([RFC 9110 §15.2](https://www.rfc-editor.org/rfc/rfc9110#section-15.2)). Insert it into the request's extensions.
///
/// Only over HTTP/1.1 and HTTP/3: hyper drops those of HTTP/2.
///
/// ```
/// use axum_trailers_client::OnInformational;
///
/// let print = OnInformational::new(|status, fields| println!("{status} {fields:?}"));
/// let request = http::Request::get("http://localhost:3000/").extension(print).body(()).expect("a request");
/// ```
#[derive(Clone)]
pub struct OnInformational(Arc<Receive>);

type Receive = dyn Fn(StatusCode, &HeaderMap) + Send + Sync;

impl OnInformational {
    /// Calls `receive` with the status and the fields of each informational response, before the final response.
    #[must_use]
    pub fn new(receive: impl Fn(StatusCode, &HeaderMap) + Send + Sync + 'static) -> Self {
        Self(Arc::new(receive))
    }

    pub(crate) fn call(&self, status: StatusCode, fields: &HeaderMap) {
        (self.0)(status, fields);
    }
}

impl fmt::Debug for OnInformational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnInformational").finish_non_exhaustive()
    }
}
