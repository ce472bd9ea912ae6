use super::{ResponseBody, ResponseFuture, fields::DigestNegotiation};
use crate::{
    compat::{Request, Response},
    digest::Algorithm,
};
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// Ends each response with a `Content-Digest` trailer: the digest of the content as sent
/// ([RFC 9530 §2](https://www.rfc-editor.org/rfc/rfc9530#section-2)), computed as the content passes, in constant
/// memory.
///
/// **Algorithm.** The request chooses with `Want-Content-Digest`
/// ([RFC 9530 §4](https://www.rfc-editor.org/rfc/rfc9530#section-4)): whichever of `sha-256` and `sha-512` has the
/// larger weight. If it asks for no supported algorithm, the layer uses its [`algorithm`](Self::algorithm), by default
/// SHA-256. If a weight of 0 also rules that out, there is no digest.
///
/// **`Repr-Digest`** ([RFC 9530 §3](https://www.rfc-editor.org/rfc/rfc9530#section-3)) is added if `Want-Repr-Digest`
/// asks for it and the content is the whole representation: not with 206, 226 or `Content-Range`.
///
/// **Unchanged responses.** A response without content (to `HEAD`, or with 204, 205 or 304) stays as it is, and so does
/// one whose handler has set this digest as a header field or trailer. A body that fails gets no digest, even if its
/// producer reports the failure [in its trailers](crate::body::Sender::fail_with_trailers).
///
/// **If trailers can't be sent** (HTTP/1.1 or HTTP/3 without `TE: trailers`, see [`Acceptance`]), nothing is hashed, unless the
/// layer was created with [`or_buffered`](Self::or_buffered).
///
/// [`Acceptance`]: crate::trailers::Acceptance
///
/// **Chunks of 32 KiB and more** are hashed on the runtime's threads for blocking work
/// ([`spawn_blocking`](tokio::task::spawn_blocking)) if there are two cores for each body with such chunks. A chunk is
/// passed on before it is hashed if less than 256 KiB before it are unhashed. Everything else is hashed where the body
/// is polled, at most 128 KiB at a time.
///
/// # Compression and ranges
///
/// Both digests cover the bytes as sent, including content coding and range. Put this layer **outside** of layers that
/// change the bytes: with axum, in a later `.layer(…)` call. Then the digest is right, and trailers of inner bodies
/// also pass through tower-http's `CompressionLayer`. Inside of a compression layer, the digest covers other bytes than
/// those that arrive. If `Content-Encoding` has changed since, axum-trailers-server removes the digest and logs a
/// warning, and a second digest layer further out replaces it. (Both rely on the response's extensions; a layer that
/// drops them hides the change.) Other servers send the wrong digest.
///
/// ```
/// use axum::{Router, routing::get};
/// use axum_trailers::layers::ContentDigestLayer;
/// use tower_http::compression::CompressionLayer;
///
/// let app: Router = Router::new()
///     .route("/", get(|| async { "hello\n" }))
///     .layer(CompressionLayer::new())
///     .layer(ContentDigestLayer::new()); // the last one is the outermost
/// # let _ = app;
/// ```
///
/// # Examples
///
/// A digest on every route:
///
/// ```
/// use axum::{Router, routing::get};
/// use axum_trailers::layers::ContentDigestLayer;
///
/// let app: Router = Router::new().route("/", get(|| async { "hello\n" })).layer(ContentDigestLayer::new());
/// # let _ = app;
/// ```
///
/// SHA-512 for clients that ask for no algorithm, and a header field for clients without trailers if the content is at
/// most 64 KiB:
///
/// ```
/// use axum::{Router, routing::get};
/// use axum_trailers::{digest::Algorithm, layers::ContentDigestLayer};
///
/// let digest = ContentDigestLayer::or_buffered(64 * 1024).algorithm(Algorithm::Sha512);
/// let app: Router = Router::new().route("/", get(|| async { "hello\n" })).layer(digest);
/// # let _ = app;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ContentDigestLayer {
    options: Options,
}

#[derive(Clone, Copy, Debug, Default)]
struct Options {
    algorithm: Algorithm,
    buffer: Option<usize>,
}

impl ContentDigestLayer {
    /// Sends digests as trailers. If trailers can't be sent, there is no digest, and nothing is hashed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends digests as trailers. If trailers can't be sent, content of up to `limit` bytes is held back until its end,
    /// and the digest is sent as a header field.
    ///
    /// Larger content is sent without a digest: at once if its length is known, otherwise when more than `limit` bytes
    /// have arrived. Small content that is produced slowly is also held back until its end, so its client receives
    /// nothing before.
    #[must_use]
    pub fn or_buffered(limit: usize) -> Self {
        Self { options: Options { buffer: Some(limit), ..Options::default() } }
    }

    /// Sets the algorithm for clients that ask for none. Default: [`Algorithm::Sha256`].
    #[must_use]
    pub fn algorithm(self, algorithm: Algorithm) -> Self {
        Self { options: Options { algorithm, ..self.options } }
    }
}

impl<S> Layer<S> for ContentDigestLayer {
    type Service = ContentDigest<S>;

    fn layer(&self, inner: S) -> ContentDigest<S> {
        ContentDigest { inner, options: self.options }
    }
}

/// The service of [`ContentDigestLayer`].
#[derive(Clone, Copy, Debug)]
pub struct ContentDigest<S> {
    inner: S,
    options: Options,
}

impl<S, R> Service<R> for ContentDigest<S>
where
    R: Request,
    S: Service<R, Response: Response>,
{
    type Response = <S::Response as Response>::With<ResponseBody<<S::Response as Response>::Body>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, S::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let wanted = DigestNegotiation::from_request(&request, self.options.algorithm);
        ResponseFuture::new(self.inner.call(request), wanted, self.options.buffer)
    }
}
