//! Bodies for the peers on hyper 1.x, and responses for the peer without a framework.

use crate::{TRAILER_NAME, TRAILER_VALUE, work::Work};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Response,
    header::{CONTENT_TYPE, TRAILER},
};
use http_body_util::StreamBody;
use hyper::body::Frame;
use std::{convert::Infallible, iter};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

type Item = Result<Frame<Bytes>, Infallible>;

/// A body that receives its frames through a channel.
pub type ProducedBody = StreamBody<ReceiverStream<Item>>;

/// A body with its own producer task. At most two chunks wait.
#[must_use]
pub fn produced_body(work: Work) -> ProducedBody {
    let (sender, receiver) = mpsc::channel(2);
    tokio::spawn(async move {
        work.produce(&sender, |chunk| Ok(Frame::data(chunk))).await?;
        match trailers(work) {
            Some(trailers) => sender.send(Ok(Frame::trailers(trailers))).await,
            None => Ok(()),
        }
    });
    StreamBody::new(ReceiverStream::new(receiver))
}

/// A response with a produced body.
#[must_use]
pub fn produced(work: Work) -> Response<ProducedBody> {
    response(work, produced_body(work))
}

/// A response whose frames are all ready, or `None` if the work needs a producer.
#[must_use]
pub fn ready(work: Work) -> Option<Response<StreamBody<tokio_stream::Iter<impl Iterator<Item = Item>>>>> {
    let frames = work.chunks()?.map(Frame::data).chain(trailers(work).map(Frame::trailers)).map(Ok);
    Some(response(work, StreamBody::new(tokio_stream::iter(frames))))
}

fn response<B>(work: Work, body: B) -> Response<B> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(work.content_type()));
    if work.has_trailer() {
        headers.insert(TRAILER, HeaderValue::from_static(TRAILER_NAME));
    }
    response
}

fn trailers(work: Work) -> Option<HeaderMap> {
    let trailer = (HeaderName::from_static(TRAILER_NAME), HeaderValue::from_static(TRAILER_VALUE));
    work.has_trailer().then(|| iter::once(trailer).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::SMALL;
    use http_body_util::{BodyExt, Collected};
    use hyper::body::Body;

    async fn collected(response: Response<impl Body<Data = Bytes, Error = Infallible>>) -> Collected<Bytes> {
        response.into_body().collect().await.expect("it can't fail")
    }

    #[tokio::test]
    async fn trailer_follows_every_body_except_the_plain_one() {
        for (work, announced) in [(Work::Small, true), (Work::Plain, false), (Work::Big(70_000), true)] {
            let (produced, ready) = (produced(work), ready(work).expect("it needs no producer"));
            assert_eq!(produced.headers(), ready.headers());
            assert_eq!(produced.headers().contains_key(TRAILER), announced);
            let (produced, ready) = (collected(produced).await, collected(ready).await);
            assert_eq!(produced.trailers(), ready.trailers());
            let trailer = produced.trailers().and_then(|trailers| trailers.get(TRAILER_NAME));
            assert_eq!(trailer.is_some_and(|value| value == TRAILER_VALUE), announced);
            let content = produced.to_bytes();
            assert_eq!(content, ready.to_bytes());
            assert!(content.len() == 70_000 || content == SMALL.concat());
        }
    }

    #[tokio::test]
    async fn paced_body_needs_a_producer() {
        assert!(ready(Work::Paced(2)).is_none());
        assert_eq!(collected(produced(Work::Paced(2))).await.to_bytes().len(), 16);
    }
}
