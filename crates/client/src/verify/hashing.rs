use super::{
    Prefix,
    extent::{Extent, Whole},
    section_digests::SectionDigests,
};
use axum_trailers::{
    digest::{Algorithm, CONTENT_DIGEST, Digest, Hashers, ParallelHashers, REPR_DIGEST},
    trailers::Declared,
};
use bytes::Bytes;
use http::HeaderName;
use std::task::{Context, Poll, ready};

/// Computes the digests of the content, and of the whole if an earlier response brought its beginning.
#[derive(Debug)]
pub(super) struct Hashing {
    content: Hash,
    whole: Option<Hash>,
    content_is_whole: bool,
}

/// The digests of what arrived.
#[derive(Debug)]
pub(super) struct Digests {
    pub(super) content: Vec<Digest>,
    /// `None` if they are unknown.
    pub(super) whole: Option<Vec<Digest>>,
}

impl Hashing {
    pub(super) fn new(extent: &Extent, algorithms: Algorithms, prefix: Option<Prefix>) -> Self {
        let prefix = prefix.filter(|_| extent.whole == Whole::PrefixAndContent);
        let mut content = if extent.has_content { algorithms.content } else { Vec::new() };
        if extent.whole == Whole::Content {
            content.extend(algorithms.whole);
        }
        if content.is_empty() && prefix.is_none() && extent.has_content {
            // Nothing needs it, but it can be reported.
            content.push(Algorithm::Sha256);
        }
        Self {
            content: Hash::new((!content.is_empty()).then(|| Hashers::new(content))),
            whole: prefix.map(|prefix| Hash::new(Some(prefix.hashers))),
            content_is_whole: extent.whole == Whole::Content,
        }
    }

    pub(super) fn push(&mut self, data: &Bytes) {
        self.all().for_each(|hash| hash.push(data.clone()));
    }

    /// Waits until the last data may be passed on.
    pub(super) fn poll_keeps_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for hashers in self.all().filter_map(|hash| hash.hashers.as_mut()) {
            ready!(hashers.poll_keeps_up(cx));
        }
        Poll::Ready(())
    }

    /// Returns the digests once everything is hashed, and only once.
    pub(super) fn poll_digests(&mut self, cx: &mut Context<'_>) -> Poll<Digests> {
        for hash in self.all() {
            ready!(hash.poll_end(cx));
        }
        let content = std::mem::take(&mut self.content.digests);
        let whole = match &mut self.whole {
            Some(whole) => Some(std::mem::take(&mut whole.digests)),
            None => self.content_is_whole.then(|| content.clone()),
        };
        Poll::Ready(Digests { content, whole })
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Hash> {
        [&mut self.content].into_iter().chain(&mut self.whole)
    }
}

#[derive(Debug)]
struct Hash {
    /// `None` if there is nothing to compute, and at the end.
    hashers: Option<ParallelHashers>,
    batch: Vec<Bytes>,
    batch_size: usize,
    digests: Vec<Digest>,
}

/// How many bytes, or how many chunks, are hashed together. Chunks of HTTP/2 have at most 16 KiB, too little to wake a thread
/// for.
const BATCH_SIZE: usize = 128 * 1024;
const BATCH_CHUNKS: usize = 16;

/// How many bytes the transfer may be ahead of the thread that hashes them.
const AHEAD: usize = 1024 * 1024;

impl Hash {
    fn new(hashers: Option<Hashers>) -> Self {
        let hashers = hashers.map(|hashers| ParallelHashers::new(hashers).behind(AHEAD));
        Self { hashers, batch: Vec::new(), batch_size: 0, digests: Vec::new() }
    }

    fn push(&mut self, data: Bytes) {
        if self.hashers.is_some() {
            self.batch_size += data.len();
            self.batch.push(data);
            if self.batch_size >= BATCH_SIZE || self.batch.len() == BATCH_CHUNKS {
                self.flush();
            }
        }
    }

    fn flush(&mut self) {
        if let Some(hashers) = &mut self.hashers {
            hashers.push_all(self.batch.drain(..));
            self.batch_size = 0;
        }
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.flush();
        if let Some(hashers) = &mut self.hashers {
            self.digests = ready!(hashers.poll_digests(cx));
            self.hashers = None;
        }
        Poll::Ready(())
    }
}

/// The algorithms that a response needs.
#[derive(Debug)]
pub(super) struct Algorithms {
    content: Vec<Algorithm>,
    whole: Vec<Algorithm>,
}

impl Algorithms {
    /// Those of the header section and of the user, and those that a digest in a trailer may have.
    ///
    /// A sender need not use the algorithm that it was asked for. But if something else verifies the content, only SHA-256 is
    /// expected there, and only if the field is announced: SHA-512 takes three times as long, more than everything else.
    pub(super) fn needed(
        extent: &Extent,
        header: &SectionDigests,
        expected: &[Digest],
        announced: &Declared,
    ) -> Self {
        let has_whole = !matches!(extent.whole, Whole::Incomplete(_));
        let of_header = header.digests.iter().any(|(field, _)| has_whole || *field == CONTENT_DIGEST);
        let is_verified = of_header || (has_whole && !expected.is_empty());
        let announces_any = announced.contains(&CONTENT_DIGEST) || announced.contains(&REPR_DIGEST);
        let of_field = |field: HeaderName| {
            let may_follow = announced.contains(&field) || !(is_verified || announces_any);
            let following = match (extent.permits_trailers && may_follow, is_verified) {
                (true, false) => Algorithm::ALL,
                (true, true) => &[Algorithm::Sha256],
                (false, _) => &[],
            };
            let of_header = header.digests.iter().filter(move |(name, _)| *name == field);
            of_header.map(|(_, digest)| digest.algorithm()).chain(following.iter().copied())
        };
        Self {
            content: of_field(CONTENT_DIGEST).collect(),
            whole: of_field(REPR_DIGEST).chain(expected.iter().map(Digest::algorithm)).collect(),
        }
    }
}
