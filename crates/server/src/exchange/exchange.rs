use super::{
    ending::{Ending, Failure, Trailers},
    received::Received,
    request_details::RequestDetails,
    request_id::RequestId,
    span::span,
};
use crate::{
    connection::{CloseReason, Connection, Purpose},
    metrics::{ClientKind, MatchedRoute},
};
use axum_trailers::{hints::Routine, trailers::Acceptance};
use http::{HeaderMap, StatusCode, Version, response::Parts};
use http_1::{HeaderValue, Method};
use std::{convert::Infallible, error::Error, sync::Arc, time::Duration};
use tokio::{sync::oneshot, time::Instant};
use tracing::{Level, Span};

/// One request and its response, from the last byte of the request's header section to the end of the response.
/// Its end is one line in the log, whatever ended it.
pub(crate) struct Exchange {
    pub(super) connection: Arc<Connection>,
    pub(super) began: Instant,
    pub(super) first_byte: Option<Duration>,
    pub(super) span: Option<Span>,
    pub(super) id: RequestId,
    pub(super) method: Method,
    /// `None` if nobody logs it.
    pub(super) details: Option<Box<RequestDetails>>,
    /// `None` if nobody logs or counts it.
    pub(super) client: Option<ClientKind>,
    /// Whether it is asked for every few seconds.
    pub(super) is_routine: bool,
    pub(super) version: Version,
    pub(super) acceptance: Acceptance,
    pub(super) route: Route,
    pub(super) grpc_status: Option<u16>,
    pub(super) status: Option<StatusCode>,
    pub(super) bytes: u64,
    pub(super) trailers: Trailers,
    pub(super) ending: Option<Ending>,
    /// Dropped with it.
    under_way: Option<oneshot::Sender<Infallible>>,
}

/// The service that orchestrators ask for the server's health
/// ([health checking](https://github.com/grpc/grpc/blob/master/doc/health-checking.md)).
const HEALTH: &str = "grpc.health.v1.Health";

/// Comes, as an error, once a response is over, whatever ended it.
pub(crate) type Answered = oneshot::Receiver<Infallible>;

/// What answers a request, as the metrics name it.
pub(super) enum Route {
    /// Where anybody wants to know which of its routes.
    Router(Option<MatchedRoute>),
    Grpc(Arc<str>),
}

impl Exchange {
    /// `head` is the request's head as it came: `request` has only parts of it if it can't be converted.
    pub(crate) fn begin<B>(
        connection: Arc<Connection>,
        request: &http::Request<B>,
        head: &http_1::request::Parts,
    ) -> Self {
        let id = RequestId::of(&head.headers, &connection.name, connection.request_begins());
        let acceptance = Acceptance::from_request(request);
        let route = connection.metrics().map(|_| MatchedRoute::default());
        let is_logged = tracing::enabled!(target: "axum_trailers::request", Level::INFO);
        let details = is_logged.then(|| Box::new(RequestDetails::of(head, request.headers())));
        let is_counted = connection.metrics().is_some();
        let client = (is_logged || is_counted).then(|| ClientKind::of(&head.headers));
        Self {
            span: details
                .as_ref()
                .and_then(|details| span(&connection, head, details, &id, request.version())),
            is_routine: connection.purpose == Purpose::Metrics,
            details,
            client,
            id,
            connection,
            began: Instant::now(),
            first_byte: None,
            method: head.method.clone(),
            version: request.version(),
            acceptance,
            route: Route::Router(route),
            grpc_status: None,
            status: None,
            bytes: 0,
            trailers: Trailers::None,
            ending: None,
            under_way: None,
        }
    }

    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    pub(crate) fn method(&self) -> &Method {
        &self.method
    }

    pub(crate) fn version(&self) -> Version {
        self.version
    }

    pub(crate) fn acceptance(&self) -> Acceptance {
        self.acceptance
    }

    /// What is logged in it is logged with the request, and its fields say how the request ended. There is none where
    /// nobody collects it.
    pub(crate) fn span(&self) -> Option<&Span> {
        self.span.as_ref()
    }

    /// Waits for its end.
    pub(crate) fn answered_to_its_end(&mut self) -> Answered {
        let (under_way, over) = oneshot::channel();
        self.under_way = Some(under_way);
        over
    }

    /// Does something in the span of the request.
    pub(crate) fn in_span<T>(&self, something: impl FnOnce() -> T) -> T {
        match &self.span {
            Some(span) => span.in_scope(something),
            None => something(),
        }
    }

    /// Where the router is to say which of its routes answers, if anybody wants to know.
    pub(crate) fn matched_route(&self) -> Option<MatchedRoute> {
        match &self.route {
            Route::Router(matched) => matched.clone(),
            Route::Grpc(_) => None,
        }
    }

    /// A gRPC service answers.
    pub(crate) fn is_for_service(&mut self, name: Arc<str>) {
        self.is_routine |= *name == *HEALTH;
        self.route = Route::Grpc(name);
    }

    /// Where to note what comes of the request's content, if anybody wants to know.
    pub(crate) fn track_content(&mut self) -> Option<Arc<Received>> {
        self.details.as_mut().map(|details| details.track_content())
    }

    pub(crate) fn id(&self) -> &RequestId {
        &self.id
    }

    /// The response already has this one.
    pub(crate) fn use_id(&mut self, id: &HeaderValue) {
        if let Some(id) = RequestId::given(id) {
            self.id = id;
        }
    }

    pub(crate) fn answered(&mut self, head: &Parts) {
        self.note_grpc_status(&head.headers);
        self.first_byte = self.client.as_ref().map(|_| self.began.elapsed());
        self.is_routine |= self.details.is_some() && head.extensions.get::<Routine>().is_some();
        self.status = Some(head.status);
    }

    pub(crate) fn sent_data(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn withheld_trailers(&mut self) {
        if let Acceptance::Withheld(reason) = self.acceptance {
            self.trailers = Trailers::Withheld(reason);
        }
    }

    pub(crate) fn sent_trailers(&mut self, trailers: &HeaderMap) {
        self.note_grpc_status(trailers);
        // The metrics count the section alone.
        let names = self.details.iter().flat_map(|_| trailers.keys()).cloned().collect();
        self.trailers = Trailers::Sent(names);
    }

    /// A call's status is among its trailers or, where it has no content, in its header section.
    fn note_grpc_status(&mut self, section: &HeaderMap) {
        if let Route::Grpc(_) = self.route
            && let Some(status) = section.get("grpc-status")
        {
            self.grpc_status = status.to_str().ok().and_then(|status| status.parse().ok());
        }
    }

    /// Notes that the response has no length and no chunks where the protocol is HTTP/1.0.
    pub(crate) fn runs_to_close(&self) {
        if self.version < Version::HTTP_11 {
            self.connection.http1().set_close_delimited(true);
        }
    }

    pub(crate) fn complete(&mut self) {
        self.ending = Some(Ending::Complete);
    }

    pub(crate) fn failed(&mut self, failure: Failure, error: &(dyn Error + 'static)) {
        self.ending = Some(Ending::failed(failure, error));
    }

    /// Notes that the response is complete for the client, and its trailers say that it failed.
    pub(crate) fn reported_in_trailers(&mut self) {
        self.ending = Some(Ending::ReportedInTrailers);
    }

    pub(crate) fn given_up(&mut self) {
        self.ending = Some(Ending::Cut(CloseReason::StalledReader));
    }
}
