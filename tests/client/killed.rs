//! A download that is killed at any moment can be continued, and ends with the right file.

use crate::support::{
    TestServer,
    client::{CACERT, Place, sha256},
    soon,
};
use axum_08::{
    Router,
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use std::{convert::Infallible, process::Stdio, sync::LazyLock, time::Duration};
use tokio::time::sleep;

const ROUNDS: usize = 50;

const LENGTH: usize = 640 * 1024;
const PIECE: usize = 16 * 1024;
/// The whole takes 40 of them.
const PAUSE: Duration = Duration::from_millis(2);
const ETAG: &str = "\"only\"";

static CONTENT: LazyLock<Bytes> = LazyLock::new(|| {
    (0..u32::try_from(LENGTH / 4).expect("small"))
        .flat_map(|n| n.wrapping_mul(0x9e37_79b9).to_le_bytes())
        .collect()
});

/// A slow file, with ranges.
async fn slow_file(request: HeaderMap) -> impl IntoResponse {
    let range =
        request.get(header::RANGE).filter(|_| request.get(header::IF_RANGE).is_some_and(|etag| etag == ETAG));
    let from: usize = range.map_or(0, |range| {
        let range = range.to_str().expect("text");
        range
            .strip_prefix("bytes=")
            .and_then(|range| range.strip_suffix('-'))
            .expect("a range")
            .parse()
            .expect("a number")
    });
    let mut head = HeaderMap::new();
    let value = |text: String| HeaderValue::try_from(text).expect("a value");
    head.insert(header::ETAG, HeaderValue::from_static(ETAG));
    head.insert(header::CONTENT_LENGTH, value((LENGTH - from).to_string()));
    head.insert("repr-digest", value(sha256(&CONTENT)));
    if from == LENGTH {
        head.insert(header::CONTENT_RANGE, value(format!("bytes */{LENGTH}")));
        head.remove(header::CONTENT_LENGTH);
        return (StatusCode::RANGE_NOT_SATISFIABLE, head, Body::empty());
    }
    let status = if range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    if range.is_some() {
        head.insert(header::CONTENT_RANGE, value(format!("bytes {from}-{}/{LENGTH}", LENGTH - 1)));
    }
    let pieces = stream::iter((from..LENGTH).step_by(PIECE)).then(|at| async move {
        sleep(PAUSE).await;
        Ok::<_, Infallible>(CONTENT.slice(at..LENGTH.min(at + PIECE)))
    });
    (status, head, Body::from_stream(pieces))
}

/// A random time of up to so much.
fn up_to(longest: Duration) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new().hash_one(0);
    longest.mul_f64(f64::from(u32::try_from(random >> 32).expect("32 bits")) / f64::from(u32::MAX))
}

#[tokio::test]
async fn killed_download_is_continued_and_ends_with_the_right_file() {
    let app = || Router::new().route("/file", get(slow_file));
    let servers = [TestServer::start(app()), TestServer::plain(app(), |server| server)];
    // Downloads once without being killed, for its time.
    let urls = [servers[0].url("/file"), format!("http://{}/file", servers[1].address)];
    let run = |place: &Place, url: &str| {
        let arguments = ["get", "--quiet", "--continue", "-o", "file", "--cacert", CACERT, url];
        let mut command = tokio::process::Command::from(place.command(&arguments));
        command.stderr(Stdio::piped()).kill_on_drop(true);
        command.spawn().expect("started")
    };
    let began = std::time::Instant::now();
    let place = Place::new();
    let status = soon("the end", run(&place, &urls[0]).wait()).await.expect("ended");
    assert!(status.success(), "{status}");
    assert!(place.read("file").is_some_and(|content| content == *CONTENT));
    let whole = began.elapsed();

    let mut resumed = 0;
    for round in 0..ROUNDS {
        let url = &urls[round % 2];
        let place = Place::new();
        let mut killed = run(&place, url);
        let moment = up_to(whole);
        let _ended = tokio::time::timeout(moment, killed.wait()).await;
        killed.kill().await.expect("killed or ended");
        let what = format!("round {round} killed after {moment:?}, {:?}", place.names());
        let file = place.read("file");
        assert!(file.is_none_or(|content| content == *CONTENT), "{what}");
        let part = place.read("file.part").map_or(0, |part| part.len());
        resumed += usize::from(part > 0);
        let ran = soon("the end", run(&place, url).wait_with_output()).await.expect("ended");
        assert!(ran.status.success(), "{what}: {ran:?}");
        assert!(place.read("file").is_some_and(|content| content == *CONTENT), "{what}: {ran:?}");
        assert_eq!(place.names(), ["file"], "{what}: {ran:?}");
    }
    assert!(resumed > 0, "none of {ROUNDS} was killed in its content");
}
