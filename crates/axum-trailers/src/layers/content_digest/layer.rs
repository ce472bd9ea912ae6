use super::{ResponseBody, ResponseFuture, fields::DigestNegotiation};
use crate::digest::Algorithm;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
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
/// **If trailers can't be sent** (HTTP/1.1 without `TE: trailers`, see [`Acceptance`]), nothing is hashed, unless the
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

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for ContentDigest<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Body<Data = Bytes>,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let wanted = DigestNegotiation::from_request(&request, self.options.algorithm);
        ResponseFuture::new(self.inner.call(request), wanted, self.options.buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        body::{StreamBody, channel},
        layers::testing::{answer, body, http2},
        trailers::{
            Declared,
            server::{TrailersWithheld, read_as_server},
        },
    };
    use axum::response::{IntoResponse, Response as Answer};
    use axum_trailers_testing::{
        ScriptedBody,
        Step::{Data, Error as Fail, Pending, Trailers},
        fields, read_by_contract, request_with_te,
    };
    use http::{HeaderMap, Method, StatusCode, header, request::Builder};
    use proptest::prelude::*;

    type Fields = &'static [(&'static str, &'static str)];
    type Handler = fn(&Request<()>) -> Answer;

    /// RFC 9530, appendices B and C.
    const HELLO: &str = "{\"hello\": \"world\"}\n";
    const SHA_256: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
    const SHA_512: &str =
        "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:";

    fn hello(_request: &Request<()>) -> Answer {
        body([Pending, Data("{\"hello\""), Data(""), Pending, Data(": \"world\"}\n")])
    }

    fn asking(fields: &[(&str, &str)]) -> Builder {
        fields.iter().fold(http2(), |request, (name, value)| request.header(*name, *value))
    }

    /// The `Trailer` field and the trailer section of the response to a request with these fields.
    async fn asked(fields: &[(&str, &str)], handler: Handler) -> (String, HeaderMap) {
        let response = answer(ContentDigestLayer::new(), asking(fields), handler).await;
        let announced = response.headers().get(header::TRAILER).map(|value| value.to_str().expect("text"));
        let announced = announced.unwrap_or_default().to_owned();
        (announced, read_by_contract(response.into_body()).trailers.unwrap_or_default())
    }

    #[tokio::test]
    async fn request_chooses_fields_and_algorithms() {
        const CONTENT: &str = "want-content-digest";
        const REPR: &str = "want-repr-digest";
        let both = "content-digest, repr-digest";
        let cases: [(Fields, &str, Fields); 9] = [
            (&[], "content-digest", &[("content-digest", SHA_256)]),
            (&[(CONTENT, "sha-512=1")], "content-digest", &[("content-digest", SHA_512)]),
            (&[(CONTENT, "sha-512=5, md5=9, sha-256=6")], "content-digest", &[("content-digest", SHA_256)]),
            (&[(CONTENT, "sha-512=\"")], "content-digest", &[("content-digest", SHA_256)]),
            (&[(CONTENT, "sha-256=0")], "", &[]),
            (&[(REPR, "sha-512=1")], both, &[("content-digest", SHA_256), ("repr-digest", SHA_512)]),
            (&[(REPR, "sha-256=1")], both, &[("content-digest", SHA_256), ("repr-digest", SHA_256)]),
            (&[(REPR, "sha-256=1;")], "content-digest", &[("content-digest", SHA_256)]),
            (&[(REPR, "sha-512=1"), (CONTENT, "sha-256=0")], "repr-digest", &[("repr-digest", SHA_512)]),
        ];
        for (request, announced, expected) in cases {
            let expected: HeaderMap = expected
                .iter()
                .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
                .collect();
            assert_eq!(asked(request, hello).await, (announced.to_owned(), expected), "{request:?}");
        }
    }

    #[tokio::test]
    async fn representation_has_a_digest_only_if_it_is_the_content() {
        fn with(status: u16, headers: Fields) -> Answer {
            let mut response = body([Data(HELLO)]);
            *response.status_mut() = StatusCode::from_u16(status).expect("a status");
            response.headers_mut().extend(fields(headers));
            response
        }
        let cases: [(Handler, bool); 6] = [
            (|_| with(200, &[("content-encoding", "gzip")]), true),
            (|_| with(404, &[]), true),
            (|_| with(206, &[("content-range", "bytes 0-18/20")]), false),
            (|_| with(206, &[("content-type", "multipart/byteranges; boundary=x")]), false),
            (|_| with(416, &[("content-range", "bytes */20")]), false),
            (|_| with(226, &[]), false),
        ];
        for (handler, has_one) in cases {
            let (_, trailers) = asked(&[("want-repr-digest", "sha-256=1")], handler).await;
            assert_eq!(trailers.contains_key("repr-digest"), has_one);
            assert_eq!(trailers["content-digest"], SHA_256);
        }
    }

    #[tokio::test]
    async fn digest_joins_the_trailers_from_below() {
        let response = answer(ContentDigestLayer::new(), http2(), |_| {
            let mut body = StreamBody::new(futures_util::stream::iter([Ok::<_, std::io::Error>(HELLO)]));
            body.set_trailers(fields(&[("x-rows", "1")])).expect("permitted");
            body.into_response()
        })
        .await;
        assert_eq!(response.headers()[header::TRAILER], "x-rows, content-digest");
        let trailers = read_by_contract(response.into_body()).trailers;
        assert_eq!(trailers, Some(fields(&[("x-rows", "1"), ("content-digest", SHA_256)])));
    }

    #[tokio::test]
    async fn http1_client_gets_a_digest_if_it_takes_trailers() {
        let response = answer(ContentDigestLayer::new(), request_with_te(), hello).await;
        read_by_contract(response.into_body()).assert_trailer("content-digest", SHA_256);
        let response = answer(ContentDigestLayer::new(), Request::builder(), hello).await;
        read_by_contract(response.into_body()).assert_no_trailer("content-digest");
    }

    #[tokio::test]
    async fn nothing_is_added_if_no_digest_can_be_sent() {
        let cases: [(&str, Builder, Handler); 8] = [
            ("HTTP/1.1 without TE", Request::builder(), |_| "x".into_response()),
            ("HEAD", http2().method(Method::HEAD), |_| "x".into_response()),
            ("204", http2(), |_| StatusCode::NO_CONTENT.into_response()),
            ("205", http2(), |_| StatusCode::RESET_CONTENT.into_response()),
            ("304", http2(), |_| StatusCode::NOT_MODIFIED.into_response()),
            ("own header field", http2(), |_| ([("content-digest", "sha-512=:AA==:")], "x").into_response()),
            ("own trailer field", http2(), |_| ([("trailer", "x-a, Content-Digest")], "x").into_response()),
            ("204 where it would be buffered", Request::builder(), |_| {
                StatusCode::NO_CONTENT.into_response()
            }),
        ];
        for (case, request, handler) in cases {
            let plain = handler(&Request::new(()));
            let buffers = case.contains("buffered");
            let layer = if buffers { ContentDigestLayer::or_buffered(9) } else { ContentDigestLayer::new() };
            let layered = answer(layer, request, handler).await;
            assert_eq!(layered.headers(), plain.headers(), "{case}");
            let withheld = layered.extensions().get::<TrailersWithheld>().is_some();
            assert_eq!(withheld, case == "HTTP/1.1 without TE", "{case}");
            assert_eq!(layered.body().size_hint().exact(), plain.body().size_hint().exact(), "{case}");
            assert_eq!(read_by_contract(layered.into_body()).trailers, None, "{case}");
        }
    }

    #[tokio::test]
    async fn handlers_own_digest_is_kept_and_the_other_field_is_added() {
        let wants = [("want-repr-digest", "sha-256=1")];
        let own = |_: &Request<()>| ([("content-digest", "sha-512=:AA==:")], HELLO).into_response();
        let (announced, trailers) = asked(&wants, own).await;
        assert_eq!((&*announced, trailers), ("repr-digest", fields(&[("repr-digest", SHA_256)])));

        let own = |_: &Request<()>| ([("repr-digest", "sha-512=:AA==:")], HELLO).into_response();
        let (announced, trailers) = asked(&wants, own).await;
        assert_eq!((&*announced, trailers), ("content-digest", fields(&[("content-digest", SHA_256)])));

        let unannounced = |_: &Request<()>| {
            let body = ScriptedBody::new([Data(HELLO), Trailers(&[("content-digest", "own=:AA==:")])]);
            http::Response::new(axum::body::boxed(body))
        };
        let (_, trailers) = asked(&[], unannounced).await;
        assert_eq!(trailers, fields(&[("content-digest", "own=:AA==:")]));
    }

    #[tokio::test]
    async fn failed_body_has_no_digest_even_if_its_trailers_report_the_failure() {
        let response = answer(ContentDigestLayer::new(), http2(), |_| body([Data("a"), Fail])).await;
        let read = read_by_contract(response.into_body());
        assert!(read.error.is_some() && read.trailers.is_none());

        for failing in [true, false] {
            let response = answer(ContentDigestLayer::new(), http2(), |_| {
                let (sender, body) = channel(64, Declared::new(["grpc-status"]).expect("permitted"));
                let ended = if failing {
                    sender.fail_with_trailers(fields(&[("grpc-status", "13")]))
                } else {
                    sender.finish(fields(&[("grpc-status", "0")]))
                };
                ended.expect("as declared");
                body.into_response()
            })
            .await;
            let trailers = read_as_server(response).trailers.expect("trailers");
            assert_eq!(trailers.contains_key("content-digest"), !failing);
        }
    }

    #[tokio::test]
    async fn small_content_has_a_header_field_if_trailers_cannot_be_sent() {
        let length = HELLO.len();
        for (limit, has_one) in [(length, true), (length - 1, false)] {
            let layer = ContentDigestLayer::or_buffered(limit).algorithm(Algorithm::Sha512);
            let response = answer(layer, Request::builder(), hello).await;
            assert_eq!(response.headers().get("content-digest").is_some_and(|v| v == SHA_512), has_one);
            assert!(!response.headers().contains_key(header::TRAILER));
            assert_eq!(response.extensions().get::<TrailersWithheld>().is_none(), has_one);
            assert_eq!(response.body().size_hint().exact(), has_one.then_some(length as u64));
            let read = read_by_contract(response.into_body());
            assert_eq!((&*read.content, read.trailers), (HELLO, None));

            let response = answer(layer, http2(), hello).await;
            assert!(!response.headers().contains_key("content-digest"), "trailers come first");
            assert!(read_by_contract(response.into_body()).trailers.is_some());
        }
    }

    #[tokio::test]
    async fn failed_body_has_no_digest_if_it_is_buffered() {
        let layer = ContentDigestLayer::or_buffered(1000);
        let response = answer(layer, Request::builder(), |_| body([Data("a"), Fail])).await;
        assert!(!response.headers().contains_key("content-digest"));
        let read = read_by_contract(response.into_body());
        assert!(read.content == "a" && read.error.is_some());
    }

    proptest! {
        #[test]
        fn any_split_of_the_same_bytes_has_the_same_digest(
            content in proptest::collection::vec(any::<u8>(), 0..200),
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8),
            long: bool,
        ) {
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(content.len() + 1)).collect();
            cuts.extend([0, content.len()]);
            cuts.sort_unstable();
            let chunks: Vec<_> =
                cuts.windows(2).map(|cut| Bytes::copy_from_slice(&content[cut[0]..cut[1]])).collect();
            let digest = |chunks: Vec<Bytes>| {
                let handler = move |_: &Request<()>| {
                    let chunks = chunks.clone().into_iter().map(Ok::<_, std::io::Error>);
                    StreamBody::new(futures_util::stream::iter(chunks)).into_response()
                };
                let want = if long { "sha-512=1" } else { "sha-256=1" };
                let request = asking(&[("want-content-digest", want)]);
                let response = futures_util::FutureExt::now_or_never(answer(ContentDigestLayer::new(), request, handler));
                let mut body = response.expect("nothing to wait for").into_body();
                futures_util::FutureExt::now_or_never(async {
                    while let Some(chunk) = body.data().await {
                        chunk.expect("no error");
                    }
                    body.trailers().await.expect("no error").expect("trailers")
                })
                .expect("nothing to wait for")
            };
            prop_assert_eq!(digest(chunks), digest(vec![Bytes::from(content)]));
        }
    }
}
