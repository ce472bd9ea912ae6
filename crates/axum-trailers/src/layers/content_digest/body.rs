use super::{buffered::Source, fields::Digests};
use crate::layers::response_body::response_body;
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, SizeHint};
use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

response_body! {
    /// The response body of [`ContentDigest`](super::ContentDigest): the same data, and the digests in the trailer section at
    /// its end.
    ResponseBody = Source<B>, seen by Digests
}
