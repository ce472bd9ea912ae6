use crate::{
    digest::{
        Algorithm, CONTENT_DIGEST, Hashers, ParallelHashers, Preferences, REPR_DIGEST, WANT_CONTENT_DIGEST,
        WANT_REPR_DIGEST,
    },
    layers::observed::Observer,
    trailers::{
        Acceptance, Declared,
        server::{DigestedCodings, FailureMark, has_content},
    },
};
use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderName, Method, Request, Response, StatusCode, header};
use std::task::{Context, Poll, ready};

/// The digests that a request asks for.
#[derive(Clone, Debug)]
pub(super) struct DigestNegotiation {
    method: Method,
    pub(super) acceptance: Acceptance,
    content: Option<Algorithm>,
    repr: Option<Algorithm>,
}

impl DigestNegotiation {
    pub(super) fn from_request<B>(request: &Request<B>, default: Algorithm) -> Self {
        let asked = |name| Preferences::read(request.headers(), name);
        Self {
            method: request.method().clone(),
            acceptance: Acceptance::from_request(request),
            content: asked(&WANT_CONTENT_DIGEST).map_or(Some(default), |wanted| wanted.choose(default)),
            repr: asked(&WANT_REPR_DIGEST).and_then(|wanted| wanted.choose(default)),
        }
    }

    /// The fields to add to this response, or `None` if there are none.
    pub(super) fn fields<B>(&self, response: &Response<B>) -> Option<Digests> {
        if !has_content(self.method.as_str(), response.status()) {
            return None;
        }
        let headers = response.headers();
        let announced = Declared::read(headers);
        let hashed = response.extensions().get::<DigestedCodings>();
        // Digests of an inner layer, outdated because the content was encoded afterwards.
        let outdated: Vec<_> = hashed.iter().flat_map(|hashed| hashed.outdated(headers)).cloned().collect();
        let is_free = |name: &HeaderName| {
            outdated.contains(name) || (!headers.contains_key(name) && !announced.contains(name))
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
            failure: response.extensions().get().cloned().unwrap_or_default(),
        })
    }
}

/// Whether the content is a whole representation (RFC 9110 §8, §15.3.7; 226 is a difference, RFC 3229 §10.4.1).
fn is_whole_representation<B>(response: &Response<B>) -> bool {
    response.status() != StatusCode::PARTIAL_CONTENT
        && response.status() != StatusCode::IM_USED
        && !response.headers().contains_key(header::CONTENT_RANGE)
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
    pub(super) fn note(&self, headers: &mut HeaderMap, extensions: &mut Extensions) {
        for (name, _) in &self.fields {
            headers.remove(name);
            DigestedCodings::record(headers, extensions, name);
        }
    }
}

impl Observer for Digests {
    fn data(&mut self, chunk: &Bytes) {
        self.hashers.push(chunk);
    }

    fn poll_may_go_on(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.hashers.poll_keeps_up(cx)
    }

    /// Adds the digests that a header or trailer section lacks.
    fn poll_end(&mut self, cx: &mut Context<'_>, section: &mut HeaderMap) -> Poll<()> {
        if self.failure.is_set() {
            return Poll::Ready(());
        }
        let digests = ready!(self.hashers.poll_digests(cx));
        for (name, algorithm) in self.fields.drain(..) {
            if section.contains_key(&name) && !self.outdated.contains(&name) {
                continue;
            }
            if let Some(digest) = digests.iter().find(|digest| digest.algorithm() == algorithm)
                && section.try_insert(&name, digest.to_field_value()).is_err()
            {
                tracing::warn!(%name, "digest omitted: too many fields in the section");
            }
        }
        Poll::Ready(())
    }
}
