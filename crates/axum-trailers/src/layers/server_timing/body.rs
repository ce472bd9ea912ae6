use super::stopwatch::Stopwatch;
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
    /// The response body of [`ServerTiming`](super::ServerTiming): the same data, and `Server-Timing` in the trailer section at
    /// its end.
    ResponseBody = B, seen by Stopwatch
}
