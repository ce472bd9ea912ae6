use super::{helpers::read_problem, prelude::*};
use crate::request::{CollectedBody, ContentDigestError, RequestBody, RequestBodyError, Verified};
use axum_trailers_testing::{
    ScriptedBody,
    Step::{self, Data, End, Error as Fail, Pending, Trailers},
    fields as read_fields,
};
use futures_util::StreamExt;
use serde_json::json;
use tower::ServiceExt;

const ABC: &str = "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:";

fn upload(fields: &[(&str, &str)], steps: &[Step]) -> Request<AnyBody> {
    let request = Request::put("/").version(Version::HTTP_2);
    let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(boxed(ScriptedBody::new(steps.iter().cloned()))).expect("a request")
}

const STEPS: [Step; 5] = [Pending, Data("ab"), Data("c"), End, Trailers(&[("x-sum", "1"), ("host", "a")])];
const WITH_DIGEST: [Step; 3] = [Data("abc"), End, Trailers(&[("content-digest", ABC)])];
const WITH_WRONG_DIGEST: [Step; 3] = [Data("abd"), End, Trailers(&[("content-digest", ABC)])];

async fn rest(mut body: RequestBody) -> Result<(String, http::HeaderMap), RequestBodyError> {
    let mut text = String::new();
    while let Some(chunk) = body.next().await {
        text += std::str::from_utf8(&chunk?).expect("text");
    }
    Ok((text, body.trailers().await?.into_map()))
}

#[tokio::test]
async fn bodies_are_extracted_with_their_trailers() {
    let sum = read_fields(&[("x-sum", "1")]);
    let Ok(body) = extract::<RequestBody>(upload(&[], &STEPS)).await;
    assert_eq!(rest(body).await.expect("no error"), ("abc".to_owned(), sum.clone()));

    let collected: CollectedBody = extract(upload(&[], &STEPS)).await.expect("no error");
    assert_eq!((&*collected.content, collected.trailers.as_map()), (&b"abc"[..], &sum));

    let error = extract::<CollectedBody>(upload(&[], &[Data("a"), Fail])).await.expect_err("it failed");
    assert!(matches!(error, RequestBodyError::Broken(_)), "{error:?}");
}

#[tokio::test]
async fn verified_bodies_are_extracted_only_if_the_digest_matches() {
    let Verified(collected): Verified<CollectedBody> =
        extract(upload(&[], &WITH_DIGEST)).await.expect("the right digest");
    assert_eq!(collected.content, "abc");
    let error = extract::<Verified<CollectedBody>>(upload(&[], &WITH_WRONG_DIGEST)).await.expect_err("wrong");
    assert!(matches!(error, RequestBodyError::Digest(ContentDigestError::Mismatch { .. })), "{error:?}");
    let error = extract::<Verified<CollectedBody>>(upload(&[], &STEPS)).await.expect_err("no digest");
    assert!(matches!(error, RequestBodyError::Digest(ContentDigestError::Missing)), "{error:?}");

    let Verified(body): Verified<RequestBody> =
        extract(upload(&[], &WITH_DIGEST)).await.expect("not refused");
    assert_eq!(rest(body).await.expect("the right digest").0, "abc");
    let Verified(body): Verified<RequestBody> =
        extract(upload(&[], &WITH_WRONG_DIGEST)).await.expect("not refused yet");
    let error = rest(body).await.expect_err("wrong");
    assert!(matches!(error, RequestBodyError::Digest(ContentDigestError::Mismatch { .. })), "{error:?}");
    let malformed = [("content-digest", "sha-256=1")];
    let error = extract::<Verified<RequestBody>>(upload(&malformed, &STEPS)).await.expect_err("malformed");
    assert!(matches!(error, ContentDigestError::Malformed { .. }), "{error:?}");
}

/// For services without axum.
#[tokio::test]
async fn bodies_are_made_of_any_request() {
    let plain = |steps: &[Step]| {
        let request = Request::put("/").version(Version::HTTP_2);
        request.body(ScriptedBody::new(steps.iter().cloned())).expect("a request")
    };
    let came = rest(RequestBody::new(plain(&STEPS))).await.expect("no error");
    assert_eq!(came, ("abc".to_owned(), read_fields(&[("x-sum", "1")])));

    let Verified(body) = Verified::new(plain(&WITH_DIGEST)).expect("not refused");
    assert_eq!(rest(body).await.expect("the right digest").0, "abc");
    let Verified(body) = Verified::new(plain(&WITH_WRONG_DIGEST)).expect("not refused yet");
    assert!(matches!(rest(body).await, Err(RequestBodyError::Digest(_))));
    let mut http1 = plain(&[Data("abc")]);
    *http1.version_mut() = Version::HTTP_11;
    assert_eq!(Verified::new(http1).expect_err("no trailer can follow"), ContentDigestError::Missing);
}

#[tokio::test]
async fn content_over_axums_limit_is_a_413() {
    async fn collected(body: CollectedBody) -> String {
        format!("{} bytes", body.content.len())
    }
    async fn verified(Verified(body): Verified<CollectedBody>) -> String {
        format!("{} bytes", body.content.len())
    }
    async fn streamed(body: RequestBody) -> Result<String, RequestBodyError> {
        Ok(format!("{} bytes", rest(body).await?.0.len()))
    }
    for (limit, status) in [(3, StatusCode::OK), (2, StatusCode::PAYLOAD_TOO_LARGE)] {
        for handler in [put(collected), put(verified)] {
            let app: Router = Router::new().route("/", handler).layer(DefaultBodyLimit::max(limit));
            let response = app.oneshot(upload(&[], &WITH_DIGEST)).await.expect("infallible");
            assert_eq!(response.status(), status);
            if status == StatusCode::OK {
                assert_eq!(read_by_contract(response.into_body()).content, "3 bytes");
            } else {
                assert_eq!(read_problem(response)["detail"], "the request body is too large");
            }
        }
    }
    let app: Router = Router::new().route("/", put(streamed)).layer(DefaultBodyLimit::max(2));
    let response = app.oneshot(upload(&[], &WITH_DIGEST)).await.expect("infallible");
    assert_eq!(read_by_contract(response.into_body()).content, "3 bytes", "a stream is not limited");
}

#[tokio::test]
async fn limit_of_http_body_around_a_body_is_a_413() {
    for (limit, is_over) in [(3, false), (2, true)] {
        let request = Request::new(Limited::new(ScriptedBody::new(STEPS), limit));
        match rest(RequestBody::new(request)).await {
            Ok((text, _)) => assert!(!is_over && text == "abc"),
            Err(error) => {
                assert!(is_over && matches!(error, RequestBodyError::OverLimit), "{error:?}");
                let response = error.into_response();
                assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
                assert_eq!(read_problem(response)["status"], json!(413));
            }
        }
    }
}

#[tokio::test]
async fn rejections_are_problem_documents() {
    async fn handler(Verified(_body): Verified<RequestBody>) -> &'static str {
        "not reached"
    }
    let app: Router = Router::new().route("/", put(handler));
    let response = app.oneshot(upload(&[("content-digest", "sha-256=1")], &STEPS)).await.expect("infallible");
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(response.headers()["want-content-digest"], "sha-256=10, sha-512=10");
    assert_eq!(read_problem(response)["got"], "sha-256=1");
}
