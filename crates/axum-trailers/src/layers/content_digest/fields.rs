use crate::{
    compat::{Fields, Request, ResponseHead},
    digest::{
        Algorithm, CONTENT_DIGEST, Hashers, ParallelHashers, Preferences, REPR_DIGEST, WANT_CONTENT_DIGEST,
        WANT_REPR_DIGEST,
    },
    layers::{framing::TrailerFraming, observed::Observer},
    trailers::{
        Declared,
        server::{DigestedCodings, FailureMark, has_content},
    },
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use std::task::{Context, Poll, ready};

/// The digests that a request asks for.
#[derive(Clone, Debug)]
pub(super) struct DigestNegotiation {
    method: Method,
    pub(super) framing: TrailerFraming,
    content: Option<Algorithm>,
    repr: Option<Algorithm>,
}

impl DigestNegotiation {
    pub(super) fn from_request(request: &impl Request, default: Algorithm) -> Self {
        let asked = |name| Preferences::read(request.fields(), name);
        Self {
            method: request.method(),
            framing: TrailerFraming::of_response_to(request),
            content: asked(&WANT_CONTENT_DIGEST).map_or(Some(default), |wanted| wanted.choose(default)),
            repr: asked(&WANT_REPR_DIGEST).and_then(|wanted| wanted.choose(default)),
        }
    }

    /// The fields to add to this response, or `None` if there are none.
    pub(super) fn fields(&self, response: &impl ResponseHead) -> Option<Digests> {
        if !has_content(self.method.as_str(), response.status()) {
            return None;
        }
        let headers = response.fields();
        let announced = Declared::read(headers);
        let hashed = response.extension::<DigestedCodings>();
        // Digests of an inner layer, outdated because the content was encoded afterwards.
        let outdated: Vec<_> = hashed.iter().flat_map(|hashed| hashed.outdated(headers)).cloned().collect();
        let is_free = |name: &HeaderName| {
            outdated.contains(name) || (!headers.has(name.as_str()) && !announced.contains(name))
        };
        let content = self.content.filter(|_| is_free(&CONTENT_DIGEST));
        let repr = self.repr.filter(|_| is_free(&REPR_DIGEST) && is_whole_representation(response));
        let fields: Vec<_> = [(CONTENT_DIGEST, content), (REPR_DIGEST, repr)]
            .into_iter()
            .filter_map(|(name, algorithm)| Some((name, algorithm?)))
            .collect();
        (!fields.is_empty()).then(|| Digests {
            hashers: ParallelHashers::new(Hashers::new(fields.iter().map(|(_, algorithm)| *algorithm))),
            fields,
            outdated,
            failure: response.extension().cloned().unwrap_or_default(),
        })
    }
}

/// Whether the content is a whole representation (RFC 9110 §8, §15.3.7; 226 is a difference, RFC 3229 §10.4.1).
fn is_whole_representation(response: &impl ResponseHead) -> bool {
    response.status() != StatusCode::PARTIAL_CONTENT
        && response.status() != StatusCode::IM_USED
        && !response.fields().has(header::CONTENT_RANGE.as_str())
}

/// Digests in progress, and the fields that will contain them.
#[derive(Debug)]
pub(super) struct Digests {
    hashers: ParallelHashers,
    fields: Vec<(HeaderName, Algorithm)>,
    outdated: Vec<HeaderName>,
    failure: FailureMark,
}

impl Digests {
    pub(super) fn has_failed(&self) -> bool {
        self.failure.is_set()
    }

    pub(super) fn declared(&self) -> Declared {
        let names = self.fields.iter().map(|(name, _)| name);
        Declared::new(names).expect("digests may be trailers (RFC 9530 §2 and §3)")
    }

    /// Removes outdated digests from the head and records which bytes the new ones cover.
    pub(super) fn note(&self, head: &mut impl ResponseHead) {
        for (name, _) in &self.fields {
            head.fields_mut().unset(name);
            DigestedCodings::record(head, name);
        }
    }
}

impl Digests {
    /// Adds the digests that a header or trailer section lacks.
    pub(super) fn poll_add(&mut self, cx: &mut Context<'_>, section: &mut impl Fields) -> Poll<()> {
        if self.failure.is_set() {
            return Poll::Ready(());
        }
        let digests = ready!(self.hashers.poll_digests(cx));
        for (name, algorithm) in self.fields.drain(..) {
            if section.has(name.as_str()) && !self.outdated.contains(&name) {
                continue;
            }
            if let Some(digest) = digests.iter().find(|digest| digest.algorithm() == algorithm)
                && section.set(&name, &digest.to_field_value()).is_err()
            {
                tracing::warn!(%name, "digest omitted: too many fields in the section");
            }
        }
        Poll::Ready(())
    }
}

impl Observer for Digests {
    fn data(&mut self, chunk: &Bytes) {
        self.hashers.push(chunk);
    }

    fn poll_may_go_on(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.hashers.poll_keeps_up(cx)
    }

    fn poll_end(&mut self, cx: &mut Context<'_>, trailers: &mut HeaderMap) -> Poll<()> {
        self.poll_add(cx, trailers)
    }
}
