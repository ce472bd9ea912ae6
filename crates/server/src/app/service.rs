use super::{
    axum_06::request_body,
    grpc::{Answering, GrpcService, GrpcServices},
};
use crate::{
    compat::{LastAuthority, head},
    connection::{Connection, ConnectionClient, Purpose},
    exchange::{
        ContentSource, Exchange, FaultCell, OutboundResponse, RequestContent, ResponseBody, SectionTooLarge,
        UnreadContent, problems, reject, reject_head, replace,
    },
    limits::Limits,
    metrics::{RouteLayer, ServerMetrics},
    shutdown::Shutdown,
};
use axum::{
    Router,
    body::{Body, HttpBody},
    response::Response,
    routing::future::RouteFuture,
};
use axum_trailers::trailers::{Acceptance, server::RunsWhenPolled};
use http::Version;
use http_02::Request;
use http_body::Body as _;
use pin_project_lite::pin_project;
use std::{
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};
use tower_service::Service;
use tracing::Span;

/// An application: an axum 0.6 router and gRPC services.
///
/// Clones belong to one thread. [`for_thread`](Self::for_thread) creates one for another thread.
#[derive(Clone)]
pub(crate) struct App(Arc<OfThread>);

/// What the connections of one thread serve.
struct OfThread {
    /// Cloning a `Router` is expensive, since it copies its map of routes, and a call needs exclusive access: so each
    /// thread has one.
    router: Mutex<Router>,
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
        router: Router,
        grpc: GrpcServices,
        limits: Arc<Limits>,
        shutdown: Shutdown,
        metrics: Option<ServerMetrics>,
    ) -> Self {
        let router = if metrics.is_some() { router.layer(RouteLayer) } else { router };
        Self::of_thread(router, grpc, Arc::new(Shared { limits, shutdown, metrics }))
    }

    fn of_thread(router: Router, grpc: GrpcServices, shared: Arc<Shared>) -> Self {
        Self(Arc::new(OfThread { router: Mutex::new(router.with_state(())), grpc, shared }))
    }

    /// The same with another router and without gRPC services.
    pub(crate) fn with_router(&self, router: Router) -> Self {
        Self::of_thread(router, GrpcServices::default(), self.0.shared.clone())
    }

    /// The same for another thread.
    pub(crate) fn for_thread(&self) -> Self {
        let OfThread { router, grpc, shared } = &*self.0;
        let router = router.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self::of_thread(router, grpc.clone(), shared.clone())
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

    fn route(&self, request: Request<Body>) -> Route {
        let mut router = self.app.0.router.lock().unwrap_or_else(PoisonError::into_inner);
        match catch_unwind(AssertUnwindSafe(|| router.call(request))) {
            Ok(future) => Route::Router { future },
            Err(_panic) => Route::answered(problems::panicked()),
        }
    }

    fn call_grpc(&self, service: &GrpcService<'_>, request: http::Request<RequestContent>) -> Route {
        match catch_unwind(AssertUnwindSafe(|| service.call(request, self.connection.inbound().clone()))) {
            Ok(future) => Route::Grpc { future },
            Err(_panic) => Route::answered(problems::panicked()),
        }
    }

    pub(crate) fn call(&self, request: http::Request<ContentSource>) -> ResponseFuture {
        let Self { app, connection, last_authority } = self;
        let (parts, source) = request.into_parts();
        let (mut request, rejection) = match head::request(&parts, last_authority) {
            Ok(request) => {
                let rejection = reject(&request, &connection.limits);
                (request, rejection)
            }
            Err(error) => (head::without_fields(&parts), Some(problems::bad_head(&error))),
        };
        let acceptance = Acceptance::decide(parts.version, &parts.headers);
        if parts.version < Version::HTTP_2 {
            request.extensions_mut().insert(acceptance);
        }
        let mut exchange = Exchange::begin(connection.clone(), &parts, acceptance);
        let content = RequestContent::new(source, request.headers(), &mut exchange);
        let grpc = app.0.grpc.service(&request);
        let rejection = rejection.or_else(|| grpc.as_ref()?.rejection(&request));
        let rejection = connection.head_fault().map(reject_head).or(rejection);
        if let Some(response) = rejection {
            let unread = UnreadContent::abandoned(&content);
            return ResponseFuture { unread, ..ResponseFuture::new(Route::answered(response), exchange) };
        }
        if let Some(service) = grpc {
            exchange.is_for_service(service.name());
            let mut request = http::Request::from_parts(parts, content);
            request.extensions_mut().insert(exchange.connect_info());
            let route = exchange.in_span(|| self.call_grpc(&service, request));
            return ResponseFuture::new(route, exchange);
        }
        head::reuse_request(parts);
        head::take_host_of_target(&mut request);
        if let Some(route) = exchange.matched_route() {
            request.extensions_mut().insert(route);
        }
        request.extensions_mut().insert(exchange.connect_info());
        if !content.is_end_stream() {
            request.extensions_mut().insert(connection.limits.trailers());
        }
        let (body, fault, unread) = exchange.in_span(|| request_body::body_of(content, connection.inbound()));
        let route = exchange.in_span(|| self.route(request.map(|()| body)));
        ResponseFuture { fault, unread, ..ResponseFuture::new(route, exchange) }
    }
}

pin_project! {
    /// The response to one request.
    pub(crate) struct ResponseFuture {
        #[pin]
        route: Route,
        fault: FaultCell,
        unread: UnreadContent,
        exchange: Option<Exchange>,
        has_stood_back: bool,
    }
}

pin_project! {
    #[project = RouteProj]
    enum Route {
        Router { #[pin] future: RouteFuture<Body, Infallible> },
        Grpc { future: Answering },
        Answered { response: Option<Response> },
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
fn may_be_about_to_come(response: &Response) -> bool {
    if response.extensions().get::<RunsWhenPolled>().is_some() {
        return false;
    }
    let body = response.body();
    let asked = catch_unwind(AssertUnwindSafe(|| !body.is_end_stream() && body.size_hint().lower() == 0));
    // A body that panics here is polled again when it is sent, and fails then.
    asked.unwrap_or(false)
}

impl Route {
    fn answered(response: Response) -> Self {
        Self::Answered { response: Some(response) }
    }
}

impl Future for Route {
    type Output = Response;

    /// A panic in a handler becomes a 500 for its request instead of ending the connection.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let polled = catch_unwind(AssertUnwindSafe(|| match self.project() {
            RouteProj::Router { future } => future.poll(cx).map(|Ok(response)| response),
            RouteProj::Grpc { future } => future.as_mut().poll(cx),
            RouteProj::Answered { response } => Poll::Ready(response.take().expect("polled after its end")),
        }));
        polled.unwrap_or_else(|_panic| Poll::Ready(problems::panicked()))
    }
}

impl Future for ResponseFuture {
    type Output = Result<http::Response<ResponseBody>, SectionTooLarge>;

    /// A response yields once to the tasks that are ready to run. One of them is usually the handler's producer: what
    /// it has ready is then sent together with the header section, in one write. Another is the request's pump, which
    /// notices that the handler has dropped the content.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let response = {
            let _in_it = this.exchange.as_ref().and_then(Exchange::span).map(Span::enter);
            ready!(this.route.as_mut().poll(cx))
        };
        let is_first = !*this.has_stood_back && (this.unread.is_wanted() || may_be_about_to_come(&response));
        let is_undecided = this.unread.is_undecided(cx);
        if is_first || is_undecided {
            *this.has_stood_back = true;
            this.route.set(Route::answered(response));
            if !is_undecided {
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        }
        let exchange = this.exchange.take().expect("polled after its end");
        let span = exchange.span().cloned();
        let _in_it = span.as_ref().map(Span::enter);
        // The fault decides, not what the handler makes of the broken body.
        let (response, fault) = match this.fault.get() {
            None => (response, std::mem::take(this.fault)),
            Some(fault) => (replace(response, problems::faulty_request(fault)), FaultCell::default()),
        };
        let response = if this.unread.ends_connection() { problems::closing(response) } else { response };
        Poll::Ready(OutboundResponse::new(response, exchange).into_hyper(fault))
    }
}
