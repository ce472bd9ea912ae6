use super::{Pool, Target, attempt::Attempt};
use crate::{
    connector::Connector,
    exchange::{Error, Exchange, OnInformational, OnSend, OutgoingBody, ResponseBody, UncheckedTrailers},
    verify::{Verification, VerifiedBody},
};
use axum_trailers::BoxError;
use bytes::Bytes;
use http::{Request, Response, header};
use http_body::Body;
use http_body_util::BodyExt;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tower_service::Service;

/// Sends requests over HTTP/2 and HTTP/1.1, and with the feature `http3` over HTTP/3. Clones share their connections: the client
/// keeps one for each origin, which requests use one after the other, and over HTTP/2 and HTTP/3 at the same time.
///
/// [`send`](Self::send) verifies the response. **[`exchange`](Self::exchange) and the tower [`Service`] do not**: verify theirs
/// with [`Verification::verify`].
///
/// It needs a Tokio runtime with its network and its clock.
///
/// A request's extensions may contain [`OnSend`], [`OnInformational`] and [`UncheckedTrailers`]; the extensions of each response
/// contain its [`Transport`](crate::Transport). The client does not follow redirects, and keeps no cookies.
///
/// # Request bodies
///
/// - Trailers are sent as the last frame of the body. Over HTTP/1.1 the content must be sent in chunks then: if its size
///   is known, the request needs a `Trailer` field that announces them
///   ([RFC 9110 §6.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-6.6.2)).
/// - A body that fails, or that does not match its `Content-Length`, ends the request so that the server can't take it for
///   complete. The result is [`Error::RequestBody`], or [`Cut::RequestBody`](crate::Cut::RequestBody) if the response has
///   begun.
/// - A request whose body is empty is sent again, once, if a server has certainly not processed it, for example because an
///   HTTP/2 server shuts down. With content the result is an error for which [`Error::is_unprocessed`] holds.
/// - A server may respond before it has read the whole body. The response is returned at once. When its body has ended, or
///   is dropped, the rest of the request is not sent.
/// - With `Expect: 100-continue` the body waits for `100 Continue`, for
///   [`expect_timeout`](Self::expect_timeout) at most. It is not sent if a final response arrives instead
///   ([RFC 9110 §10.1.1](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1)). Over HTTP/2 hyper reports no
///   informational responses, so the body waits for the whole time.
///
/// # HTTP/3
///
/// A connection is kept open while a request runs, with a packet every 10 s. It is closed with `H3_NO_ERROR` one to two
/// minutes after its last use, or when the last client that shares it is dropped; before a runtime ends, call `close`.
///
/// # Bounds
///
/// A header or trailer section has at most 64 KiB, over HTTP/1.1 also at most 256 fields. At most 32 informational responses
/// precede the response. A server that sends more gets its connection closed, over HTTP/3 its stream. At most 16 connections are kept for later
/// requests.
#[derive(Clone)]
pub struct Client {
    pub(super) connector: Arc<Connector>,
    pub(super) pool: Pool,
    pub(super) stall_timeout: Duration,
    pub(super) expect_timeout: Duration,
}

impl Client {
    /// The default [`stall_timeout`](Self::stall_timeout): 60 s.
    pub const DEFAULT_STALL_TIMEOUT: Duration = Duration::from_secs(60);

    /// The default [`expect_timeout`](Self::expect_timeout): 1 s.
    pub const DEFAULT_EXPECT_TIMEOUT: Duration = Duration::from_secs(1);

    /// The longest time that [`close`](Self::close) takes: 2 s.
    pub const CLOSE_TIME: Duration = Duration::from_secs(2);

    /// A client that trusts the certificate authorities of the operating system, and uses no proxy.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Connector::new())
    }

    /// A client that opens its connections in this way.
    #[must_use]
    pub fn with(connector: Connector) -> Self {
        Self::with_shared(Arc::new(connector))
    }

    pub(crate) fn with_shared(connector: Arc<Connector>) -> Self {
        Self {
            connector,
            pool: Pool::default(),
            stall_timeout: Self::DEFAULT_STALL_TIMEOUT,
            expect_timeout: Self::DEFAULT_EXPECT_TIMEOUT,
        }
    }

    /// Limits the time without progress: no byte of the response arrives, and the connection accepts no byte of the request.
    /// Only time in which the client waits for the server counts. Default:
    /// [`DEFAULT_STALL_TIMEOUT`](Self::DEFAULT_STALL_TIMEOUT).
    ///
    /// In an upload and in the response body this is [`Cut::Stalled`](crate::Cut::Stalled). If the whole request was sent,
    /// and no response has begun, it is [`ConnectError::NoResponse`](crate::ConnectError::NoResponse).
    #[must_use]
    pub fn stall_timeout(mut self, timeout: Duration) -> Self {
        self.stall_timeout = timeout;
        self
    }

    /// Limits how long a request with `Expect: 100-continue` waits before it sends its body all the same. Default:
    /// [`DEFAULT_EXPECT_TIMEOUT`](Self::DEFAULT_EXPECT_TIMEOUT).
    #[must_use]
    pub fn expect_timeout(mut self, timeout: Duration) -> Self {
        self.expect_timeout = timeout;
        self
    }

    /// Sends a request, and verifies the content and the end of its response.
    ///
    /// # Errors
    ///
    /// [`Error`] if there is no response.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub async fn send<B>(&self, request: Request<B>) -> Result<Response<VerifiedBody<ResponseBody>>, Error>
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let verification = Verification::new().method(request.method());
        Ok(verification.verify(self.exchange(request).await?))
    }

    /// Sends a request. **Nothing is verified**: content that is cut or wrong is then no error, unless the protocol itself
    /// reports it. Pass the response to [`Verification::verify`], or use [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// [`Error`] if there is no response.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub async fn exchange<B>(&self, request: Request<B>) -> Result<Response<ResponseBody>, Error>
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let (mut head, body) = request.into_parts();
        let target = Target::of(&head.uri)?;
        let unchecked = head.extensions.remove().map(UncheckedTrailers::into_map);
        let on_informational: Option<OnInformational> = head.extensions.remove();
        let on_send: Option<OnSend> = head.extensions.remove();
        let expects = head.headers.get_all(header::EXPECT).iter();
        let expects_continue =
            expects.into_iter().any(|value| value.as_bytes().eq_ignore_ascii_case(CONTINUE));
        let exchange = Exchange::new(expects_continue && !body.is_end_stream());
        let body = body.map_err(Into::into).boxed_unsync();
        let body = OutgoingBody::new(body, exchange.clone(), unchecked.unwrap_or_default());
        let host = head.headers.get(header::HOST).cloned();
        let attempt = Attempt { exchange, target, host, on_send, on_informational };
        self.run(Request::from_parts(head, body), attempt).await
    }

    /// Closes the connections that no request uses, and waits until the servers know it, for [`CLOSE_TIME`](Self::CLOSE_TIME)
    /// at most. Needed only before a runtime ends, and only for HTTP/3: a server closes its side of the others by
    /// itself, because the operating system ends them.
    pub async fn close(&self) {
        let connections = self.pool.take_all();
        #[cfg(not(feature = "http3"))]
        let closed = async { drop(connections) };
        #[cfg(feature = "http3")]
        let closed = async {
            for (_, connection) in &connections {
                connection.close().await;
            }
        };
        // What has not arrived by then never will.
        let _in_time = tokio::time::timeout(Self::CLOSE_TIME, closed).await;
    }

    /// Uses this connection for the next request to this origin.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn adopt(&self, origin: &super::Origin, connection: crate::connector::Connection) {
        self.pool.add(origin, connection).give_back();
    }
}

const CONTINUE: &[u8] = b"100-continue";

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("connector", &self.connector).finish_non_exhaustive()
    }
}

/// **Nothing is verified**, like with [`exchange`](Client::exchange): layers such as those for redirects and retries need the
/// response as it arrived. Verify what the outermost layer returns, before anything decodes it:
///
/// ```
/// use axum_trailers_client::{Client, ResponseBody, Verification, VerifiedBody};
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Empty;
/// use tower_service::Service;
///
/// async fn send<S>(service: &mut S, request: Request<Empty<Bytes>>) -> Result<Response<VerifiedBody<ResponseBody>>, S::Error>
/// where
///     S: Service<Request<Empty<Bytes>>, Response = Response<ResponseBody>>,
/// {
///     let verification = Verification::new().method(request.method());
///     Ok(verification.verify(service.call(request).await?))
/// }
/// # let _ = |request| async { send(&mut Client::new(), request).await };
/// ```
impl<B> Service<Request<B>> for Client
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<ResponseBody>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let client = self.clone();
        Box::pin(async move { client.exchange(request).await })
    }
}
