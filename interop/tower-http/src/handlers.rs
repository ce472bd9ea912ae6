//! Handlers and request bodies. They are the same for both generations of axum.

use axum_trailers::{
    body::StreamBody,
    request::{RequestBody, RequestBodyError},
    trailers::Trailers,
};
use bytes::Bytes;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use futures_util::{StreamExt, stream};
use std::{
    io::{self, Read, Write},
    vec,
};

/// What every complete body contains.
pub(crate) const CONTENT: &str = "five thousand rows\n";
/// The field in every trailer section.
pub(crate) const FIELD: &str = "x-rows";
pub(crate) const VALUE: &str = "5000";

/// A body of either generation.
pub(crate) type Rows = StreamBody<stream::Iter<vec::IntoIter<io::Result<Bytes>>>>;

pub(crate) async fn rows() -> Rows {
    complete(&CONTENT.into())
}

/// Only trailers.
pub(crate) async fn no_rows() -> Rows {
    complete(&Bytes::new())
}

pub(crate) async fn cut_rows() -> Rows {
    cut(&CONTENT.into())
}

pub(crate) async fn gzipped_rows() -> ([(&'static str, &'static str); 1], Rows) {
    ([GZIPPED], complete(&gzipped()))
}

pub(crate) async fn cut_gzipped_rows() -> ([(&'static str, &'static str); 1], Rows) {
    ([GZIPPED], cut(&gzipped()))
}

/// Returns the length of the request's content and the value of its trailer field.
pub(crate) async fn receipt(mut body: RequestBody) -> Result<String, RequestBodyError> {
    let mut bytes = 0;
    while let Some(chunk) = body.next().await {
        bytes += chunk?.len();
    }
    let trailers = body.trailers().await?;
    Ok(receipt_of(bytes, trailers.as_map().get(FIELD).and_then(|value| value.to_str().ok())))
}

/// What [`receipt`] returns for a request that has not failed.
pub(crate) fn receipt_of(bytes: usize, trailer: Option<&str>) -> String {
    format!("received {bytes} bytes, trailer {trailer:?}")
}

/// A body that ends with a trailer section.
pub(crate) fn complete(content: &Bytes) -> Rows {
    let mut trailers = Trailers::new();
    trailers.insert(FIELD, VALUE).expect("a permitted field");
    let mut body = StreamBody::new(stream::iter(chunks(content)));
    body.set_trailers(trailers).expect("permitted fields");
    body
}

/// A body that fails before its end.
pub(crate) fn cut(content: &Bytes) -> Rows {
    let mut chunks = chunks(content);
    chunks[1] = Err(io::Error::other("the producer has failed"));
    StreamBody::new(stream::iter(chunks))
}

/// The content in halves, or nothing.
fn chunks(content: &Bytes) -> Vec<io::Result<Bytes>> {
    let halves = content.chunks(content.len().div_ceil(2).max(1));
    halves.map(|half| Ok(content.slice_ref(half))).collect()
}

pub(crate) const GZIPPED: (&str, &str) = ("content-encoding", "gzip");

pub(crate) fn gzipped() -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(CONTENT.as_bytes()).expect("a vector takes all");
    encoder.finish().expect("a vector takes all").into()
}

pub(crate) fn gunzipped(gzipped: &[u8]) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    GzDecoder::new(gzipped).read_to_end(&mut content)?;
    Ok(content)
}
