use super::*;
use crate::Verdict;
use axum_trailers::digest::{Algorithm, Digest, Hashers};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::Frame;
use http_body_util::StreamBody;
use proptest::{collection::vec, prelude::*, sample::Index};
use std::io;

/// What proves the end or the content of a response.
#[derive(Clone, Debug)]
struct Proof {
    version: Version,
    has_length: bool,
    digests: Vec<Claim>,
    has_other_trailer: bool,
}

/// A digest field.
#[derive(Clone, Debug)]
struct Claim {
    name: &'static str,
    in_trailer: bool,
    is_announced: bool,
    algorithm: Algorithm,
    /// Whether the content is another one.
    is_wrong: bool,
}

fn claims() -> impl Strategy<Value = Vec<Claim>> {
    let name = prop::sample::select(vec!["content-digest", "repr-digest"]);
    let algorithm = prop::sample::select(Algorithm::ALL.to_vec());
    let claim = (name, any::<bool>(), any::<bool>(), algorithm, prop::bool::weighted(0.2));
    let claim = claim.prop_map(|(name, in_trailer, is_announced, algorithm, is_wrong)| Claim {
        name,
        in_trailer,
        is_announced,
        algorithm,
        is_wrong,
    });
    vec(claim, 0..4)
}

fn proofs() -> impl Strategy<Value = Proof> {
    let version = prop::sample::select(vec![Version::HTTP_11, Version::HTTP_2]);
    (version, any::<bool>(), claims(), any::<bool>()).prop_map(
        |(version, has_length, digests, has_other_trailer)| Proof {
            version,
            has_length: has_length && version == Version::HTTP_2,
            digests,
            has_other_trailer,
        },
    )
}

fn digest(claim: &Claim, content: &[u8]) -> Digest {
    let mut hashers = Hashers::new([claim.algorithm]);
    hashers.update(content);
    if claim.is_wrong {
        hashers.update(b"more");
    }
    hashers.finish().remove(0)
}

impl Proof {
    /// The header section and the trailer section.
    fn sections(&self, content: &[u8]) -> (HeaderMap, HeaderMap) {
        let (mut header, mut trailer) = (HeaderMap::new(), HeaderMap::new());
        if self.has_length {
            header.insert("content-length", HeaderValue::from(content.len()));
        } else if self.version == Version::HTTP_11 {
            header.insert("transfer-encoding", HeaderValue::from_static("chunked"));
        }
        for claim in &self.digests {
            let section = if claim.in_trailer { &mut trailer } else { &mut header };
            section.append(HeaderName::from_static(claim.name), digest(claim, content).to_field_value());
            if claim.in_trailer && claim.is_announced {
                header.append("trailer", HeaderValue::from_static(claim.name));
            }
        }
        if self.has_other_trailer {
            header.append("trailer", HeaderValue::from_static("x-rows"));
            trailer.insert("x-rows", HeaderValue::from_static("1"));
        }
        (header, trailer)
    }

    /// The claims that count: of several with the same place, name and algorithm the last one (RFC 9651 §4.2.2).
    fn effective(&self) -> Vec<&Claim> {
        let key = |claim: &Claim| (claim.name, claim.in_trailer, claim.algorithm);
        let last = |n: usize| self.digests[n + 1..].iter().all(|later| key(later) != key(&self.digests[n]));
        (0..self.digests.len()).filter(|n| last(*n)).map(|n| &self.digests[n]).collect()
    }

    /// Whether its algorithm was not expected, because the header section has another one that verifies the content.
    fn is_late(&self, claim: &Claim) -> bool {
        let announces = self.digests.iter().any(|other| other.in_trailer && other.is_announced);
        let mut header = self.digests.iter().filter(|other| !other.in_trailer).peekable();
        claim.in_trailer
            && header.peek().is_some()
            && header.all(|other| other.algorithm != claim.algorithm)
            && !(announces && claim.algorithm == Algorithm::Sha256)
    }
}

/// Where the body ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Whole,
    /// After some content, without and with an error.
    Missing(usize),
    Error(usize),
    /// After all content, before the trailer section.
    NoTrailers,
}

/// Verifies a response whose content is cut into chunks, and ends where `end` says.
fn verdict(proof: &Proof, content: &[u8], cuts: &[Index], end: End) -> Verdict {
    let (header, trailer) = proof.sections(content);
    let sent = if let End::Missing(at) | End::Error(at) = end { &content[..at] } else { content };
    let mut bounds: Vec<_> =
        cuts.iter().map(|cut| cut.index(sent.len() + 1)).chain([0, sent.len()]).collect();
    bounds.sort_unstable();
    let mut frames: Vec<io::Result<_>> =
        bounds.windows(2).map(|at| Ok(Frame::data(Bytes::copy_from_slice(&sent[at[0]..at[1]])))).collect();
    match end {
        End::Whole if trailer.is_empty() => {}
        End::Whole => frames.push(Ok(Frame::trailers(trailer))),
        End::Error(_) => frames.push(Err(io::ErrorKind::UnexpectedEof.into())),
        End::Missing(_) | End::NoTrailers => {}
    }
    let mut response = Response::new(StreamBody::new(futures_util::stream::iter(frames)));
    *response.version_mut() = proof.version;
    *response.headers_mut() = header;
    run(VerifiedBody::wrap(response).into_body().finish())
}

proptest! {
    #[test]
    fn content_is_verified_if_and_only_if_each_digest_fits(
        proof in proofs(),
        content in vec(any::<u8>(), 0..200),
        cuts in vec(any::<Index>(), 0..5),
    ) {
        let compared: Vec<_> = proof.effective().into_iter().filter(|claim| !proof.is_late(claim)).collect();
        let verdict = verdict(&proof, &content, &cuts, End::Whole);
        if compared.iter().any(|claim| claim.is_wrong) {
            prop_assert!(matches!(verdict, Verdict::DigestDiffers { .. }), "{verdict}");
        } else if compared.is_empty() {
            prop_assert_eq!(verdict, Verdict::Unverified);
        } else {
            prop_assert!(matches!(verdict, Verdict::Verified { .. }), "{verdict}");
        }
    }

    #[test]
    fn response_that_is_cut_is_no_success(
        proof in proofs(),
        content in vec(any::<u8>(), 1..200),
        cuts in vec(any::<Index>(), 0..5),
        at in any::<Index>(),
    ) {
        let at = at.index(content.len());
        let verdict_at = |end| verdict(&proof, &content, &cuts, end);
        prop_assert!(matches!(verdict_at(End::Error(at)), Verdict::Cut(_)));
        let announces = proof.has_other_trailer || proof.digests.iter().any(|claim| claim.in_trailer && claim.is_announced);
        let has_header = proof.digests.iter().any(|claim| !claim.in_trailer);
        if proof.has_length || announces || has_header {
            prop_assert!(!verdict_at(End::Missing(at)).is_success());
        }
        if announces {
            prop_assert!(!verdict_at(End::NoTrailers).is_success());
        }
    }
}
