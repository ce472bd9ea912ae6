//! A server that ends refuses new connections, lets running streams end for a time, and then cuts them.

use crate::support::{TestServer, producer::Producers, raw, soon};
use std::time::Duration;
use tokio::{net::TcpStream, time::Instant};

const NO_HURRY: Duration = Duration::from_secs(60);

async fn is_refused(server: &TestServer) {
    soon("a refusal", async {
        while TcpStream::connect(server.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn running_streams_end_whole_and_new_connections_are_refused() {
    let producers = Producers::new();
    let mut server = TestServer::start(producers.router());
    let mut client = raw::http2(server.address).await;
    let mut http2 = raw::http2_get(&mut client, "/quiet").await;
    let mut http1 = raw::http1_get(server.address, "/quiet").await;

    let handle = server.handle.clone();
    let drained = tokio::spawn(async move { handle.drain(NO_HURRY).await });
    is_refused(&server).await;
    assert!(!server.served.is_finished());

    producers.go_on.notify_waiters();
    assert_eq!(raw::http2_read(&mut http2).await.expect("whole"), b"first last");
    assert_eq!(
        http2.trailers().await.expect("no error").expect("trailers")["x-rows"],
        "2"
    );
    assert!(raw::rest(&mut http1).await.ends_with("0\r\nx-rows: 2\r\n\r\n"));
    drop(client);
    soon("the end", &mut server.served)
        .await
        .expect("no panic")
        .expect("no error");
    soon("the end", drained).await.expect("no panic");
}

#[tokio::test]
async fn idle_connections_do_not_hold_the_end_up() {
    let mut server = TestServer::start(Producers::new().router());
    let _http1 = raw::http1_get(server.address, "/ok").await;
    let mut http2 = raw::http2(server.address).await;
    let _body = raw::http2_get(&mut http2, "/ok").await;
    let _silent = raw::tls(server.address, "h2").await;
    let _in_handshake = TcpStream::connect(server.address).await.expect("a connection");

    let began = Instant::now();
    soon("the end", server.handle.drain(NO_HURRY)).await;
    soon("the end", &mut server.served)
        .await
        .expect("no panic")
        .expect("no error");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn streams_that_run_on_are_cut_after_the_timeout() {
    let producers = Producers::new();
    let mut server = TestServer::start(producers.router());
    let mut client = raw::http2(server.address).await;
    let mut http2 = raw::http2_get(&mut client, "/quiet").await;
    let mut http1 = raw::http1_get(server.address, "/quiet").await;

    let timeout = Duration::from_millis(300);
    let began = Instant::now();
    soon("the end", server.handle.drain(timeout)).await;
    assert!(began.elapsed() >= timeout);
    soon("the end", &mut server.served)
        .await
        .expect("no panic")
        .expect("no error");
    assert!(
        raw::http2_read(&mut http2).await.is_err(),
        "a cut transfer is an error"
    );
    assert!(
        !raw::rest(&mut http1).await.ends_with("0\r\n\r\n"),
        "a cut transfer has no last chunk"
    );
}

#[tokio::test]
async fn cut_ends_a_drain_at_once() {
    let mut server = TestServer::start(Producers::new().router());
    let mut client = raw::http2(server.address).await;
    let mut body = raw::http2_get(&mut client, "/quiet").await;
    let handle = server.handle.clone();
    let drained = tokio::spawn(async move { handle.drain(NO_HURRY).await });
    is_refused(&server).await;
    server.handle.cut();
    soon("the end", &mut server.served)
        .await
        .expect("no panic")
        .expect("no error");
    soon("the end", drained).await.expect("no panic");
    assert!(
        raw::http2_read(&mut body).await.is_err(),
        "a cut transfer is an error"
    );
}
