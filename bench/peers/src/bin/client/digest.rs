use crate::{PATIENCE, connect::Connector, http1};
use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use http::HeaderMap;
use http_body_util::BodyExt;
use std::time::Instant;
use tokio::time::timeout;

const FIELD: &str = "content-digest";

/// The section that contains the digest.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub(crate) enum Place {
    /// The client accepts trailers.
    Trailer,
    /// It does not: the server must compute the digest before it sends the content.
    Header,
}

/// Sends the request on a connection that has already served another one.
pub(crate) async fn run(connector: &Connector, bytes: u64, place: Place) -> Result<()> {
    let mut requests = http1::idle(connector.connect().await?).await?;
    let path = format!("/digest-or-header/{bytes}");
    let asked = Instant::now();
    let response = http1::get(&mut requests, &path, place == Place::Trailer);
    let (head, mut body) = timeout(PATIENCE, response).await.context("no response")??.into_parts();

    let (mut first_byte, mut received, mut trailers) = (None, 0, HeaderMap::new());
    while let Some(frame) = timeout(PATIENCE, body.frame()).await.context("the stream stands still")? {
        match frame?.into_data() {
            Ok(data) => {
                first_byte.get_or_insert_with(|| asked.elapsed());
                received += data.len() as u64;
            }
            Err(frame) => trailers = frame.into_trailers().unwrap_or_default(),
        }
    }
    ensure!(received == bytes, "{received} bytes of {bytes} came");
    let digest = digest(&head.headers, &trailers, place)?;
    let first_byte = first_byte.context("no content came")?.as_secs_f64() * 1_000.0;
    println!(r#"{{"first_byte_ms":{first_byte:.3},"digest":"{digest}"}}"#);
    Ok(())
}

/// Returns the digest if it is in the expected section and only there.
fn digest<'a>(headers: &'a HeaderMap, trailers: &'a HeaderMap, place: Place) -> Result<&'a str> {
    match (headers.get(FIELD), trailers.get(FIELD), place) {
        (None, Some(digest), Place::Trailer) | (Some(digest), None, Place::Header) => Ok(digest.to_str()?),
        (in_headers, in_trailers, _) => {
            bail!("the digest as a header field is {in_headers:?}, as a trailer {in_trailers:?}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    #[test]
    fn digest_elsewhere_is_an_error() {
        let none = HeaderMap::new();
        let some =
            HeaderMap::from_iter([(HeaderName::from_static(FIELD), HeaderValue::from_static("x=:AA==:"))]);
        let cases = [
            (&none, &some, Place::Trailer, true),
            (&none, &some, Place::Header, false),
            (&some, &none, Place::Header, true),
            (&some, &none, Place::Trailer, false),
            (&some, &some, Place::Header, false),
            (&none, &none, Place::Trailer, false),
        ];
        for (headers, trailers, place, is_right) in cases {
            assert_eq!(digest(headers, trailers, place).is_ok(), is_right, "{headers:?} {trailers:?}");
        }
    }
}
