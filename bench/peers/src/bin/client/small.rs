use anyhow::{Result, ensure};
use axum_trailers_bench_peers::{TRAILER_NAME, TRAILER_VALUE, work::SMALL};
use http::{HeaderMap, StatusCode};

/// Checks the response to `GET /small`.
pub(crate) fn check(data: &[u8], trailers: Option<&HeaderMap>) -> Result<()> {
    ensure!(data == SMALL.concat(), "the body is not that of /small: {:?}", String::from_utf8_lossy(data));
    check_trailer(trailers)
}

pub(crate) fn check_trailer(trailers: Option<&HeaderMap>) -> Result<()> {
    let value = trailers.and_then(|trailers| trailers.get(TRAILER_NAME));
    ensure!(
        value.is_some_and(|value| value == TRAILER_VALUE),
        "the trailer field {TRAILER_NAME}: {TRAILER_VALUE} is missing: the trailers are {trailers:?}"
    );
    Ok(())
}

pub(crate) fn check_status(status: StatusCode) -> Result<()> {
    ensure!(status == StatusCode::OK, "the server answers {status}");
    Ok(())
}
