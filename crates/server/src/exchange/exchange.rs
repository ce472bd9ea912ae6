use super::{
    ending::{Ending, Failure, Trailers},
    overrides::BrokenByHandler,
    received::Received,
    request_content::RequestContent,
    request_details::RequestDetails,
    request_id::RequestId,
    span::request_span,
};
use crate::{
    connection::{CloseReason, Connection, Peer, Purpose},
    metrics::{ClientKind, MatchedRoute},
};
use axum_trailers::trailers::{
    Acceptance, WithheldReason,
    server::{ConnectionInfo, Observe, ResponseObserver},
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Version, request::Parts};
use std::{
    convert::Infallible,
    error::Error,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::oneshot, time::Instant};
use tracing::{Level, Span};

/// One request and its response, from the last byte of the request's header section to the end of the response.
/// Dropping it writes one line to the log, whatever ended it.
pub(crate) struct Exchange {
    pub(super) connection: Arc<Connection>,
    /// Who has sent the request, as far as trusted proxies report it.
    pub(super) sender: Peer,
    pub(super) began: Instant,
    pub(super) first_byte: Option<Duration>,
    pub(super) span: Option<Span>,
    pub(super) id: RequestId,
    /// Whether it is the first one of its connection.
    is_first: bool,
    pub(super) method: Method,
    /// `None` if requests are not logged.
    pub(super) details: Option<Box<RequestDetails>>,
    /// `None` if requests are neither logged nor counted.
    pub(super) client: Option<ClientKind>,
    /// Whether this is a routine request, such as a health check.
    pub(super) is_routine: bool,
    pub(super) version: Version,
    pub(super) acceptance: Acceptance,
    pub(super) route: Route,
    pub(super) grpc_status: Option<u16>,
    pub(super) status: Option<StatusCode>,
    pub(super) bytes: u64,
    pub(super) trailers: Trailers,
    /// Whether some trailers were withheld because they were not announced.
    pub(super) lacks_unannounced: bool,
    pub(super) ending: Option<Ending>,
    observer: Option<ResponseObserver>,
    /// Dropped together with the exchange.
    under_way: Option<oneshot::Sender<Infallible>>,
}

/// The service through which orchestrators check the server's health
/// ([health checking](https://github.com/grpc/grpc/blob/master/doc/health-checking.md)).
const HEALTH: &str = "grpc.health.v1.Health";

/// Completes, with an error, once a response has ended for any reason.
pub(crate) type Answered = oneshot::Receiver<Infallible>;

/// What responds to a request, as named in the metrics.
pub(super) enum Route {
    /// The matched route, if requests are counted.
    Router(Option<MatchedRoute>),
    Grpc(Arc<str>),
}

impl Exchange {
    /// `head` is the request's head as received.
    pub(crate) fn begin(connection: Arc<Connection>, head: &Parts, acceptance: Acceptance) -> Self {
        let number = connection.request_begins();
        let id = RequestId::of(&head.headers, &connection.name, number);
        let route = connection.metrics().map(|_| MatchedRoute::default());
        let is_logged = tracing::enabled!(target: "axum_trailers::request", Level::INFO);
        let details = is_logged.then(|| Box::new(RequestDetails::of(head)));
        let is_counted = connection.metrics().is_some();
        let client = (is_logged || is_counted).then(|| ClientKind::of(&head.headers));
        let sender = connection.client.of_request(&head.headers);
        Self {
            span: details.as_ref().and_then(|details| request_span(sender, head, details, &id)),
            sender,
            is_routine: connection.purpose == Purpose::Metrics,
            details,
            client,
            id,
            is_first: number == 1,
            connection,
            began: Instant::now(),
            first_byte: None,
            method: head.method.clone(),
            version: head.version,
            acceptance,
            route: Route::Router(route),
            grpc_status: None,
            status: None,
            bytes: 0,
            trailers: Trailers::None,
            lacks_unannounced: false,
            ending: None,
            observer: None,
            under_way: None,
        }
    }

    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// What the application gets about the client and the connection.
    pub(crate) fn connection_info(&self, content: &RequestContent) -> ConnectionInfo {
        let info = self.connection.info().clone().with_client(self.sender.address());
        let info = info.with_new(self.is_first).with_framing(content.framing());
        match content.forbidden_trailers() {
            Some(names) => info.with_forbidden_trailers(names.clone()),
            None => info,
        }
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

    /// The span of the request. Events in it belong to the request, and its fields record how the request ended. `None`
    /// if no subscriber collects it.
    pub(crate) fn span(&self) -> Option<&Span> {
        self.span.as_ref()
    }

    /// Returns a future of its end.
    pub(crate) fn answered_to_its_end(&mut self) -> Answered {
        let (under_way, over) = oneshot::channel();
        self.under_way = Some(under_way);
        over
    }

    /// Runs something in the span of the request.
    pub(crate) fn in_span<T>(&self, something: impl FnOnce() -> T) -> T {
        match &self.span {
            Some(span) => span.in_scope(something),
            None => something(),
        }
    }

    /// Where the router stores the matched route, if requests are counted.
    pub(crate) fn matched_route(&self) -> Option<MatchedRoute> {
        match &self.route {
            Route::Router(matched) => matched.clone(),
            Route::Grpc(_) => None,
        }
    }

    /// Notes that a gRPC service responds.
    pub(crate) fn is_for_service(&mut self, name: Arc<str>) {
        self.is_routine |= *name == *HEALTH;
        // gRPC clients read trailers, which contain the status.
        self.acceptance = Acceptance::Accepted;
        self.route = Route::Grpc(name);
    }

    /// Where to record what arrives of the request's content, if requests are logged.
    pub(crate) fn track_content(&mut self) -> Option<Arc<Received>> {
        self.details.as_mut().map(|details| details.track_content())
    }

    pub(crate) fn id(&self) -> &RequestId {
        &self.id
    }

    /// Uses the id that the response already has.
    pub(crate) fn use_id(&mut self, id: &HeaderValue) {
        // A copy: this one may share a buffer with the whole header section.
        let id = HeaderValue::from_bytes(id.as_bytes()).ok();
        if let Some(id) = id.as_ref().and_then(RequestId::given) {
            self.id = id;
        }
    }

    /// Reports to this observer what is sent.
    pub(crate) fn observed_by(&mut self, observer: ResponseObserver) {
        self.observer = Some(observer);
    }

    /// Makes a call to the observer, if there is one. The application's code must not panic on the connection's task.
    pub(super) fn observe(&mut self, call: impl FnOnce(&dyn Observe)) {
        if let Some(observer) = &self.observer {
            let called = catch_unwind(AssertUnwindSafe(|| call(observer.observer())));
            if called.is_err() {
                self.observer = None;
            }
        }
    }

    /// `is_routine` is whether the application calls the request routine, `chunked` whether HTTP/1.1 frames the content in chunks.
    pub(crate) fn answered(&mut self, sent: &Response<()>, is_routine: bool, chunked: bool) {
        self.observe(|observer| {
            let fields = sent.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
            let framing = chunked.then_some(("transfer-encoding", &b"chunked"[..]));
            observer.header_section(sent.status(), &fields.chain(framing).collect::<Vec<_>>());
        });
        self.note_grpc_status(sent.headers());
        self.first_byte = self.client.as_ref().map(|_| self.began.elapsed());
        self.is_routine |= is_routine;
        self.status = Some(sent.status());
    }

    pub(crate) fn sent_data(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.observe(|observer| observer.data(bytes));
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn withheld_trailers(&mut self) {
        if let Acceptance::Withheld(reason) = self.acceptance {
            self.observe(|observer| observer.withheld(reason));
            self.trailers = Trailers::Withheld(reason);
        }
    }

    /// Notes that fields were left out because they were not announced.
    pub(crate) fn withheld_unannounced(&mut self) {
        let reason = WithheldReason::Unannounced;
        self.observe(|observer| observer.withheld(reason));
        self.lacks_unannounced = true;
        self.trailers = Trailers::Withheld(reason);
    }

    pub(crate) fn sent_trailers(&mut self, trailers: &HeaderMap) {
        self.observe(|observer| observer.trailers(trailers));
        self.note_grpc_status(trailers);
        // The names are only for the log.
        let names = self.details.iter().flat_map(|_| trailers.keys()).cloned().collect();
        self.trailers = Trailers::Sent(names);
    }

    /// A call's status is among its trailers or, if it has no content, in its header section.
    fn note_grpc_status(&mut self, section: &HeaderMap) {
        if let Route::Grpc(_) = self.route
            && let Some(status) = section.get("grpc-status")
        {
            self.grpc_status = status.to_str().ok().and_then(|status| status.parse().ok());
        }
    }

    /// Notes that the end of the connection ends the response, if the protocol is HTTP/1.0.
    pub(crate) fn runs_to_close(&self) {
        if self.version < Version::HTTP_11 {
            self.connection.http1().set_close_delimited(true);
        }
    }

    pub(crate) fn complete(&mut self) {
        self.ending = Some(Ending::Complete);
    }

    /// Notes that the end, perhaps with trailers, was not sent after all.
    pub(crate) fn unsent(&mut self) {
        if let Some(Ending::Complete | Ending::ReportedInTrailers) = self.ending {
            self.ending = None;
        }
        if let Trailers::Sent(_) = self.trailers {
            (self.trailers, self.grpc_status) = (Trailers::None, None);
        }
    }

    pub(crate) fn failed(&mut self, failure: Failure, error: &(dyn Error + 'static)) {
        self.ending = Some(Ending::failed(failure, error));
    }

    /// Notes that the handler has asked for a broken response.
    pub(super) fn broken_by_handler(&mut self, how: BrokenByHandler) {
        self.failed(Failure::ByHandler, &how);
    }

    /// Notes that the response is complete for the client, and that its trailers report a failure.
    pub(crate) fn reported_in_trailers(&mut self) {
        self.ending = Some(Ending::ReportedInTrailers);
    }

    pub(crate) fn abandoned(&mut self) {
        self.ending = Some(Ending::Cut(CloseReason::StalledReader));
    }
}
