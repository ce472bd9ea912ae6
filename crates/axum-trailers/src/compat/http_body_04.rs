use super::{
    SplitBody,
    conversion::{spare, to_1, to_02},
    sealed::Sealed,
};
use crate::BoxError;
use bytes::Bytes;
use http::HeaderMap;
use http_body::SizeHint;
use http_body_04::Body;
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// A body of `http-body` 0.4.
    ///
    /// Trailers with a name that is not a token, which only `http` 0.2 accepts, end it in a
    /// [`ConversionError`](super::ConversionError).
    #[derive(Debug)]
    pub struct Http02<B> {
        #[pin]
        inner: B,
    }
}

impl<B> Http02<B> {
    /// For a server.
    #[doc(hidden)]
    pub fn new(inner: B) -> Self {
        Self { inner }
    }
}

impl<B> Sealed for Http02<B> {}

impl<B> SplitBody for Http02<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Error = BoxError;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        let chunk = ready!(self.project().inner.poll_data(cx));
        Poll::Ready(chunk.map(|chunk| chunk.map_err(Into::into)))
    }

    fn poll_trailers(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, BoxError>> {
        let Some(trailers) = ready!(self.project().inner.poll_trailers(cx)).map_err(Into::into)? else {
            return Poll::Ready(Ok(None));
        };
        let newer = to_1(&trailers)?;
        spare::give(trailers);
        Poll::Ready(Ok(Some(newer)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let older = self.inner.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(older.lower());
        if let Some(upper) = older.upper() {
            hint.set_upper(upper);
        }
        hint
    }
}

/// The trailers of a body, for `http-body` 0.4.
pub(crate) fn poll_older_trailers<B>(
    body: Pin<&mut B>,
    cx: &mut Context<'_>,
) -> Poll<Result<Option<http_02::HeaderMap>, BoxError>>
where
    B: SplitBody,
    B::Error: Into<BoxError>,
{
    let Some(trailers) = ready!(body.poll_trailers(cx)).map_err(Into::into)? else {
        return Poll::Ready(Ok(None));
    };
    let older = to_02(&trailers)?;
    spare::give(trailers);
    Poll::Ready(Ok(Some(older)))
}

pub(crate) fn older_size_hint(hint: &SizeHint) -> http_body_04::SizeHint {
    let mut older = http_body_04::SizeHint::new();
    older.set_lower(hint.lower());
    if let Some(upper) = hint.upper() {
        older.set_upper(upper);
    }
    older
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compat::{ConversionError, Http1, implement_body},
        request::{RequestBody, RequestBodyError},
    };
    use axum_trailers_testing::{
        ScriptedBody,
        Step::{self, Data, End, Pending, Trailers},
        fields, http_02 as testing_02, read_by_contract,
    };
    use futures_util::StreamExt;
    use http_02::Request;
    use http_body_util::{BodyExt, Full};
    use std::{convert::Infallible, future::ready, pin::pin, task::Waker};

    implement_body!({B} Http02<B>, where B: Body<Data = Bytes>, B::Error: Into<BoxError>);

    const QUOTED: Step = Trailers(&[("x-a", "1"), ("x\"", "1")]);

    fn no_token() -> ConversionError {
        ConversionError::Name { name: "x\"".to_owned() }
    }

    #[test]
    fn older_body_keeps_both_contracts() {
        let steps = [Pending, Data("a"), Data("b"), End, Pending, Trailers(&[("x", "1"), ("x", "2")])];
        let body = || Http02::new(ScriptedBody::new(steps.clone()).sized());
        for read in [read_by_contract(body()), testing_02::read_by_contract(body())] {
            assert_eq!((&*read.content, read.pending), ("ab", 2));
            assert_eq!(read.trailers, Some(fields(&[("x", "1"), ("x", "2")])));
        }
        assert_eq!(SplitBody::size_hint(&body()).exact(), Some(2));
    }

    #[tokio::test]
    async fn trailers_with_a_name_that_is_no_token_end_a_request_in_an_error() {
        for (trailers, is_refused) in [(QUOTED, true), (Trailers(&[("x-a", "1")]), false)] {
            let mut body = RequestBody::new(Request::new(ScriptedBody::new([Data("a"), End, trailers])));
            assert_eq!(body.next().await.expect("data").expect("no error"), "a");
            assert!(body.next().await.is_none());
            match body.trailers().await {
                Ok(trailers) => assert!(!is_refused && trailers.as_map() == &fields(&[("x-a", "1")])),
                Err(RequestBodyError::Broken(error)) => {
                    assert!(is_refused && error.downcast_ref() == Some(&no_token()), "{error:?}");
                }
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    /// From HTTP/2, `http` 1 also accepts such a name.
    #[test]
    fn trailers_with_a_name_that_is_no_token_end_a_newer_body_in_an_error() {
        let cx = &mut Context::from_waker(Waker::noop());
        let name = http::HeaderName::from_lowercase(b"x\"").expect("accepted");
        let quoted = http::HeaderMap::from_iter([(name, http::HeaderValue::from_static("1"))]);
        for (trailers, refused) in [(quoted, Some(no_token())), (fields(&[("x-a", "1")]), None)] {
            let body = Full::new(Bytes::from("a")).with_trailers(ready(Some(Ok(trailers))));
            let mut body = pin!(Http1::new(body));
            assert!(matches!(SplitBody::poll_data(body.as_mut(), cx), Poll::Ready(Some(Ok(_)))));
            assert!(matches!(SplitBody::poll_data(body.as_mut(), cx), Poll::Ready(None)));
            let Poll::Ready(came) = poll_older_trailers(body, cx) else { panic!("it waits for nothing") };
            let error = came.err().map(|error| *error.downcast::<ConversionError>().expect("of the name"));
            assert_eq!(error, refused);
        }
    }

    #[test]
    fn bounds_of_the_length_are_the_same() {
        for (lower, upper) in [(0, None), (1, Some(1)), (1, Some(5)), (7, None)] {
            let mut hint = SizeHint::new();
            hint.set_lower(lower);
            if let Some(upper) = upper {
                hint.set_upper(upper);
            }
            let older = older_size_hint(&hint);
            assert_eq!((older.lower(), older.upper()), (lower, upper));
            let newer = SplitBody::size_hint(&Http02::new(Hinted(older)));
            assert_eq!((newer.lower(), newer.upper()), (lower, upper));
        }
    }

    struct Hinted(http_body_04::SizeHint);

    impl Body for Hinted {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_data(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
            Poll::Ready(None)
        }

        fn poll_trailers(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Result<Option<http_02::HeaderMap>, Infallible>> {
            Poll::Ready(Ok(None))
        }

        fn size_hint(&self) -> http_body_04::SizeHint {
            self.0.clone()
        }
    }
}
