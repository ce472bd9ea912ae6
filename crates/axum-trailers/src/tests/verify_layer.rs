use super::{helpers::read_problem, prelude::*};
use crate::{
    body::StreamBody,
    request::{ContentDigestError, VerifyContentDigestLayer, verify::ResponseBody},
};
use axum_trailers_testing::{
    Read, ScriptedBody,
    Step::{self, Data, End, Pending, Trailers},
    fields as read_fields, scripted,
};
use std::{
    convert::Infallible,
    sync::{Mutex, PoisonError},
};
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;

const HELLO: &str = "{\"hello\": \"world\"}\n";
const SHA_256: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
const EMPTY: &str = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";

/// Header fields, and the body.
type Upload = (&'static [(&'static str, &'static str)], Vec<Step>);

type Answered = HttpResponse<ResponseBody<Split<AnyBody>>>;

/// What a handler does with the content.
#[derive(Clone, Copy, PartialEq)]
enum Reads {
    All,
    Nothing,
}

/// The response to an upload, and what the handler has read, if it was called.
async fn send(
    layer: VerifyContentDigestLayer,
    fields: &[(&str, &str)],
    steps: &[Step],
    reads: Reads,
) -> (Answered, Option<Read>) {
    let request = Request::put("/").version(Version::HTTP_2);
    let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let request = request.body(ScriptedBody::new(steps.iter().cloned())).expect("a request");
    let called = Mutex::new(None);
    let handler = service_fn(|request: Request<_>| {
        let read = if reads == Reads::All { read_by_contract(request.into_body()) } else { Read::default() };
        *called.lock().unwrap_or_else(PoisonError::into_inner) = Some(read);
        let mut body = StreamBody::new(scripted([Pending, Data("stored\n")]));
        let set = body.set_trailers(super::prelude::fields(&[("x-rows", "1")]));
        async {
            set.expect("permitted");
            Ok::<_, Infallible>(body.into_response())
        }
    });
    let Ok(response) = layer.layer(handler).oneshot(request).await;
    let read = called.into_inner().unwrap_or_else(PoisonError::into_inner);
    (response, read)
}

#[tokio::test]
async fn response_of_the_handler_is_unchanged_if_the_digest_matches() {
    let trailer = Trailers(&[("content-digest", SHA_256), ("x-sum", "1")]);
    let cases: [Upload; 2] = [
        (&[("content-digest", SHA_256)], vec![Data(HELLO)]),
        (&[], vec![Data("{\"hello\": "), Pending, Data("\"world\"}\n"), End, trailer]),
    ];
    for (fields, steps) in cases {
        let (response, read) = send(VerifyContentDigestLayer::required(), fields, &steps, Reads::All).await;
        assert_eq!(read.expect("called").content, HELLO);
        assert_eq!(response.headers()[header::TRAILER], "x-rows");
        let read = read_by_contract(response.into_body());
        assert_eq!((&*read.content, read.pending), ("stored\n", 1));
        assert_eq!(read.trailers, Some(read_fields(&[("x-rows", "1")])));
    }
}

#[tokio::test]
async fn content_that_fails_the_check_replaces_the_handlers_response() {
    let cases: [Upload; 2] = [
        (&[("content-digest", EMPTY)], vec![Data(HELLO)]),
        (&[], vec![Data(HELLO), End, Trailers(&[("content-digest", EMPTY)])]),
    ];
    for (fields, steps) in cases {
        let (response, read) = send(VerifyContentDigestLayer::new(), fields, &steps, Reads::All).await;
        let error = read.expect("called").error.expect("the handler gets the error");
        assert!(matches!(error.downcast_ref(), Some(ContentDigestError::Mismatch { .. })), "{error:?}");
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers()["want-content-digest"], "sha-256=10, sha-512=10");
        assert!(!response.headers().contains_key(header::TRAILER));
        let length = response.body().size_hint().exact().expect("a known length");
        assert_eq!(response.headers()[header::CONTENT_LENGTH], *length.to_string());
        let document = read_problem(response);
        assert_eq!((&document["expected"], &document["got"]), (&EMPTY.into(), &SHA_256.into()));
    }
}

#[tokio::test]
async fn handler_is_not_called_if_the_head_is_enough_to_refuse() {
    let layer = VerifyContentDigestLayer::new;
    let malformed = [("content-digest", "sha-256=1")];
    let (response, read) = send(layer(), &malformed, &[Data(HELLO)], Reads::All).await;
    assert_eq!((response.status(), read.is_none()), (StatusCode::BAD_REQUEST, true));
    assert_eq!(read_problem(response)["got"], "sha-256=1");

    // A handler may never poll an empty body.
    let (response, read) = send(layer(), &[("content-digest", SHA_256)], &[], Reads::Nothing).await;
    assert_eq!((response.status(), read.is_none()), (StatusCode::BAD_REQUEST, true));
    assert_eq!(read_problem(response)["got"], EMPTY);
    let (response, read) = send(layer(), &[("content-digest", EMPTY)], &[], Reads::Nothing).await;
    assert_eq!((response.status(), read.is_some()), (StatusCode::OK, true));
}

#[tokio::test]
async fn content_that_is_not_read_is_not_checked() {
    let wrong = [("content-digest", EMPTY)];
    let (response, _) =
        send(VerifyContentDigestLayer::required(), &wrong, &[Data(HELLO)], Reads::Nothing).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(read_by_contract(response.into_body()).content, "stored\n");
}

#[tokio::test]
async fn digest_is_required_only_by_a_layer_that_says_so() {
    for (layer, status) in [
        (VerifyContentDigestLayer::new(), StatusCode::OK),
        (VerifyContentDigestLayer::required(), StatusCode::BAD_REQUEST),
    ] {
        let (response, _) = send(layer, &[], &[Data(HELLO)], Reads::All).await;
        assert_eq!(response.status(), status);
    }
}

/// All extractors of both versions of axum accept the body that the layer passes on, except those that name `Body`.
#[tokio::test]
async fn layer_wraps_routes_of_axum() {
    async fn store(content: bytes::Bytes) -> String {
        format!("{} bytes", content.len())
    }
    for (digest, status) in [(SHA_256, StatusCode::OK), (EMPTY, StatusCode::BAD_REQUEST)] {
        let app: Router = Router::new().route("/", put(store)).layer(VerifyContentDigestLayer::new());
        let request = Request::put("/").header("content-digest", digest);
        let request = request.body(boxed(ScriptedBody::new([Data(HELLO)]))).expect("a request");
        let response = app.oneshot(request).await.expect("infallible");
        assert_eq!(response.status(), status);
    }
}
