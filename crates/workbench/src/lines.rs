//! `GET /lines/{n}`: numbered lines, then their number. If producing a line fails, a trailer reports it that is sent
//! only then.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/lines/5?fail_at=3'
//! ```
//!
//! | Parameter | |
//! |---|---|
//! | `fail_at` | the line that fails, from 1 to n; default: none |
//!
//! Over HTTP/1.1, `X-Stream-Error` is announced and, if no line fails, sent with an empty value; over HTTP/2 and HTTP/3 it is
//! sent only if a line fails. A response has at most 100,000 lines.

use super::{
    query::{self, Query},
    segment::Segment,
};
use axum::response::IntoResponse;
use axum_trailers::{
    body, declared,
    problem::Problem,
    trailers::{Declaration, STREAM_ERROR, StreamError, Trailers},
};
use http_02::{Uri, header};

const MAX_LINES: u64 = 100_000;

pub(super) async fn lines(Segment(count): Segment, uri: Uri) -> Result<impl IntoResponse, Problem> {
    let count = query::number("the number of lines", &count, 0..=MAX_LINES)?;
    let mut query = Query::from_uri(&uri);
    let fail_at = query.number("fail_at", 1..=count)?;
    query.finish()?;

    let declaration =
        Declaration::required(declared!["x-line-count"]).on_failure(declared!["x-stream-error"]);
    let body = body::produce(16 * 1024, declaration, move |mut sender| async move {
        let mut trailers = Trailers::new();
        for line in 1..=count {
            if fail_at == Some(line) {
                trailers.insert(STREAM_ERROR, StreamError::new(&format!("line {line} can't be read")))?;
                sender.fail_with_trailers(trailers)?;
                return Ok(());
            }
            sender.send(format!("line {line}\n")).await?;
        }
        trailers.insert("x-line-count", count)?;
        sender.finish(trailers)?;
        Ok(())
    });
    Ok(([(header::CONTENT_TYPE, "text/plain")], body))
}
