//! Properties that hold for any digest fields, for property tests and `fuzz/`.

use super::{
    Algorithm, CONTENT_DIGEST, Preferences, WANT_CONTENT_DIGEST,
    field::{DigestField, MalformedDigest},
};
use crate::fuzzing::fields;
use http::HeaderValue;

/// A digest field is refused, or its digests have the length of their algorithm and survive a round trip. The algorithm
/// chosen from any preferences is not ruled out.
pub fn digest_fields(lines: &[Vec<u8>]) {
    match DigestField::read(&fields(&CONTENT_DIGEST, lines), &CONTENT_DIGEST) {
        Ok(None) => assert!(lines.iter().all(|line| HeaderValue::from_bytes(line).is_err())),
        Ok(Some(field)) => {
            for digest in &field.known {
                assert_eq!(digest.as_bytes().len(), digest.algorithm().length());
            }
            let written: Vec<_> =
                field.known.iter().map(|digest| digest.to_field_value().as_bytes().to_vec()).collect();
            let again = DigestField::read(&fields(&CONTENT_DIGEST, &written), &CONTENT_DIGEST);
            assert_eq!(again.expect("well-formed").unwrap_or_default().known, field.known);
        }
        Err(MalformedDigest::Length { algorithm, length }) => assert_ne!(algorithm.length(), length),
        Err(MalformedDigest::Syntax) => {}
    }
    if let Some(preferences) = Preferences::read(&fields(&WANT_CONTENT_DIGEST, lines), &WANT_CONTENT_DIGEST) {
        for default in [Algorithm::Sha256, Algorithm::Sha512] {
            let chosen = preferences.choose(default);
            assert!(chosen.is_none_or(|chosen| !preferences.rules_out(chosen)), "{chosen:?}");
            assert!(chosen.is_some() || preferences.rules_out(default));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    proptest! {
        #[test]
        fn any_digest_field_is_read_or_refused(
            lines in vec("((sha-(256|512)|md5|x) ?= ?(:[A-Za-z0-9+/]{0,8}=*:|[0-9]{1,2})?[,;]? ?.?){0,3}", 0..3),
        ) {
            let lines: Vec<_> = lines.into_iter().map(String::into_bytes).collect();
            super::digest_fields(&lines);
        }
    }
}
