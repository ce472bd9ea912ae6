use super::{Folder, undated};
use crate::{demo::segment::Segment, problem::Problem};
use axum::{
    body::{Body, Bytes, HttpBody},
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use pin_project_lite::pin_project;
use std::{
    fmt::Display,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower::ServiceExt;
use tower_http::services::ServeDir;

/// What is read of a file at once, in bytes. A stalled reader holds it twice: as it was read, and as it is sent.
const CHUNK: usize = 32 * 1024;

/// `GET /files/…`.
pub(in crate::demo) async fn download(
    State(folder): State<Folder>,
    Segment(path): Segment,
    mut request: Request<Body>,
) -> Result<Response, Problem> {
    let Some(found) = folder.find(&path).await else {
        return Err(Problem::new(StatusCode::NOT_FOUND, "there is no such file here"));
    };
    if found.modified.is_some_and(|modified| !undated::is_http_date(modified)) {
        let served = undated::serve(&folder.root().join(&path), found, CHUNK).await;
        return served.map(as_long_as_promised).map_err(|error| unreadable(&error, &path));
    }
    if found.length == 0 {
        // No range of an empty file can be satisfied, and the parser that `ServeDir` uses computes with its last
        // byte. A server may pass over `Range` (RFC 9110 §14.2).
        request.headers_mut().remove(header::RANGE);
    }
    below_root(request.uri_mut());
    let files =
        ServeDir::new(folder.root()).append_index_html_on_directories(false).with_buf_chunk_size(CHUNK);
    match files.oneshot(request).await {
        Ok(response) if response.status() == StatusCode::RANGE_NOT_SATISFIABLE => {
            Err(no_such_range(found.length))
        }
        Ok(response) => Ok(as_long_as_promised(response)),
        Err(error) => Err(unreadable(&error, &path)),
    }
}

fn unreadable(error: &dyn Display, path: &str) -> Problem {
    tracing::error!(%error, path, "can't read a file");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the file can't be read")
}

fn no_such_range(length: u64) -> Problem {
    let detail = format!("the file has {length} bytes, and none of the range");
    let range = HeaderValue::try_from(format!("bytes */{length}")).expect("digits make a field value");
    Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, detail).field(header::CONTENT_RANGE, range)
}

/// `ServeDir` takes the path for one below its folder.
fn below_root(uri: &mut Uri) {
    let path = uri.path().strip_prefix("/files").and_then(|path| path.parse().ok());
    *uri = path.unwrap_or_default();
}

/// `ServeDir` reads to the end of the file. One that grows meanwhile is sent as long as it was at the start, and
/// the digest is that of what was sent. One that shrinks breaks its `Content-Length`, which the server tells.
fn as_long_as_promised<B>(response: Response<B>) -> Response
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    let length = response.headers().get(header::CONTENT_LENGTH);
    let left = length.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(u64::MAX);
    response.map(|inner| Upto { inner, left }).into_response()
}

pin_project! {
    struct Upto<B> {
        #[pin]
        inner: B,
        left: u64,
    }
}

impl<B: HttpBody<Data = Bytes>> HttpBody for Upto<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.project();
        if *this.left == 0 {
            return Poll::Ready(None);
        }
        let mut chunk = ready!(this.inner.poll_data(cx));
        match &mut chunk {
            Some(Ok(data)) => {
                data.truncate(usize::try_from(*this.left).unwrap_or(usize::MAX));
                *this.left -= data.len() as u64;
            }
            Some(Err(_)) | None => *this.left = 0,
        }
        Poll::Ready(chunk)
    }

    /// A file has none.
    fn poll_trailers(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, B::Error>> {
        Poll::Ready(Ok(None))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::scripted::{
        ScriptedBody,
        Step::{Data, Error as Fail, Pending},
        read_by_contract,
    };

    #[test]
    fn body_is_cut_to_what_was_promised() {
        let steps = [Pending, Data("abc"), Data(""), Pending, Data("def"), Data("never")];
        for (left, content) in [(0, ""), (5, "abcde"), (6, "abcdef"), (100, "abcdefnever")] {
            let read = read_by_contract(Upto { inner: ScriptedBody::new(steps.clone()), left });
            assert_eq!((&*read.content, read.trailers), (content, None));
            assert!(read.error.is_none());
        }
        let read = read_by_contract(Upto { inner: ScriptedBody::new([Data("abc"), Fail]), left: 5 });
        assert!(read.content == "abc" && read.error.is_some());
    }

    #[test]
    fn promise_is_read_from_the_header_section() {
        let file = |response: http::response::Builder| {
            let body = ScriptedBody::new([Data("abc"), Data("def")]);
            read_by_contract(as_long_as_promised(response.body(body).expect("a response")).into_body())
                .content
        };
        assert_eq!(file(Response::builder().header(header::CONTENT_LENGTH, 5)), "abcde");
        assert_eq!(file(Response::builder()), "abcdef");
    }
}
