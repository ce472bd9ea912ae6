use super::{
    helpers::{answer, http2},
    prelude::*,
};
use crate::{
    layers::{ContentDigestLayer, ServerTimingLayer},
    trailers::{Acceptance, WithheldReason},
};
use axum_trailers_testing::{
    ScriptedBody,
    Step::{self, Data, Pending},
};

/// The request, what the server has decided, and whether there are trailers and a known length.
type Case = (&'static str, fn() -> Builder, Option<Acceptance>, bool, bool);

fn hello(_request: &Request<()>) -> Response {
    let body = ScriptedBody::new([Data("hel"), Pending, Data("lo\n")]).sized();
    let response = HttpResponse::builder().header(header::CONTENT_LENGTH, 6);
    response.body(boxed(body)).expect("a response")
}

/// Whether the trailer field came, and the lengths: the header field and that of the body.
fn seen<B>(response: HttpResponse<B>, trailer: &str) -> (bool, Option<HeaderValue>, Option<u64>)
where
    B: HttpBody<Data = bytes::Bytes, Error: Into<crate::BoxError>>,
{
    let announced = response.headers().get(header::TRAILER).is_some_and(|value| value == trailer);
    let length = response.headers().get(header::CONTENT_LENGTH).cloned();
    let hint = response.body().size_hint();
    assert_eq!(hint.lower(), 6, "at least this much is known");
    let read = read_by_contract(response.into_body());
    assert_eq!(read.content, "hello\n");
    let has_trailer = read.trailers.is_some_and(|trailers| trailers.contains_key(trailer));
    assert_eq!(has_trailer, announced);
    (announced, length, hint.exact())
}

/// A length rules out trailers over HTTP/1.1 (RFC 9112 §7.1.2) and hides them from curl over HTTP/2, unless a server takes
/// care of that.
#[tokio::test]
async fn length_is_hidden_unless_a_server_has_decided() {
    let accepted = Acceptance::Accepted;
    let withheld = Acceptance::Withheld(WithheldReason::NotAsked);
    let cases: [Case; 6] = [
        ("HTTP/1.1 with TE", request_with_te, None, true, false),
        ("HTTP/1.1 with TE, decided", request_with_te, Some(accepted), true, true),
        ("HTTP/1.1 with TE, withheld", request_with_te, Some(withheld), false, true),
        ("HTTP/1.1 without TE", Request::builder, None, false, true),
        ("HTTP/2", http2, None, true, !HIDES_LENGTH_OVER_HTTP2),
        ("HTTP/2, decided", http2, Some(accepted), true, true),
    ];
    for (case, request, decided, has_trailers, has_length) in cases {
        let request = || match decided {
            Some(decided) => request().extension(decided),
            None => request(),
        };
        let length = has_length.then(|| HeaderValue::from(6));
        let expected = (has_trailers, length, has_length.then_some(6));
        let response = answer(ContentDigestLayer::new(), request(), hello).await;
        assert_eq!(seen(response, "content-digest"), expected, "digest: {case}");
        let response = answer(ServerTimingLayer::new(), request(), hello).await;
        assert_eq!(seen(response, "server-timing"), expected, "timing: {case}");
    }
}

/// The response of a handler that promises six bytes, in `Content-Length` or by the size of its body.
fn promising<const N: usize>(steps: [Step; N], by_field: bool) -> impl Fn(&Request<()>) -> Response {
    move |_| {
        let (response, body) = (HttpResponse::builder(), ScriptedBody::new(steps.clone()));
        let response = if by_field { response.header(header::CONTENT_LENGTH, 6) } else { response };
        let body = if by_field { body } else { body.sized() };
        response.body(boxed(body)).expect("a response")
    }
}

/// The server does not learn the length, so it can't check it.
#[tokio::test]
async fn length_that_is_hidden_is_enforced() {
    for (steps, is_kept) in [
        ([Data("hel"), Pending, Data("lo\n")], true),
        ([Data("hel"), Pending, Data("lo")], false),
        ([Data("hel"), Pending, Data("lo\n and more")], false),
    ] {
        let response =
            answer(ContentDigestLayer::new(), request_with_te(), promising(steps.clone(), true)).await;
        let digest = read_by_contract(response.into_body());
        let response =
            answer(ServerTimingLayer::new(), request_with_te(), promising(steps.clone(), true)).await;
        let timing = read_by_contract(response.into_body());
        for read in [digest, timing] {
            assert_eq!(read.error.is_none(), is_kept, "{steps:?}: {:?}", read.error);
            assert_eq!(read.trailers.is_some(), is_kept, "{steps:?}");
        }
    }
    let sized = promising([Data("hel"), Pending, Data("lo\n")], false);
    let response = answer(ContentDigestLayer::new(), request_with_te(), sized).await;
    assert!(read_by_contract(response.into_body()).error.is_none());
}

#[tokio::test]
async fn length_stays_if_nothing_is_added() {
    let no_digest = || request_with_te().header("want-content-digest", "sha-256=0");
    let response = answer(ContentDigestLayer::new(), no_digest(), hello).await;
    assert_eq!(seen(response, "content-digest"), (false, Some(HeaderValue::from(6)), Some(6)));
    let head = request_with_te().method(Method::HEAD);
    let response = answer(ServerTimingLayer::new(), head, hello).await;
    assert_eq!(seen(response, "server-timing"), (false, Some(HeaderValue::from(6)), Some(6)));
}
