use super::future::AppFuture;
use crate::{exchange::RequestBody, metrics::MatchedRoute};
use axum_trailers::trailers::{Acceptance, TrailerLimits, server::ConnectionInfo};
use http::request::Parts;

/// What [`Server::serve`](crate::Server::serve) serves: any [`tower_service::Service`] of
/// `http::Request<`[`RequestBody`]`>` that is `Clone` and `Send`, such as axum 0.8's `Router`, or `Axum06` (feature
/// `axum-06`).
///
/// Each thread of the server has a clone of it. The extensions of a request contain a [`ConnectionInfo`], and axum 0.8's
/// `ConnectInfo<SocketAddr>` with the feature `axum-08`. An error of the service becomes a 500, and is logged.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be served",
    label = "not a `tower::Service<http::Request<axum_trailers_server::RequestBody>>` that is `Clone` and `Send`",
    note = "a `Router` of axum 0.8 needs its state: call `with_state`",
    note = "for a `Router` of axum 0.6, enable the feature `axum-06` of axum-trailers-server and serve `Axum06(router)`"
)]
pub trait Application: Sized + Send + 'static {
    #[doc(hidden)]
    fn erase(self, is_counted: bool) -> Erased;
}

/// An application with its type erased.
pub struct Erased(pub(crate) Box<dyn Handler>);

/// One thread's clone of an application.
pub(crate) trait Handler: Send {
    /// A clone for another thread.
    fn for_thread(&self) -> Box<dyn Handler>;

    /// Begins to respond to a request.
    fn call(&mut self, head: Parts, body: RequestBody, notes: RequestNotes) -> AppFuture;
}

/// What the server tells the application about a request, in its extensions.
pub(crate) struct RequestNotes {
    pub(super) connection: ConnectionInfo,
    /// Only below HTTP/2, where it depends on the request.
    pub(super) acceptance: Option<Acceptance>,
    /// Where to record which route it matches, if requests are counted.
    pub(super) route: Option<MatchedRoute>,
    /// `None` without content.
    pub(super) trailer_limits: Option<TrailerLimits>,
}

/// The extensions of a request of either generation of `http`.
pub(crate) trait RequestExtensions {
    fn add<T: Clone + Send + Sync + 'static>(&mut self, note: T);
}

impl RequestExtensions for http::Extensions {
    fn add<T: Clone + Send + Sync + 'static>(&mut self, note: T) {
        self.insert(note);
    }
}

impl RequestNotes {
    /// Also adds who the client is, for axum 0.8.
    pub(super) fn add_to_newer(self, extensions: &mut http::Extensions) {
        #[cfg(feature = "axum-08")]
        extensions.insert(axum_08::extract::ConnectInfo(self.connection.client()));
        self.add_to(extensions);
    }

    pub(super) fn add_to(self, extensions: &mut impl RequestExtensions) {
        extensions.add(self.connection);
        if let Some(acceptance) = self.acceptance {
            extensions.add(acceptance);
        }
        if let Some(route) = self.route {
            extensions.add(route);
        }
        if let Some(limits) = self.trailer_limits {
            extensions.add(limits);
        }
    }
}
