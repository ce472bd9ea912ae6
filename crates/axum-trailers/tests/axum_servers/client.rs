use axum::body::Body;
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::BodyExt;
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};

/// A response as a client reads it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) content: String,
    pub(crate) trailers: Option<HeaderMap>,
    /// Why the content is not complete.
    pub(crate) error: Option<hyper::Error>,
}

impl Answer {
    /// A header field. Panics unless the content is complete.
    #[track_caller]
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.assert_complete();
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }

    /// A trailer field. Panics unless the content is complete.
    #[track_caller]
    pub(crate) fn trailer(&self, name: &str) -> Option<&str> {
        self.assert_complete();
        self.trailers.as_ref()?.get(name).map(|value| value.to_str().expect("text"))
    }

    #[track_caller]
    fn assert_complete(&self) {
        assert!(self.error.is_none(), "{self:?}");
    }
}

/// Sends one request on a new connection.
pub(crate) async fn send<T>(stream: T, is_http2: bool, mut request: Request<Body>) -> Answer
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let stream = TokioIo::new(stream);
    let response = if is_http2 {
        let (mut sender, connection) =
            http2::handshake(TokioExecutor::new(), stream).await.expect("a connection");
        tokio::spawn(connection);
        let uri = format!("http://localhost{}", request.uri());
        *request.uri_mut() = uri.parse::<Uri>().expect("a URI");
        sender.send_request(request).await
    } else {
        let (mut sender, connection) = http1::handshake(stream).await.expect("a connection");
        tokio::spawn(connection);
        request.headers_mut().insert(header::HOST, HeaderValue::from_static("localhost"));
        sender.send_request(request).await
    };
    let (head, body) = response.expect("a response").into_parts();
    read(
        body,
        Answer {
            status: head.status,
            headers: head.headers,
            content: String::new(),
            trailers: None,
            error: None,
        },
    )
    .await
}

async fn read(mut body: Incoming, mut answer: Answer) -> Answer {
    while let Some(frame) = body.frame().await {
        match frame.map(http_body::Frame::into_data) {
            Ok(Ok(chunk)) => answer.content += std::str::from_utf8(&chunk).expect("text"),
            Ok(Err(frame)) => answer.trailers = frame.into_trailers().ok(),
            Err(error) => {
                answer.error = Some(error);
                break;
            }
        }
    }
    answer
}
