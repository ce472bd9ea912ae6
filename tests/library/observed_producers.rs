//! Producers whose end a test can observe.

use super::prelude::{IntoResponse, Router, get};
use axum_trailers::{
    body::{self, SendError, Sender},
    trailers::{Declared, Trailers},
};
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore};

/// Announces only `x-rows`.
pub(crate) fn declared() -> Declared {
    Declared::new(["x-rows"]).expect("permitted")
}

pub(crate) fn rows(n: u64) -> Trailers {
    let mut trailers = Trailers::new();
    trailers.insert("x-rows", n).expect("permitted");
    trailers
}

/// `/endless` never finishes; `/silent` sends nothing; `/quiet` sends a chunk, waits for a signal, and finishes.
#[derive(Clone)]
pub(crate) struct Producers {
    /// One permit for each `/silent` producer that has begun.
    pub(crate) began: Arc<Semaphore>,
    /// One permit for each `/endless` producer whose `send` has failed, and each `/silent` one whose reader is gone.
    pub(crate) ended: Arc<Semaphore>,
    pub(crate) go_on: Arc<Notify>,
}

impl Producers {
    pub(crate) fn new() -> Self {
        let none = || Arc::new(Semaphore::new(0));
        Self { began: none(), ended: none(), go_on: Arc::new(Notify::new()) }
    }

    pub(crate) fn router(&self) -> Router {
        let endless = self.clone();
        let silent = self.clone();
        let quiet = self.clone();
        Router::new()
            .route("/silent", get(|| async move { silent.silent() }))
            .route("/endless", get(|| async move { endless.endless() }))
            .route("/quiet", get(|| async move { quiet.quiet() }))
            .route("/ok", get(|| async { "ok" }))
    }

    fn endless(self) -> impl IntoResponse {
        let (mut sender, body) = body::channel(64 * 1024, Declared::none());
        tokio::spawn(async move {
            while sender.send(vec![b'x'; 8 * 1024]).await.is_ok() {}
            self.ended.add_permits(1);
        });
        body
    }

    fn silent(self) -> impl IntoResponse {
        let (sender, body) = body::channel(1024, Declared::none());
        tokio::spawn(async move {
            self.began.add_permits(1);
            sender.closed().await;
            self.ended.add_permits(1);
        });
        body
    }

    fn quiet(self) -> impl IntoResponse {
        let (sender, body) = body::channel(1024, declared());
        tokio::spawn(async move { self.send_quietly(sender).await });
        body
    }

    async fn send_quietly(self, mut sender: Sender) -> Result<(), SendError> {
        sender.send("first ").await?;
        self.go_on.notified().await;
        sender.send("last").await?;
        sender.finish(rows(2)).expect("as declared");
        Ok(())
    }
}
