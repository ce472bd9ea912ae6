use crate::{Read, reading::Reading};
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use http_02::HeaderMap;
use http_body_04::Body;
use std::{
    error::Error,
    pin::pin,
    task::{Context, Poll},
};

/// Reads a body to its end. An error becomes part of the result.
///
/// # Panics
///
/// If the body breaks the contract of `http-body` 0.4:
///
/// - a poll that returns pending wakes its task;
/// - `is_end_stream` is true only if the trailers were returned or there are none;
/// - the bounds of `size_hint` hold;
/// - after the end or an error polls return the end, and `is_end_stream` is true.
///
/// Or if the data is not UTF-8, or the name of a trailer field is not a token: `http` 0.2 permits `"` in names.
pub fn read_by_contract<B>(body: B) -> Read
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut body = pin!(body);
    let mut reading = Reading::default();
    let waker = reading.waker();
    let cx = &mut Context::from_waker(&waker);

    loop {
        reading.is_end_stream(body.is_end_stream());
        let hint = body.size_hint();
        reading.size_hint(hint.lower(), hint.upper());
        match body.as_mut().poll_data(cx) {
            Poll::Pending => reading.pending(),
            Poll::Ready(Some(Ok(chunk))) => reading.data(&chunk),
            Poll::Ready(Some(Err(error))) => {
                reading.error(error);
                break;
            }
            Poll::Ready(None) => break,
        }
    }
    while !reading.has_failed() {
        reading.is_end_stream(body.is_end_stream());
        match body.as_mut().poll_trailers(cx) {
            Poll::Pending => reading.pending(),
            Poll::Ready(Ok(trailers)) => {
                if let Some(trailers) = trailers {
                    reading.trailers(converted(&trailers));
                }
                break;
            }
            Poll::Ready(Err(error)) => reading.error(error),
        }
    }
    for _ in 0..2 {
        assert!(body.is_end_stream(), "it does not know that it has ended");
        assert!(matches!(body.as_mut().poll_data(cx), Poll::Ready(None)), "data after the end");
        assert!(matches!(body.as_mut().poll_trailers(cx), Poll::Ready(Ok(None))), "trailers after the end");
    }
    reading.finish()
}

fn converted(trailers: &HeaderMap) -> http::HeaderMap {
    let converted = trailers.iter().map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).expect("a token");
        let value = HeaderValue::from_bytes(value.as_bytes());
        (name, value.expect("a value is one in both generations"))
    });
    converted.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{convert::Infallible, panic::catch_unwind, pin::Pin};

    /// A body without data.
    struct OnlyTrailers(Option<HeaderMap>);

    impl Body for OnlyTrailers {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_data(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
            Poll::Ready(None)
        }

        fn poll_trailers(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Result<Option<HeaderMap>, Infallible>> {
            Poll::Ready(Ok(self.0.take()))
        }

        fn is_end_stream(&self) -> bool {
            self.0.is_none()
        }
    }

    fn read(name: &[u8], value: &[u8]) -> Option<http::HeaderMap> {
        let name = http_02::HeaderName::from_bytes(name).expect("a name of 0.2");
        let value = http_02::HeaderValue::from_bytes(value).expect("a value of 0.2");
        read_by_contract(OnlyTrailers(Some(HeaderMap::from_iter([(name, value)])))).trailers
    }

    #[test]
    fn trailers_keep_their_octets_and_a_name_that_is_no_token_panics() {
        let trailers = read(b"X-Sum", b"\t\xff").expect("trailers");
        assert_eq!(trailers.get("x-sum").map(HeaderValue::as_bytes), Some(&b"\t\xff"[..]));
        assert!(catch_unwind(|| read(b"x\"sum", b"1")).is_err());
    }
}
