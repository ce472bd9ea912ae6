//! What a server reports as stored, to compare it with what was sent.

use crate::client::{report::Head, target};
use axum_trailers::digest::{Algorithm, Digest, DigestField, REPR_DIGEST};
use http::{HeaderMap, HeaderValue, header};
use serde_json::Value;

/// The SHA-256 digest of what the target of an upload is now, as the successful response reports it:
///
/// - in `Repr-Digest`, if that describes the target and not only the content of the response: of a response without
///   content, such as a 204 ([RFC 9110 §15.3.5](https://www.rfc-editor.org/rfc/rfc9110#section-15.3.5)), and of one whose
///   `Content-Location` is the URL of the request
///   ([RFC 9530 §3.2](https://www.rfc-editor.org/rfc/rfc9530#section-3.2)). If it is the digest of what was `sent`, it can
///   describe nothing else;
/// - or in the member `digest` of a JSON document, written as in a digest field. Servers of axum-trailers respond so.
pub(in crate::client) fn digest(
    head: &Head,
    trailers: Option<&HeaderMap>,
    content: &[u8],
    sent: Option<&Digest>,
) -> Option<Digest> {
    let is_of_target = content.is_empty() || is_of_target(head);
    let sections = [trailers, Some(&head.fields)].into_iter().flatten();
    let mut reported = sections.filter_map(sha_256);
    let of_target = reported.find(|digest| is_of_target || Some(digest) == sent);
    of_target.or_else(|| in_json(head, content))
}

/// Whether the content of the response is that of the target.
fn is_of_target(head: &Head) -> bool {
    let is_target =
        |location: &HeaderValue| target::join(&head.url, location.as_bytes()).as_ref() == Some(&head.url);
    head.fields.get(header::CONTENT_LOCATION).is_some_and(is_target)
}

fn in_json(head: &Head, content: &[u8]) -> Option<Digest> {
    let kind = head.fields.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let kind = kind.split(';').next()?.trim().to_ascii_lowercase();
    if kind != "application/json" && !kind.ends_with("+json") {
        return None;
    }
    let document: Value = serde_json::from_slice(content).ok()?;
    let digest = HeaderValue::from_str(document.get("digest")?.as_str()?).ok()?;
    sha_256(&HeaderMap::from_iter([(REPR_DIGEST, digest)]))
}

fn sha_256(section: &HeaderMap) -> Option<Digest> {
    let field = DigestField::read(section, &REPR_DIGEST).ok()??;
    field.known.into_iter().find(|digest| digest.algorithm() == Algorithm::Sha256)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum_trailers::digest::Hashers;
    use http::{StatusCode, Uri, Version};

    const HELLO: &str = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";
    const JELLO: &str = "sha-256=:GHybzuuRnhs+bSD6UOyr99nVC1ND6Pmj2RKrsTkpEC4=:";

    /// What a response reports after `hello` was sent.
    fn reported(status: u16, fields: &[(&'static str, &str)], content: &str) -> Option<String> {
        let mut hashers = Hashers::new([Algorithm::Sha256]);
        hashers.update(b"hello");
        let sent = hashers.finish().remove(0);
        let head = Head {
            url: Uri::from_static("https://a.example/files/x"),
            version: Version::HTTP_2,
            status: StatusCode::from_u16(status).expect("a status"),
            fields: fields
                .iter()
                .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
                .collect(),
        };
        digest(&head, None, content.as_bytes(), Some(&sent)).map(|digest| digest.to_string())
    }

    #[test]
    fn repr_digest_counts_if_it_describes_the_target() {
        let own = ("content-location", "/files/x");
        for (status, fields, content, expected) in [
            (204, &[("repr-digest", HELLO)][..], "", Some(HELLO)),
            (204, &[("repr-digest", JELLO)], "", Some(JELLO)),
            (201, &[("repr-digest", JELLO)], "", Some(JELLO)),
            (201, &[("repr-digest", JELLO), own], "jello", Some(JELLO)),
            (
                200,
                &[("repr-digest", JELLO), ("content-location", "https://a.example/files/x")],
                "jello",
                Some(JELLO),
            ),
            (200, &[("repr-digest", JELLO)], "jello", None),
            (200, &[("repr-digest", HELLO)], "stored", Some(HELLO)),
            (200, &[("repr-digest", JELLO), ("content-location", "/files/y")], "jello", None),
            (204, &[("content-digest", HELLO)], "", None),
            (204, &[("repr-digest", "sha-256=nonsense")], "", None),
            (204, &[("repr-digest", "md5=:1B2M2Y8AsgTpgAmY7PhCfg==:")], "", None),
        ] {
            assert_eq!(reported(status, fields, content).as_deref(), expected, "{status} {fields:?}");
        }
    }

    #[test]
    fn json_document_has_a_digest_as_in_a_field() {
        let document = format!(r#"{{"name": "x", "digest": "sha-512=:AA==:, {HELLO}"}}"#);
        let right = format!(r#"{{"digest": "{HELLO}"}}"#);
        let json = |kind, content| reported(201, &[("content-type", kind)], content);
        for kind in ["application/json", "Application/JSON; charset=utf-8", "application/hal+json"] {
            assert_eq!(json(kind, &right).as_deref(), Some(HELLO), "{kind}");
        }
        for (kind, content) in [
            ("text/plain", &*right),
            ("application/json", &document),
            ("application/json", r#"{"digest": "5d41402abc4b2a76b9719d911017c592"}"#),
            ("application/json", r#"{"digest": 5}"#),
            ("application/json", r#"{"digest": "sha-256=:LPJN"#),
            ("application/json", "[]"),
            ("application/json", ""),
        ] {
            assert_eq!(json(kind, content), None, "{kind} {content}");
        }
    }
}
