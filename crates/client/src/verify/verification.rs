use super::{body::VerifiedBody, evidence::Evidence};
use axum_trailers::digest::{Digest, Hashers};
use http::{Method, Response};

/// What to verify of a response. The default verifies the digests and the announcements of the response itself.
#[derive(Clone, Debug, Default)]
pub struct Verification {
    pub(super) is_head: bool,
    pub(super) expected: Vec<Digest>,
    pub(super) requires_trailers: bool,
    pub(super) requires_digest: bool,
    pub(super) prefix: Option<Prefix>,
}

/// The beginning of a representation, which earlier responses brought.
#[derive(Clone, Debug)]
pub struct Prefix {
    pub(super) hashers: Hashers,
    pub(super) length: u64,
}

impl Prefix {
    /// A beginning of `length` bytes, all of which were added to `hashers`. A digest with an algorithm that `hashers` lacks
    /// can't be compared.
    #[must_use]
    pub fn new(hashers: Hashers, length: u64) -> Self {
        Self { hashers, length }
    }
}

impl Verification {
    /// Verifies the digests and the announcements of the response itself.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The method of the request. A response to HEAD has no content
    /// ([RFC 9110 §9.3.2](https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2)).
    #[must_use]
    pub fn method(mut self, method: &Method) -> Self {
        self.is_head = method == Method::HEAD;
        self
    }

    /// Also expects this digest of the whole representation. If it can't be compared, because the response is a part, has no
    /// content or no 2xx status, that is a failure: [`Verdict::NoDigest`](crate::Verdict::NoDigest).
    #[must_use]
    pub fn expect(mut self, digest: Digest) -> Self {
        self.expected.push(digest);
        self
    }

    /// Treats any announced trailer that is missing as a failure. Without this, only a missing trailer section, a missing
    /// digest and a missing gRPC status are failures.
    #[must_use]
    pub fn require_trailers(mut self) -> Self {
        self.requires_trailers = true;
        self
    }

    /// Treats a response without a digest that can be compared as a failure:
    /// [`Verdict::NoDigest`](crate::Verdict::NoDigest) instead of [`Unverified`](crate::Verdict::Unverified).
    #[must_use]
    pub fn require_digest(mut self) -> Self {
        self.requires_digest = true;
        self
    }

    /// The response continues a representation after this beginning. Digests of the whole cover both, if the response is a
    /// 206 whose `Content-Range` begins where the beginning ends, and ends where the whole ends. Otherwise the beginning is
    /// ignored: a 200 is the whole.
    #[must_use]
    pub fn after(mut self, prefix: Prefix) -> Self {
        self.prefix = Some(prefix);
        self
    }

    /// Verifies the body of this response as it is read.
    pub fn verify<B>(self, response: Response<B>) -> Response<VerifiedBody<B>> {
        let (head, body) = response.into_parts();
        let (evidence, hashing) = Evidence::of_response(self, &head);
        Response::from_parts(head, VerifiedBody::new(body, evidence, hashing))
    }
}
