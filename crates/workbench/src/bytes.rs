//! `GET /bytes/{n}`: n bytes, followed by their digest. Shows whether both arrive.
//!
//! ```text
//! curl -s -v -k --no-buffer 'https://localhost:3000/bytes/64?chunk=16&delay=500' 2>&1 | cat -v
//! ```
//!
//! | Parameter | |
//! |---|---|
//! | `seed` | the seed of the bytes, default 0 |
//! | `chunk` | the size of a chunk, up to 64 KiB, default 16 KiB |
//! | `delay` | the pause before each chunk except the first, in milliseconds, up to 10,000 |
//!
//! It also has the parameters of [`faults`](super::faults). With one of them, this file computes the digest, and the length
//! of the content is known to the server, but is a header field only if `length` asks for it.
//!
//! The bytes are the numbers of [`SplitMix64`](https://prng.di.unimi.it/splitmix64.c) in little-endian order: the same
//! seed gives the same bytes, and a shorter response is the beginning of a longer one. A response has at most 1 GiB,
//! 100,000 chunks and five minutes of pauses.

use super::{
    faults::Faults,
    query::{self, Query},
    segment::Segment,
};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use axum_trailers::{
    body::{self, SendError, Sender},
    digest::{Algorithm, CONTENT_DIGEST, Hashers, REPR_DIGEST, WANT_REPR_DIGEST},
    problem::Problem,
    trailers::{Declared, Trailers, server::LengthOverride},
};
use bytes::{Bytes, BytesMut};
use http::HeaderName;
use http_02::{HeaderMap, Request, header};
use std::time::Duration;
use tokio::time::sleep;

const MAX_BYTES: u64 = 1024 * 1024 * 1024;
const MAX_CHUNK: u64 = 64 * 1024;
const MAX_CHUNKS: u64 = 100_000;
const MAX_DELAY: u64 = 10_000;
const MAX_PAUSES: Duration = Duration::from_secs(5 * 60);

const DEFAULT_CHUNK: u64 = 16 * 1024;

#[derive(Clone, Copy, Debug)]
struct Plan {
    length: u64,
    chunk: u64,
    delay: Duration,
    seed: u64,
}

pub(super) async fn bytes(Segment(length): Segment, request: Request<Body>) -> Result<Response, Problem> {
    let (plan, faults) = Plan::read(&length, &request)?;
    let mut fields = HeaderMap::new();
    fields.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/octet-stream"));
    fields.insert(header::CONTENT_LENGTH, plan.length.into());
    let sent = plan.sent(faults)?;
    let ending = Ending::new(faults, request.headers());
    let (sender, body) = body::channel(64 * 1024, ending.declared());
    super::spawn::task(produce(sent, ending, sender));
    let mut response = (fields, body).into_response();
    faults.ask(response.extensions_mut());
    Ok(response)
}

/// What follows the bytes: nothing, if there are no faults. `ContentDigestLayer` then adds the digests.
struct Ending {
    faults: Faults,
    /// The digest fields, which have the same value.
    digests: Vec<HeaderName>,
    hashers: Hashers,
}

impl Ending {
    /// `ContentDigestLayer` would withhold the digests without `TE`, and the length over HTTP/2. It adds no digest that is
    /// announced already.
    fn new(faults: Faults, headers: &HeaderMap) -> Self {
        if faults.is_none() {
            return Self { faults, digests: Vec::new(), hashers: Hashers::new(None) };
        }
        let mut digests = vec![CONTENT_DIGEST];
        if headers.contains_key(WANT_REPR_DIGEST.as_str()) {
            digests.push(REPR_DIGEST);
        }
        Self { faults, digests, hashers: Hashers::new([Algorithm::default()]) }
    }

    fn declared(&self) -> Declared {
        self.faults.declare(Declared::new(&self.digests).expect("permitted fields"))
    }

    fn trailers(self) -> Trailers {
        let mut trailers = Trailers::new();
        if let Some(digest) = self.hashers.finish().first() {
            for name in self.digests {
                trailers.insert(name, digest.to_field_value()).expect("a permitted field");
            }
        }
        self.faults.add_to(&mut trailers);
        trailers
    }
}

impl Plan {
    /// What is sent of it.
    fn sent(self, faults: Faults) -> Result<Self, Problem> {
        match faults.length() {
            Some(LengthOverride::Short) if self.length == 0 => {
                Err(query::bad_request("`length=short` needs at least one byte"))
            }
            Some(LengthOverride::Short) => Ok(Self { length: self.length / 2, ..self }),
            _ => Ok(self),
        }
    }

    fn read(length: &str, request: &Request<Body>) -> Result<(Self, Faults), Problem> {
        let length = query::number("the number of bytes", length, 0..=MAX_BYTES)?;
        let mut query = Query::from_uri(request.uri());
        let seed = query.number("seed", 0..=u64::MAX)?.unwrap_or(0);
        let chunk = query.number("chunk", 1..=MAX_CHUNK)?.unwrap_or(DEFAULT_CHUNK);
        let delay = Duration::from_millis(query.number("delay", 0..=MAX_DELAY)?.unwrap_or(0));
        let faults = Faults::take(&mut query, request)?;
        query.finish()?;

        let chunks = length.div_ceil(chunk);
        if chunks > MAX_CHUNKS {
            let detail =
                format!("{length} bytes in chunks of {chunk} are {chunks} chunks: the limit is {MAX_CHUNKS}");
            return Err(query::bad_request(detail).with("maximum", MAX_CHUNKS));
        }
        let pauses = delay * u32::try_from(chunks.saturating_sub(1)).unwrap_or(u32::MAX);
        if pauses > MAX_PAUSES {
            let (sum, most) = (pauses.as_secs_f64(), MAX_PAUSES.as_secs());
            let detail =
                format!("{chunks} chunks with {delay:?} between them take {sum} s: the limit is {most} s");
            return Err(query::bad_request(detail).with("maximum", most));
        }
        Ok((Self { length, chunk, delay, seed }, faults))
    }
}

async fn produce(plan: Plan, mut ending: Ending, mut sender: Sender) -> Result<(), SendError> {
    let mut numbers = SplitMix64(plan.seed);
    let mut made = BytesMut::new();
    let mut left = plan.length;
    while left > 0 {
        if left < plan.length && !plan.delay.is_zero() {
            tokio::select! {
                () = sleep(plan.delay) => {}
                () = sender.closed() => return Ok(()),
            }
        }
        let length = usize::try_from(left.min(plan.chunk)).expect("a chunk at most");
        let chunk = numbers.chunk(&mut made, length);
        left -= chunk.len() as u64;
        ending.hashers.update(&chunk);
        sender.send(chunk).await?;
    }
    if let Err(error) = sender.finish(ending.trailers()) {
        tracing::debug!(%error, "the client left before the end of the body");
    }
    Ok(())
}

/// Sebastiano Vigna's generator: a counter and a mixing function.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns the next bytes. Unused bytes of the last number stay in `made` for the next call.
    fn chunk(&mut self, made: &mut BytesMut, length: usize) -> Bytes {
        while made.len() < length {
            made.extend_from_slice(&self.next().to_le_bytes());
        }
        made.split_to(length).freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers for the seed 1234567, a common check of implementations.
    #[test]
    fn numbers_are_those_of_splitmix64() {
        let mut numbers = SplitMix64(1_234_567);
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!([numbers.next(), numbers.next(), numbers.next()], expected);
    }

    #[test]
    fn bytes_are_the_same_however_they_are_cut() {
        let mut made = BytesMut::new();
        let whole = SplitMix64(7).chunk(&mut made, 100);
        for length in [1, 3, 8, 13, 100] {
            let (mut numbers, mut made, mut all) = (SplitMix64(7), BytesMut::new(), BytesMut::new());
            while all.len() < whole.len() {
                all.extend_from_slice(&numbers.chunk(&mut made, length.min(whole.len() - all.len())));
            }
            assert_eq!(all, whole, "{length}");
        }
        assert_ne!(SplitMix64(8).chunk(&mut BytesMut::new(), 100), whole);
    }
}
