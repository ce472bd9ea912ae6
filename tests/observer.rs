//! A `ResponseObserver` is told what is sent, in order, also of a response that replaces the handler's.

use crate::support::{TestServer, clients, read, soon};
use axum::{Extension, Router, response::IntoResponse, routing::get};
use axum_trailers::{
    body,
    trailers::{
        Declared, Trailers, WithheldReason,
        server::{Observe, Outcome, ResponseObserver},
    },
};
use http::{HeaderMap, StatusCode};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

struct Calls(UnboundedSender<String>);

impl Calls {
    fn add(&self, call: String) {
        self.0.send(call).expect("the test reads it");
    }
}

impl Observe for Calls {
    fn header_section(&self, status: StatusCode, mut fields: &mut dyn Iterator<Item = (&str, &[u8])>) {
        let has_length = (&mut fields).any(|(name, _)| name == "content-length");
        self.add(format!("{} {}", status.as_u16(), if has_length { "length" } else { "no length" }));
    }

    fn data(&self, bytes: usize) {
        self.add(bytes.to_string());
    }

    fn trailers(&self, trailers: &HeaderMap) {
        self.add(trailers.keys().map(http::HeaderName::as_str).collect::<Vec<_>>().join(","));
    }

    fn withheld(&self, reason: WithheldReason) {
        self.add(reason.label().to_owned());
    }

    fn ended(&self, outcome: Outcome, reason: &str) {
        self.add(format!("{outcome:?}: {reason}"));
    }
}

fn serve() -> (TestServer, UnboundedReceiver<String>) {
    let (calls, seen) = unbounded_channel();
    // An extension must be `Sync`.
    let calls = Arc::new(Mutex::new(calls));
    let observe = move |response: axum::response::Response| {
        let calls = calls.lock().expect("no panic").clone();
        std::future::ready((Extension(ResponseObserver::new(Calls(calls))), response))
    };
    let produced = || async {
        let (mut sender, body) = body::channel(1024, Declared::new(["x-rows"]).expect("a permitted field"));
        tokio::spawn(async move {
            sender.send("first").await.expect("a reader");
            let mut trailers = Trailers::new();
            trailers.insert("x-rows", 1).expect("a permitted field");
            sender.finish(trailers).expect("a reader");
        });
        body
    };
    let dropped = || async {
        let (mut sender, body) = body::channel(1024, Declared::none());
        tokio::spawn(async move { sender.send("first").await });
        body
    };
    let app = Router::new()
        .route("/produced", get(produced))
        .route("/dropped", get(dropped))
        .route("/text", get(|| async { "text" }))
        .route("/large", get(|| async { ([("x-large", "a".repeat(100_000))], "text").into_response() }))
        .layer(axum::middleware::map_response(observe));
    (TestServer::start(app), seen)
}

#[tokio::test]
async fn calls_come_in_order_and_once() {
    let (server, mut seen) = serve();
    for (protocol, client) in clients() {
        // Over HTTP/1.1 there is no bound for header sections.
        let large = if protocol == "HTTP/2" { "500 length" } else { "200 length" };
        for (path, expected) in [
            ("/produced", &["200 no length", "5", "x-rows", "Complete: complete"][..]),
            ("/text", &["200 length", "4", "Complete: complete"]),
            ("/dropped", &["200 no length", "5", "Cut: failed: "]),
            ("/large", &[large, "", "Complete: complete"]),
        ] {
            let request = client.get(server.url(path)).header("te", "trailers");
            // Its end may be an error, and how it looks is not the matter of this test.
            if let Ok(response) = request.send().await {
                let _ended = read(response).await;
            }
            for call in expected {
                let seen = soon("a call", seen.recv()).await.expect("a call");
                assert!(seen.starts_with(call), "{path} over {protocol}: {seen:?} instead of {call:?}");
            }
        }
        assert!(seen.try_recv().is_err(), "{protocol}");
    }
    let [_, (_, http1)] = clients();
    let response = http1.get(server.url("/produced")).send().await.expect("a response");
    read(response).await.expect("no error");
    for call in ["200 no length", "not_asked", "5", "Complete: complete"] {
        assert_eq!(soon("a call", seen.recv()).await.expect("a call"), call);
    }
}
