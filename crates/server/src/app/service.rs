use super::{
    application::{Application, Handler, RequestNotes},
    future::AppFuture,
    grpc::{GrpcService, GrpcServices},
};
use crate::{
    connection::{Connection, ConnectionClient, Purpose},
    exchange::{
        AppResponse, ContentSource, Exchange, FaultCell, LastAuthority, NoResponse, OutboundResponse,
        RequestBody, RequestContent, ResponseBody, UnreadContent, check_head, problems, reject, reject_head,
        take_host_of_target,
    },
    limits::Limits,
    metrics::ServerMetrics,
    shutdown::Shutdown,
};
use axum_trailers::trailers::Acceptance;
use http::{Request, Response, Version, request::Parts};
use http_body::Body;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};
use tracing::Span;

/// An [`Application`] and gRPC services.
///
/// Clones belong to one thread. [`for_thread`](Self::for_thread) creates one for another thread.
#[derive(Clone)]
pub(crate) struct App(Arc<OfThread>);

/// What the connections of one thread serve.
struct OfThread {
    /// Cloning a router may be expensive, and a call needs exclusive access: so each thread has one.
    application: Mutex<Box<dyn Handler>>,
    grpc: GrpcServices,
    shared: Arc<Shared>,
}

/// What all threads share.
struct Shared {
    limits: Arc<Limits>,
    shutdown: Shutdown,
    metrics: Option<ServerMetrics>,
}

impl App {
    pub(crate) fn new(
        application: impl Application,
        grpc: GrpcServices,
        limits: Arc<Limits>,
        shutdown: Shutdown,
        metrics: Option<ServerMetrics>,
    ) -> Self {
        let shared = Arc::new(Shared { limits, shutdown, metrics });
        Self::of_thread(application.erase(shared.metrics.is_some()).0, grpc, shared)
    }

    fn of_thread(application: Box<dyn Handler>, grpc: GrpcServices, shared: Arc<Shared>) -> Self {
        Self(Arc::new(OfThread { application: Mutex::new(application), grpc, shared }))
    }

    /// The same with another application and without gRPC services.
    pub(crate) fn with_application(&self, application: impl Application) -> Self {
        let erased = application.erase(self.metrics().is_some()).0;
        Self::of_thread(erased, GrpcServices::default(), self.0.shared.clone())
    }

    /// The same for another thread.
    pub(crate) fn for_thread(&self) -> Self {
        let OfThread { application, grpc, shared } = &*self.0;
        let application = application.lock().unwrap_or_else(PoisonError::into_inner).for_thread();
        Self::of_thread(application, grpc.clone(), shared.clone())
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.shared.limits
    }

    pub(crate) fn shutdown(&self) -> &Shutdown {
        &self.0.shared.shutdown
    }

    pub(crate) fn metrics(&self) -> Option<&ServerMetrics> {
        self.0.shared.metrics.as_ref()
    }

    /// Begins a connection.
    pub(crate) fn connect(&self, client: impl Into<ConnectionClient>, purpose: Purpose) -> Arc<Connection> {
        let Shared { limits, shutdown, metrics } = &*self.0.shared;
        let (limits, shutdown, metrics) = (limits.clone(), shutdown.clone(), metrics.clone());
        Connection::new(client, purpose, limits, shutdown, metrics)
    }

    /// Creates the service of a connection.
    pub(crate) fn service(&self, connection: Arc<Connection>) -> ConnectionService {
        ConnectionService { app: self.clone(), connection, last_authority: LastAuthority::default() }
    }
}

/// Passes the requests of one connection to the application, and returns the responses, for any transport.
pub(crate) struct ConnectionService {
    app: App,
    connection: Arc<Connection>,
    last_authority: LastAuthority,
}

impl ConnectionService {
    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    fn call_application(&self, head: Parts, body: RequestBody, notes: RequestNotes) -> Route {
        let mut application = self.app.0.application.lock().unwrap_or_else(PoisonError::into_inner);
        Route::called(|| application.call(head, body, notes))
    }

    fn call_grpc(
        &self,
        service: &GrpcService<'_>,
        mut request: Request<RequestContent>,
        notes: RequestNotes,
    ) -> Route {
        notes.add_to_newer(request.extensions_mut());
        Route::called(|| service.call(request, self.connection.inbound().clone()))
    }

    pub(crate) fn call(&self, request: Request<ContentSource>) -> ResponseFuture {
        let Self { app, connection, last_authority } = self;
        let (mut head, source) = request.into_parts();
        let acceptance = Acceptance::decide(head.version, &head.headers);
        let mut exchange = Exchange::begin(connection.clone(), &head, acceptance);
        let content = RequestContent::new(source, &head.headers, &mut exchange);
        let grpc = app.0.grpc.service(head.uri.path());
        let fault = connection.head_fault().map(reject_head);
        let malformed = || check_head(&head, last_authority).err().map(|error| problems::bad_head(&error));
        let rejected = || reject(&head, &connection.limits);
        let no_call = || grpc.as_ref()?.rejection(&head);
        if let Some(response) = fault.or_else(malformed).or_else(rejected).or_else(no_call) {
            let unread = UnreadContent::abandoned(&content);
            return ResponseFuture { unread, ..ResponseFuture::new(Route::answered(response), exchange) };
        }
        let mut notes = RequestNotes {
            connection: exchange.connection_info(&content),
            acceptance: Some(acceptance).filter(|_| head.version != Version::HTTP_2),
            route: None,
            trailer_limits: (!content.is_end_stream()).then(|| connection.limits.trailers()),
        };
        if let Some(service) = grpc {
            exchange.is_for_service(service.name());
            let request = Request::from_parts(head, content);
            let route = exchange.in_span(|| self.call_grpc(&service, request, notes));
            return ResponseFuture::new(route, exchange);
        }
        take_host_of_target(&mut head);
        notes.route = exchange.matched_route();
        let (body, fault, unread) = RequestBody::new(content, connection.inbound().clone(), exchange.span());
        let route = exchange.in_span(|| self.call_application(head, body, notes));
        ResponseFuture { fault, unread, ..ResponseFuture::new(route, exchange) }
    }
}

/// The response to one request.
pub(crate) struct ResponseFuture {
    route: Route,
    fault: FaultCell,
    unread: UnreadContent,
    exchange: Option<Exchange>,
    has_stood_back: bool,
}

enum Route {
    Called(Call),
    Answered(Option<AppResponse>),
}

/// A call of the application. If it panics, this request gets a 500, and the connection lives on.
struct Call(Option<AppFuture>);

impl Call {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<AppResponse> {
        let future = self.0.as_mut().expect("it is not being dropped");
        catch_unwind(AssertUnwindSafe(|| future.poll(cx)))
            .unwrap_or_else(|_panic| Poll::Ready(problems::panicked()))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let _panic = catch_unwind(AssertUnwindSafe(|| self.0 = None));
    }
}

impl ResponseFuture {
    fn new(route: Route, exchange: Exchange) -> Self {
        Self {
            route,
            fault: FaultCell::default(),
            unread: UnreadContent::default(),
            exchange: Some(exchange),
            has_stood_back: false,
        }
    }
}

/// Whether a body may have no data only because the task that produces it has just been spawned.
fn may_be_about_to_come(response: &AppResponse) -> bool {
    if response.runs_when_polled() {
        return false;
    }
    let body = response.body();
    let asked = catch_unwind(AssertUnwindSafe(|| !body.is_end_stream() && body.size_hint().lower() == 0));
    // A body that panics here is polled again when it is sent, and fails then.
    asked.unwrap_or(false)
}

impl Route {
    fn answered(response: AppResponse) -> Self {
        Self::Answered(Some(response))
    }

    /// Calls the application.
    fn called(call: impl FnOnce() -> AppFuture) -> Self {
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(future) => Self::Called(Call(Some(future))),
            Err(_panic) => Self::answered(problems::panicked()),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<AppResponse> {
        match self {
            Self::Called(call) => call.poll(cx),
            Self::Answered(response) => Poll::Ready(response.take().expect("polled after its end")),
        }
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response<ResponseBody>, NoResponse>;

    /// A response yields once to the tasks that are ready to run. One of them is usually the handler's producer: what
    /// it has ready is then sent together with the header section, in one write. Another may be the task that fills a body
    /// of axum 0.6, which notices that the handler has dropped it.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let response = {
            let _in_it = this.exchange.as_ref().and_then(Exchange::span).map(Span::enter);
            ready!(this.route.poll(cx))
        };
        if !this.has_stood_back && (this.unread.is_wanted() || may_be_about_to_come(&response)) {
            this.has_stood_back = true;
            this.route = Route::answered(response);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Poll::Ready(ends_connection) = this.unread.poll_ends_connection(cx) else {
            this.has_stood_back = true;
            this.route = Route::answered(response);
            return Poll::Pending;
        };
        let exchange = this.exchange.take().expect("polled after its end");
        let span = exchange.span().cloned();
        let _in_it = span.as_ref().map(Span::enter);
        // The fault decides, not what the handler makes of the broken body.
        let (response, fault) = match this.fault.get() {
            None => (response, std::mem::take(&mut this.fault)),
            Some(fault) => (response.replaced_by(problems::faulty_request(fault)), FaultCell::default()),
        };
        Poll::Ready(OutboundResponse::new(response, exchange, ends_connection).into_hyper(fault))
    }
}
