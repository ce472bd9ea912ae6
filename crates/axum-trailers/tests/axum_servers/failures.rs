use crate::servers::{Over, Servers};
use axum::{Router, body::Body, extract::Path, response::IntoResponse, routing::get};
use axum_trailers::{
    BoxError,
    body::{self, Sender},
    layers::{ContentDigestLayer, ServerTimingLayer},
    trailers::{Declared, Trailers},
};
use http::{Request, StatusCode, header};
use std::{error::Error, time::Duration};

const FAILURES: [&str; 4] = ["dropped", "panic", "fail", "fail_with_trailers"];

async fn produced(Path(ending): Path<String>) -> impl IntoResponse {
    let declared = Declared::new(["x-status"]).expect("a permitted field");
    let (sender, body) = body::channel(1024, declared);
    tokio::spawn(produce(sender, ending));
    body
}

async fn produce(mut sender: Sender, ending: String) -> Result<(), BoxError> {
    sender.send("row 1\n").await?;
    let mut trailers = Trailers::new();
    trailers.insert("x-status", &ending)?;
    match ending.as_str() {
        "finish" => sender.finish(trailers)?,
        "fail" => sender.fail("a reason"),
        "fail_with_trailers" => sender.fail_with_trailers(trailers)?,
        "panic" => panic!("as the test wants"),
        _ => drop(sender),
    }
    Ok(())
}

/// Five bytes, in a response that promises a number of them.
async fn promised(Path(length): Path<u64>) -> impl IntoResponse {
    let body = body::produce(1024, Declared::none(), |mut sender| async move {
        sender.send("12345").await?;
        // Until the server has sent them.
        tokio::time::sleep(Duration::from_millis(50)).await;
        sender.finish(Trailers::new())?;
        Ok(())
    });
    ([(header::CONTENT_LENGTH, length)], body)
}

async fn servers() -> Servers {
    let routes =
        || Router::new().route("/{ending}", get(produced)).route("/promised/{length}", get(promised));
    let layered = routes().layer(ServerTimingLayer::new()).layer(ContentDigestLayer::new());
    Servers::start(Router::new().nest("/plain", routes()).nest("/layers", layered)).await
}

fn request(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).expect("a request")
}

fn reset_of(error: &hyper::Error) -> Option<h2::Reason> {
    error.source()?.downcast_ref::<h2::Error>()?.reason()
}

#[tokio::test]
async fn producer_that_does_not_finish_cuts_the_transfer() {
    let servers = servers().await;
    for over in Over::ALL {
        for folder in ["plain", "layers"] {
            for ending in FAILURES {
                let answer = servers.send(over, request(&format!("/{folder}/{ending}"))).await;
                let case = format!("{over:?} {folder} {ending}");
                assert_eq!(answer.status, StatusCode::OK, "{case}");
                assert!("row 1\n".starts_with(&answer.content), "{case}: {:?}", answer.content);
                assert_eq!(answer.trailers, None, "{case}");
                let error = answer.error.unwrap_or_else(|| panic!("{case}: the content looks complete"));
                let reset = over.is_http2().then_some(h2::Reason::INTERNAL_ERROR);
                assert_eq!(reset_of(&error), reset, "{case}");
            }
            let answer = servers.send(over, request(&format!("/{folder}/finish"))).await;
            assert_eq!(answer.trailer("x-status"), Some("finish"), "{over:?} {folder}");
        }
    }
}

#[tokio::test]
async fn http1_without_te_is_cut_too() {
    let servers = servers().await;
    for over in [Over::Http1, Over::TlsHttp1] {
        for ending in FAILURES {
            let answer = servers.send_without_te(over, request(&format!("/plain/{ending}"))).await;
            assert!(answer.error.is_some(), "{over:?} {ending}");
        }
        let answer = servers.send_without_te(over, request("/plain/finish")).await;
        assert!(answer.error.is_none(), "{over:?}");
    }
}

#[tokio::test]
async fn only_a_finished_body_has_a_last_chunk() {
    const CHUNK: &str = "6\r\nrow 1\n\r\n";
    let servers = servers().await;
    let content = async |ending, te| {
        let wire = servers.wire(&format!("GET /plain/{ending} HTTP/1.1{te}")).await;
        wire.split_once("\r\n\r\n").expect("a header section").1.to_owned()
    };
    for ending in FAILURES {
        let content = content(ending, "\r\nTE: trailers").await;
        assert!(CHUNK.starts_with(&content), "{ending}: {content:?}");
    }
    let trailers = "x-status: finish\r\n";
    assert_eq!(content("finish", "\r\nTE: trailers").await, format!("{CHUNK}0\r\n{trailers}\r\n"));
    assert_eq!(content("finish", "").await, format!("{CHUNK}0\r\n\r\n"));
}

/// The layers hide the length so that trailers can follow, so no server checks it.
#[tokio::test]
async fn layers_fail_a_body_that_is_shorter_than_its_length() {
    let servers = servers().await;
    for over in Over::ALL {
        let answer = servers.send(over, request("/layers/promised/10")).await;
        assert_eq!((&*answer.content, &answer.trailers), ("12345", &None), "{over:?}");
        assert!(answer.error.is_some(), "{over:?}: the content looks complete");
        let answer = servers.send(over, request("/layers/promised/5")).await;
        assert!(answer.trailer("content-digest").is_some(), "{over:?}");
    }
}
