use super::{
    helpers::{answer, body, http2, read_as_server},
    prelude::*,
};
use crate::{
    body::{StreamBody, channel},
    digest::{Algorithm, Hashers},
    layers::ContentDigestLayer,
    trailers::{
        Declared,
        server::{DigestedCodings, TrailersWithheld},
    },
};
use axum_trailers_testing::{
    ScriptedBody,
    Step::{Data, Error as Fail, Pending, Trailers},
    fields as read_fields, scripted,
};
use bytes::Bytes;
use futures_util::FutureExt;
use proptest::prelude::*;
use tower::ServiceExt;

type Fields = &'static [(&'static str, &'static str)];
type Handler = fn(&Request<()>) -> Response;

/// RFC 9530, appendices B and C.
const HELLO: &str = "{\"hello\": \"world\"}\n";
const SHA_256: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
const SHA_512: &str =
    "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:";

fn hello(_request: &Request<()>) -> Response {
    body([Pending, Data("{\"hello\""), Data(""), Pending, Data(": \"world\"}\n")])
}

fn asking(fields: &[(&str, &str)]) -> Builder {
    fields.iter().fold(http2(), |request, (name, value)| request.header(*name, *value))
}

/// The `Trailer` field and the trailer section of the response to a request with these fields.
async fn asked(fields: &[(&str, &str)], handler: Handler) -> (String, http::HeaderMap) {
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
        let expected = (announced.to_owned(), read_fields(expected));
        assert_eq!(asked(request, hello).await, expected, "{request:?}");
    }
}

#[tokio::test]
async fn representation_has_a_digest_only_if_it_is_the_content() {
    fn with(status: u16, headers: Fields) -> Response {
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
    assert_eq!(trailers, Some(read_fields(&[("x-rows", "1"), ("content-digest", SHA_256)])));
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
        ("204 where it would be buffered", Request::builder(), |_| StatusCode::NO_CONTENT.into_response()),
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
    assert_eq!((&*announced, trailers), ("repr-digest", read_fields(&[("repr-digest", SHA_256)])));

    let own = |_: &Request<()>| ([("repr-digest", "sha-512=:AA==:")], HELLO).into_response();
    let (announced, trailers) = asked(&wants, own).await;
    assert_eq!((&*announced, trailers), ("content-digest", read_fields(&[("content-digest", SHA_256)])));

    let unannounced = |_: &Request<()>| {
        let body = ScriptedBody::new([Data(HELLO), Trailers(&[("content-digest", "own=:AA==:")])]);
        Response::new(boxed(body))
    };
    let (_, trailers) = asked(&[], unannounced).await;
    assert_eq!(trailers, read_fields(&[("content-digest", "own=:AA==:")]));
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

/// The layer outside of compression covers what arrives, the one inside does not.
#[tokio::test]
async fn digest_covers_compressed_content_if_the_layer_is_outside_of_compression() {
    async fn rows() -> Response {
        let mut body = StreamBody::new(scripted([Data("row 1\n"), Pending, Data("row 2\n")]));
        body.set_trailers(fields(&[("x-rows", "2")])).expect("permitted");
        body.into_response()
    }
    let routes = || Router::new().route("/", get(rows));
    let outside = routes().layer(CompressionLayer::new()).layer(ContentDigestLayer::new());
    let inside = routes().layer(ContentDigestLayer::new()).layer(CompressionLayer::new());
    for (app, is_outside) in [(outside, true), (inside, false)] {
        let request = http2().header("accept-encoding", "gzip").body(boxed(ScriptedBody::new([])));
        let response = app.oneshot(request.expect("a request")).await.expect("infallible");
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
        let digested: &DigestedCodings = response.extensions().get().expect("for servers");
        assert_eq!(digested.outdated(response.headers()).count() == 0, is_outside);

        let (chunks, trailers) = read_all(response.into_body()).await;
        let mut hashers = Hashers::new([Algorithm::Sha256]);
        for chunk in &chunks {
            hashers.update(chunk.as_ref().expect("no error"));
        }
        let trailers = trailers.expect("trailers");
        assert_eq!(trailers["x-rows"], "2");
        assert_eq!(trailers["content-digest"] == *hashers.finish()[0].to_string(), is_outside);
    }
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
            let response = answer(ContentDigestLayer::new(), request, handler).now_or_never();
            let body = response.expect("nothing to wait for").into_body();
            let (chunks, trailers) = read_all(Box::pin(body)).now_or_never().expect("nothing to wait for");
            assert!(chunks.iter().all(Result::is_ok));
            trailers.expect("trailers")
        };
        prop_assert_eq!(digest(chunks), digest(vec![Bytes::from(content)]));
    }
}
