use super::{Client, Lease, Origin, Target, request_form};
use crate::{
    bounds::MOST_SECTION,
    connector::{ConnectError, SendError},
    exchange::{Error, Exchange, Incoming, OnInformational, OnSend, OutgoingBody, ResponseBody, Stall},
    verdict::Cut,
};
use axum_trailers::trailers::server::section_size;
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

/// Why there is no response, and whether the connection had been idle since an earlier request.
struct Failed {
    error: Error,
    was_idle: bool,
}

impl Failed {
    /// A server may close an idle connection while a request is on its way
    /// ([RFC 9112 §9.5](https://www.rfc-editor.org/rfc/rfc9112#section-9.5)). What it did with the request is unknown then.
    fn may_be_repeated(&self, is_idempotent: bool) -> bool {
        let is_closed =
            matches!(self.error, Error::NoResponse(Cut::Closed | Cut::GoAway { code: H3_NO_ERROR }));
        let was_closed = self.was_idle && is_closed;
        self.error.is_unprocessed() || (was_closed && is_idempotent)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, was_idle: false }
    }
}

/// With which a server closes an idle connection over HTTP/3 ([RFC 9114 §8.1](https://www.rfc-editor.org/rfc/rfc9114#section-8.1)).
const H3_NO_ERROR: u64 = 0x100;

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
            (result, _) => result,
        };
        result.map_err(|failed| failed.error)
    }

    /// Sends a request over an idle connection or a new one.
    async fn run_once(
        &self,
        mut request: Request<OutgoingBody>,
        attempt: &Attempt,
    ) -> Result<Response<ResponseBody>, Failed> {
        let origin = &attempt.target.origin;
        if let Some(mut lease) = self.idle(origin).await {
            let was_idle = lease.connection.was_idle();
            let sent = self.send_over(&mut lease, request, attempt).await;
            match sent.map_err(|error| Failed { error, was_idle })? {
                Sent::Response(response) => {
                    return Ok(self.arrived(response, lease, attempt.exchange.clone())?);
                }
                Sent::Unsent(unsent) => {
                    lease.discard();
                    request = unsent;
                }
            }
        }
        let connection = self.connector.open(origin).await?;
        let mut lease = self.pool.add(origin, connection);
        match self.send_over(&mut lease, request, attempt).await? {
            Sent::Response(response) => Ok(self.arrived(response, lease, attempt.exchange.clone())?),
            Sent::Unsent(_) => Err(lease.failure().unwrap_or(Error::NoResponse(Cut::Closed)).into()),
        }
    }

    /// An idle connection that is still open.
    async fn idle(&self, origin: &Origin) -> Option<Lease> {
        let mut lease = self.pool.take(origin)?;
        let is_ready = timeout(READY, lease.connection.ready()).await.unwrap_or(false);
        if !is_ready {
            lease.discard();
        }
        is_ready.then_some(lease)
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
        exchange: Exchange,
    ) -> Result<Response<ResponseBody>, Error> {
        if let Some(cut) = lease.fault() {
            return Err(Error::NoResponse(cut));
        }
        if section_size(response.headers()) > MOST_SECTION {
            let reason = format!("the header section has more than {MOST_SECTION} bytes");
            return Err(Error::NoResponse(Cut::TooLarge(reason)));
        }
        // hyper would send later requests as HTTP/1.0, which has no chunks.
        let is_reusable = response.version() != Version::HTTP_10;
        let transport = lease.transport();
        let stall = Stall::new(self.stall_timeout);
        let mut response =
            response.map(|incoming| ResponseBody::new(incoming, lease, is_reusable, exchange, stall));
        response.extensions_mut().insert(transport);
        Ok(response)
    }
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
