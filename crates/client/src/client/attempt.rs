use super::{Client, Lease, Origin, Target, request_form};
use crate::{
    bounds::MOST_SECTION,
    connector::{ConnectError, SendError},
    exchange::{Error, Exchange, Incoming, OnInformational, OnSend, OutgoingBody, ResponseBody, Stall},
    verdict::{Cut, ErrorCode},
};
use axum_trailers::trailers::server::section_size;
#[cfg(feature = "http3")]
use http::StatusCode;
#[cfg(feature = "check")]
use http::Uri;
use http::{HeaderMap, HeaderValue, Request, Response, Version};
use http_body_util::{BodyExt, Empty};
use std::{future::Future, pin::pin, time::Duration};
use tokio::time::{sleep, timeout};

/// What a request needs to be sent, perhaps twice.
pub(super) struct Attempt {
    pub(super) exchange: Exchange,
    pub(super) target: Target,
    /// The `Host` field that the user set.
    pub(super) host: Option<HeaderValue>,
    pub(super) on_send: Option<OnSend>,
    pub(super) on_informational: Option<OnInformational>,
}

/// What came of it.
enum Sent {
    Response(Response<Incoming>),
    /// The connection was closed before anything was sent.
    Unsent(Request<OutgoingBody>),
}

/// A response, and whether only the origin itself can give a better one
/// ([RFC 7838 §6](https://www.rfc-editor.org/rfc/rfc7838#section-6)).
struct Arrived {
    response: Response<ResponseBody>,
    is_misdirected: bool,
}

/// Why there is no response, and whether the connection had been idle since an earlier request.
struct Failed {
    error: Error,
    was_idle: bool,
    /// The next attempt goes to the origin itself.
    left_alternative: bool,
}

impl Failed {
    /// A server may close an idle connection while a request is on its way
    /// ([RFC 9112 §9.5](https://www.rfc-editor.org/rfc/rfc9112#section-9.5)). What it did with the request is unknown then.
    fn may_be_repeated(&self, is_idempotent: bool) -> bool {
        let is_closed =
            matches!(self.error, Error::NoResponse(Cut::Closed | Cut::GoAway { code: H3_NO_ERROR }));
        let was_closed = self.was_idle && is_closed;
        self.error.is_unprocessed() || ((was_closed || self.left_alternative) && is_idempotent)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, was_idle: false, left_alternative: false }
    }
}

/// With which a server closes an idle connection over HTTP/3 ([RFC 9114 §8.1](https://www.rfc-editor.org/rfc/rfc9114#section-8.1)).
const H3_NO_ERROR: ErrorCode = ErrorCode::Http3(0x100);

/// How long an idle connection may take to become ready. It has nothing else to do.
const READY: Duration = Duration::from_secs(1);

impl Client {
    /// Sends a request, and again if the server has not processed it.
    pub(super) async fn run(
        &self,
        request: Request<OutgoingBody>,
        attempt: Attempt,
    ) -> Result<Response<ResponseBody>, Error> {
        let again = again(&request, &attempt.exchange);
        let is_idempotent = request.method().is_idempotent();
        let result = match (self.run_once(request, &attempt).await, again) {
            (Err(failed), Some(again)) if failed.may_be_repeated(is_idempotent) => {
                self.run_once(again, &attempt).await
            }
            (Ok(Arrived { is_misdirected: true, .. }), Some(again)) => self.run_once(again, &attempt).await,
            (result, _) => result,
        };
        result.map(|arrived| arrived.response).map_err(|failed| failed.error)
    }

    /// Sends a request over an idle connection or a new one.
    async fn run_once(
        &self,
        mut request: Request<OutgoingBody>,
        attempt: &Attempt,
    ) -> Result<Arrived, Failed> {
        let origin = &attempt.target.origin;
        if let Some(mut lease) = self.idle(origin).await {
            let was_idle = lease.connection.was_idle();
            let sent = self.send_over(&mut lease, request, attempt).await;
            match sent.map_err(|error| self.failed(error, was_idle, &lease, origin))? {
                Sent::Response(response) => {
                    return Ok(self.arrived(response, lease, attempt)?);
                }
                Sent::Unsent(unsent) => {
                    lease.discard();
                    request = unsent;
                }
            }
        }
        let mut lease = self.open(origin).await?;
        let sent = self.send_over(&mut lease, request, attempt).await;
        match sent.map_err(|error| self.failed(error, false, &lease, origin))? {
            Sent::Response(response) => Ok(self.arrived(response, lease, attempt)?),
            Sent::Unsent(_) => Err(lease.failure().unwrap_or(Error::NoResponse(Cut::Closed)).into()),
        }
    }

    /// An idle connection that is still open.
    async fn idle(&self, origin: &Origin) -> Option<Lease> {
        let lease = ready(self.pool.take(origin)?).await?;
        #[cfg(feature = "http3")]
        if lease.transport().version != Version::HTTP_3
            && let Some(alternative) = self.alternative(origin).await
        {
            return Some(alternative);
        }
        Some(lease)
    }

    /// A new connection, or one that another request has just opened to the alternative.
    async fn open(&self, origin: &Origin) -> Result<Lease, Error> {
        #[cfg(feature = "http3")]
        if let Some(alternative) = self.alternative(origin).await {
            return Ok(alternative);
        }
        Ok(self.pool.add(origin, self.connector.open(origin).await?))
    }

    /// A connection to the alternative of an origin, if there is one. Requests at the same time open one for all: the others
    /// wait, and do without it if that fails.
    #[cfg(feature = "http3")]
    async fn alternative(&self, origin: &Origin) -> Option<Lease> {
        let _turn = self.connector.alternative_turn(origin).await?;
        if let Some(opened) = self.pool.take_http3(origin)
            && let Some(opened) = ready(opened).await
        {
            return Some(opened);
        }
        let connection = self.connector.open_alternative(origin).await?;
        Some(self.pool.add(origin, connection))
    }

    /// The failure of a request over this connection. The origin's alternative is avoided if it did not respond.
    #[cfg_attr(not(feature = "http3"), expect(clippy::unused_self, reason = "it knows no alternatives"))]
    fn failed(&self, error: Error, was_idle: bool, lease: &Lease, origin: &Origin) -> Failed {
        #[cfg(feature = "http3")]
        let left_alternative = {
            let is_of_server =
                matches!(error, Error::NoResponse(_) | Error::Connect(ConnectError::NoResponse(_)));
            let leaves = is_of_server && !was_idle && lease.connection.alternative().is_some();
            if leaves {
                lease.discard();
                self.connector.avoid_alternative(origin, &error);
            }
            leaves
        };
        #[cfg(not(feature = "http3"))]
        let left_alternative = {
            let _ = (lease, origin);
            false
        };
        Failed { error, was_idle, left_alternative }
    }

    /// Whether a connection to the origin of this URL is open and could be used.
    #[cfg(feature = "check")]
    pub(crate) async fn has_idle_connection(&self, url: &Uri) -> bool {
        let Ok(target) = Target::of(url) else { return false };
        self.idle(&target.origin).await.is_some()
    }

    async fn send_over(
        &self,
        lease: &mut Lease,
        mut request: Request<OutgoingBody>,
        attempt: &Attempt,
    ) -> Result<Sent, Error> {
        let Attempt { exchange, target, host, on_send, on_informational } = attempt;
        request_form::adapt(&mut request, target, host.as_ref(), &lease.connection)?;
        if let Some(on_send) = on_send {
            request = announce(request, on_send);
        }
        let sending = lease.connection.send(request, exchange, on_informational.clone());
        match self.wait(sending, exchange).await.inspect_err(|_stall| lease.discard())? {
            Ok(response) => Ok(Sent::Response(response)),
            Err(SendError::Unsent(request)) => Ok(Sent::Unsent(*request)),
            Err(SendError::Failed(error)) => {
                if let Some(reason) = exchange.failure() {
                    return Err(Error::RequestBody(reason));
                }
                let error = lease.failure().unwrap_or(error);
                if error.is_unprocessed() {
                    lease.discard();
                }
                Err(error)
            }
        }
    }

    /// Waits for a response, as long as there is progress, and for the permission to send the request body.
    async fn wait<T>(&self, sending: impl Future<Output = T>, exchange: &Exchange) -> Result<T, Error> {
        let mut sending = pin!(sending);
        let mut expect = pin!(sleep(self.expect_timeout));
        let mut stall = Stall::new(self.stall_timeout);
        loop {
            tokio::select! {
                biased;
                sent = &mut sending => return Ok(sent),
                () = &mut expect, if exchange.is_gated() => exchange.open(),
                () = stall.elapsed(exchange) => {
                    return Err(if exchange.is_uploading() {
                        Error::NoResponse(Cut::Stalled(self.stall_timeout))
                    } else {
                        Error::Connect(ConnectError::NoResponse(self.stall_timeout))
                    });
                }
            }
        }
    }

    fn arrived(
        &self,
        response: Response<Incoming>,
        lease: Lease,
        attempt: &Attempt,
    ) -> Result<Arrived, Error> {
        if let Some(cut) = lease.fault() {
            return Err(Error::NoResponse(cut));
        }
        if section_size(response.headers()) > MOST_SECTION {
            let reason = format!("the header section has more than {MOST_SECTION} bytes");
            return Err(Error::NoResponse(Cut::TooLarge(reason)));
        }
        let is_misdirected = self.follow_alternatives(&response, &lease, &attempt.target.origin);
        // hyper would send later requests as HTTP/1.0, which has no chunks.
        let is_reusable = response.version() != Version::HTTP_10;
        let transport = lease.transport();
        let stall = Stall::new(self.stall_timeout);
        let exchange = attempt.exchange.clone();
        let mut response =
            response.map(|incoming| ResponseBody::new(incoming, lease, is_reusable, exchange, stall));
        response.extensions_mut().insert(transport);
        Ok(Arrived { response, is_misdirected })
    }

    /// Remembers the alternatives that a response names. Returns whether it comes from one that is not responsible for the
    /// origin, and is left.
    #[cfg(feature = "http3")]
    fn follow_alternatives(&self, response: &Response<Incoming>, lease: &Lease, origin: &Origin) -> bool {
        if response.status() != StatusCode::MISDIRECTED_REQUEST {
            self.connector.learn_alternatives(origin, response.headers());
            return false;
        }
        let is_misdirected = lease.connection.alternative().is_some();
        if is_misdirected {
            lease.discard();
            self.connector.avoid_alternative(origin, &response.status());
        }
        is_misdirected
    }

    #[cfg(not(feature = "http3"))]
    #[expect(clippy::unused_self, reason = "nothing is remembered")]
    fn follow_alternatives(&self, _response: &Response<Incoming>, _lease: &Lease, _origin: &Origin) -> bool {
        false
    }
}

/// The connection, unless it was closed meanwhile.
async fn ready(mut lease: Lease) -> Option<Lease> {
    let is_ready = timeout(READY, lease.connection.ready()).await.unwrap_or(false);
    if is_ready {
        return Some(lease);
    }
    lease.discard();
    None
}

fn announce(request: Request<OutgoingBody>, on_send: &OnSend) -> Request<OutgoingBody> {
    let (head, body) = request.into_parts();
    on_send.call(&head);
    Request::from_parts(head, body)
}

/// The same request, if its body is empty: others can't be read twice.
fn again(request: &Request<OutgoingBody>, exchange: &Exchange) -> Option<Request<OutgoingBody>> {
    if !request.body().is_empty() {
        return None;
    }
    let empty = Empty::new().map_err(|never| match never {}).boxed_unsync();
    let body = OutgoingBody::new(empty, exchange.clone(), HeaderMap::new());
    let mut again = Request::new(body);
    *again.method_mut() = request.method().clone();
    *again.headers_mut() = request.headers().clone();
    *again.extensions_mut() = request.extensions().clone();
    Some(again)
}
