//! Compares the adapter with h3-quinn: both ends of a connection over loopback, on one thread, whose CPU time is measured
//! (Linux).
//!
//! ```console
//! $ cargo run --release -p axum-trailers-quic --example speed
//! ```

#[path = "../tests/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests use more of it")]
mod support;

use axum_trailers_quic::{
    h3::{self, quic},
    quinn,
};
use bytes::{Buf, Bytes};
use futures_util::future::join_all;
use http::{Request, Response};
use std::{fs, future::poll_fn, time::Duration};
use support::{Adapter, Ours, Plain, connect, serve};

const ROUNDS: usize = 15;
/// Of a large message, in bytes.
const CONTENT: usize = 64 * 1024 * 1024;
const PARTS: usize = 64 * 1024;
const SMALL: usize = 32_000;
const AT_A_TIME: usize = 32;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let kinds = [
        ("64 MiB of response", Kind::Down),
        ("64 MiB of request", Kind::Up),
        ("32,000 small ones", Kind::Small),
    ];
    for (name, kind) in kinds {
        if std::env::args().nth(1).is_some_and(|only| !name.contains(&only)) {
            continue;
        }
        let mut ratios = Vec::new();
        let mut times = Vec::new();
        for round in 0..ROUNDS {
            let (plain, ours) = if round % 2 == 0 {
                let plain = run::<Plain>(kind).await;
                (plain, run::<Ours>(kind).await)
            } else {
                let ours = run::<Ours>(kind).await;
                (run::<Plain>(kind).await, ours)
            };
            ratios.push(plain.as_secs_f64() / ours.as_secs_f64());
            times.push((plain, ours));
        }
        ratios.sort_by(f64::total_cmp);
        let fastest =
            |of: fn(&(Duration, Duration)) -> Duration| times.iter().map(of).min().expect("a round");
        let (plain, ours) = (fastest(|times| times.0), fastest(|times| times.1));
        println!(
            "{name}: {:.3} times as fast as h3-quinn (median of {ROUNDS}; fastest {ours:?} and {plain:?})",
            ratios[ROUNDS / 2]
        );
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Down,
    Up,
    Small,
}

async fn run<A: Adapter + 'static>(kind: Kind) -> Duration
where
    <A::Connection as quic::Connection<Bytes>>::OpenStreams:
        quic::OpenStreams<Bytes, BidiStream = A::Stream> + Clone,
{
    let (client, server, _endpoints) = connect().await;
    let serving = tokio::spawn(answer::<A>(server, kind));
    let (mut driver, sender) = h3::client::builder()
        .send_grease(false)
        .build::<_, _, Bytes>(A::wrap(client))
        .await
        .expect("settings");
    let driving = tokio::spawn(async move { poll_fn(|cx| driver.poll_close(cx)).await });
    let begin = cpu_time();
    let requests = match kind {
        Kind::Small => SMALL / AT_A_TIME,
        _ => 1,
    };
    let at_a_time = match kind {
        Kind::Small => AT_A_TIME,
        _ => 1,
    };
    join_all((0..at_a_time).map(|_| {
        let mut sender = sender.clone();
        async move {
            for _ in 0..requests {
                let request = Request::post("https://localhost/").body(()).expect("a request");
                let mut stream = sender.send_request(request).await.expect("a stream");
                if let Kind::Up = kind {
                    let part = Bytes::from(vec![b'a'; PARTS]);
                    for _ in 0..CONTENT / PARTS {
                        stream.send_data(part.clone()).await.expect("content");
                    }
                }
                stream.finish().await.expect("an end");
                stream.recv_response().await.expect("a response");
                let mut size = 0;
                while let Some(data) = stream.recv_data().await.expect("content") {
                    size += data.remaining();
                }
                assert_eq!(size, if let Kind::Down = kind { CONTENT } else { 100 });
                assert!(stream.recv_trailers().await.expect("an end").is_none());
            }
        }
    }))
    .await;
    let time = cpu_time().saturating_sub(begin);
    serving.abort();
    driving.abort();
    time
}

async fn answer<A: Adapter>(server: quinn::Connection, kind: Kind) {
    let mut server = serve::<A>(server).await;
    while let Ok(Some(resolver)) = server.accept().await {
        tokio::spawn(async move {
            let (_, mut stream) = resolver.resolve_request().await.expect("a header section");
            let mut size = 0;
            while let Some(data) = stream.recv_data().await.expect("content") {
                size += data.remaining();
            }
            assert_eq!(size, if let Kind::Up = kind { CONTENT } else { 0 });
            stream.send_response(Response::new(())).await.expect("a response");
            if let Kind::Down = kind {
                let part = Bytes::from(vec![b'a'; PARTS]);
                for _ in 0..CONTENT / PARTS {
                    stream.send_data(part.clone()).await.expect("content");
                }
            } else {
                stream.send_data(Bytes::from_static(&[b'a'; 100])).await.expect("content");
            }
            stream.finish().await.expect("an end");
        });
    }
}

/// Of this thread. Other programs do not change it much.
fn cpu_time() -> Duration {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux has it");
    let running = statistics.split(' ').next().expect("the first number");
    Duration::from_nanos(running.parse().expect("nanoseconds"))
}
