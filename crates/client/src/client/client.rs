use super::{Lease, Pool, pool::Origin};
use crate::{
    connector::{Connector, OutgoingBody},
    exchange::{Error, OnSend, ResponseBody},
    verdict::Cut,
    verify::{Verification, VerifiedBody},
};
use axum_trailers::BoxError;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, Version, header, uri::Scheme};
use http_body::Body;
use http_body_util::BodyExt;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tower_service::Service;

/// Sends requests over HTTP/2 and HTTP/1.1, one connection for each origin. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    connector: Arc<Connector>,
    pool: Pool,
}

impl Client {
    /// A client that trusts the certificate authorities of the operating system, and uses no proxy.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Connector::new())
    }

    /// A client that opens its connections in this way.
    #[must_use]
    pub fn with(connector: Connector) -> Self {
        Self { connector: Arc::new(connector), pool: Pool::default() }
    }

    /// Cuts a transfer without progress for this long.
    #[must_use]
    pub fn stall_timeout(self, _timeout: std::time::Duration) -> Self {
        self
    }

    /// Sends a request, and verifies the content and the end of its response.
    ///
    /// # Errors
    ///
    /// [`Error`] if there is no response.
    pub async fn send<B>(&self, request: Request<B>) -> Result<Response<VerifiedBody<ResponseBody>>, Error>
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let verification = Verification::new().method(request.method());
        Ok(verification.verify(self.exchange(request).await?))
    }

    /// Sends a request. Nothing is verified.
    ///
    /// # Errors
    ///
    /// [`Error`] if there is no response.
    pub async fn exchange<B>(&self, request: Request<B>) -> Result<Response<ResponseBody>, Error>
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let mut request = request.map(|body| OutgoingBody::new(body.map_err(Into::into)));
        let uri = request.uri().clone();
        let origin = origin(&uri)?;
        let mut idle = self.pool.take(&origin);
        loop {
            let mut lease = match ready(idle.take()).await {
                Some(lease) => lease,
                None => self.pool.lease(origin.clone(), self.connector.open(&uri).await?),
            };
            request = announced(in_form(request, &uri, &lease));
            match lease.connection.send(request).await {
                Ok(response) => return Ok(arrived(response, lease)),
                // An idle connection that was closed meanwhile.
                Err(mut error) if error.message().is_some() => {
                    request = error.take_message().expect("it was there");
                }
                Err(error) => return Err(Error::NoResponse(Cut::of(error.error()))),
            }
        }
    }
}

/// The idle connection, if it is still open.
async fn ready(idle: Option<Lease>) -> Option<Lease> {
    let mut lease = idle?;
    lease.connection.ready().await.then_some(lease)
}

fn origin(uri: &Uri) -> Result<Origin, Error> {
    match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS => {}
        _ => return Err(Error::Request(format!("{uri} is no http or https URL"))),
    }
    Pool::origin(uri).ok_or_else(|| Error::Request(format!("{uri} has no host")))
}

/// Calls the request's [`OnSend`].
fn announced(request: Request<OutgoingBody>) -> Request<OutgoingBody> {
    let Some(on_send) = request.extensions().get::<OnSend>().cloned() else { return request };
    let (head, body) = request.into_parts();
    on_send.call(&head);
    Request::from_parts(head, body)
}

/// The request as its protocol wants it: HTTP/1.1 has a path and `Host`, HTTP/2 a whole URL.
fn in_form(mut request: Request<OutgoingBody>, uri: &Uri, lease: &Lease) -> Request<OutgoingBody> {
    let version = lease.transport().version;
    *request.version_mut() = version;
    if version == Version::HTTP_2 {
        *request.uri_mut() = uri.clone();
        request.headers_mut().remove(header::HOST);
        return request;
    }
    // RFC 9110 §10.1.4.
    if request.headers().contains_key(header::TE) {
        request.headers_mut().append(header::CONNECTION, HeaderValue::from_static("te"));
    }
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if let Ok(host) = HeaderValue::from_str(host) {
        request.headers_mut().entry(header::HOST).or_insert(host);
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    if let Ok(path) = path.parse() {
        *request.uri_mut() = path;
    }
    request
}

fn arrived(response: Response<hyper::body::Incoming>, lease: Lease) -> Response<ResponseBody> {
    let transport = lease.transport();
    let mut response = response.map(|incoming| ResponseBody::new(incoming, lease));
    response.extensions_mut().insert(transport);
    response
}

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
