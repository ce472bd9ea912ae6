use crate::query::bad_request;
use axum::{
    body::{BoxBody, HttpBody, boxed},
    response::Response,
};
use axum_trailers::{
    body::channel,
    problem::Problem,
    trailers::{Declared, server::LengthOverride},
};
use bytes::BytesMut;
use http_02::{StatusCode, header};

/// The largest content whose length can be a header field, in bytes.
const MOST: usize = 1024 * 1024;

/// Gives a response its `Content-Length`. The rows are collected first, because nobody knows it before.
pub(super) async fn with_length(response: Response, how: LengthOverride) -> Result<Response, Problem> {
    let (mut head, mut body) = response.into_parts();
    let mut content = collect(&mut body).await?;
    let trailers = body.trailers().await.map_err(|_failed| not_read())?.unwrap_or_default();

    head.headers.insert(header::CONTENT_LENGTH, content.len().into());
    if how == LengthOverride::Short {
        if content.is_empty() {
            return Err(bad_request("`length=short` needs at least one byte"));
        }
        content.truncate(content.len() / 2);
    }
    let (mut sender, body) = channel(MOST, Declared::read(&head.headers));
    sender.try_send(content.freeze()).map_err(|_unsent| not_read())?;
    sender.finish(trailers).map_err(|_undeclared| not_read())?;
    Ok(Response::from_parts(head, boxed(body)))
}

async fn collect(body: &mut BoxBody) -> Result<BytesMut, Problem> {
    let mut content = BytesMut::new();
    while let Some(chunk) = body.data().await {
        content.extend_from_slice(&chunk.map_err(|_failed| not_read())?);
        if content.len() > MOST {
            let detail = format!("`length` needs content of at most {MOST} bytes: set a smaller `limit`");
            return Err(bad_request(detail).with("maximum", MOST));
        }
    }
    Ok(content)
}

fn not_read() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the rows can't be read")
}
