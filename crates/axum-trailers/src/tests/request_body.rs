use super::prelude::*;
use crate::{
    request::{RequestBody, RequestBodyError},
    trailers::{TrailerLimits, TrailersTooLarge},
};
use axum_trailers_testing::{
    ScriptedBody,
    Step::{self, Data, End, Error as Fail, Pending, Trailers},
    fields as read_fields,
};
use futures_util::StreamExt;

fn body<const N: usize>(steps: [Step; N]) -> RequestBody {
    RequestBody::new(Request::new(ScriptedBody::new(steps)))
}

async fn text(body: &mut RequestBody) -> Result<String, RequestBodyError> {
    let mut text = String::new();
    while let Some(chunk) = body.next().await {
        text += std::str::from_utf8(&chunk?).expect("text");
    }
    Ok(text)
}

const STEPS: [Step; 7] = [
    Pending,
    Data("a"),
    Data(""),
    Data("bc"),
    End,
    Pending,
    Trailers(&[("x-sum", "1"), ("host", "a"), ("x-sum", "2")]),
];

#[tokio::test]
async fn data_is_followed_by_the_permitted_trailers() {
    let mut came = body(STEPS);
    assert_eq!(text(&mut came).await.expect("no error"), "abc");
    assert!(came.next().await.is_none(), "the end stays the end");
    let trailers = came.trailers().await.expect("no error").into_map();
    assert_eq!(trailers, read_fields(&[("x-sum", "1"), ("x-sum", "2")]));

    let mut came = body([Data("a")]);
    text(&mut came).await.expect("no error");
    assert!(came.trailers().await.expect("no error").is_empty());
}

#[tokio::test]
async fn trailers_before_the_end_are_the_handlers_fault() {
    let error = body(STEPS).trailers().await.expect_err("unread");
    assert!(matches!(error, RequestBodyError::Unread));
    assert_eq!(error.into_response().status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn nothing_follows_an_error() {
    let mut came = body([Data("a"), Fail]);
    assert!(came.next().await.expect("data").is_ok());
    let error = came.next().await.expect("an error").expect_err("scripted");
    assert_eq!(error.into_response().status(), StatusCode::BAD_REQUEST);
    assert!(came.next().await.is_none());
    assert!(matches!(came.trailers().await, Err(RequestBodyError::Broken(_))));

    // In `http-body` 1 the failure is that of the data, in 0.4 that of the trailers.
    let mut came = body([Data("a"), End, Fail]);
    assert_eq!(came.next().await.expect("data").expect("no error"), "a");
    let rest = async {
        text(&mut came).await?;
        came.trailers().await
    };
    assert!(matches!(rest.await, Err(RequestBodyError::Broken(_))));
}

#[tokio::test]
async fn trailers_past_their_limits_are_a_431() {
    let limits = TrailerLimits { fields: 1, ..TrailerLimits::default() };
    for (steps, fits) in [(STEPS.to_vec(), false), (vec![Trailers(&[("x-sum", "1")])], true)] {
        let request = Request::builder().extension(limits).body(ScriptedBody::new(steps));
        let mut came = RequestBody::new(request.expect("a request"));
        text(&mut came).await.expect("no error");
        match came.trailers().await {
            Ok(_) => assert!(fits),
            Err(error) => {
                let limit = TrailersTooLarge::Fields { limit: 1 };
                assert!(!fits && matches!(error, RequestBodyError::Trailers(e) if e == limit), "{error:?}");
                assert_eq!(error.into_response().status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
            }
        }
    }
}

#[tokio::test]
async fn collected_body_is_complete_or_an_error() {
    let collected = body(STEPS).collect(3).await.expect("small enough");
    assert_eq!(collected.content, "abc");
    assert_eq!(collected.trailers.into_map(), read_fields(&[("x-sum", "1"), ("x-sum", "2")]));

    let error = body(STEPS).collect(2).await.expect_err("too large");
    assert!(matches!(error, RequestBodyError::TooLarge { limit: 2 }));
    assert_eq!(error.into_response().status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(body([Data("a"), Fail]).collect(100).await.is_err());
    assert!(body([Data("a"), End, Fail]).collect(100).await.is_err());
}
