use super::prelude::*;
use crate::digest::{Algorithm, CONTENT_DIGEST, Digest, DigestField, MalformedDigest};
use proptest::{collection::vec, prelude::*};

fn lines_of(lines: &[&str]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for line in lines {
        fields.append("content-digest", HeaderValue::from_str(line).expect("a field value"));
    }
    fields
}

fn read(lines: &[&str]) -> Result<Option<DigestField>, MalformedDigest> {
    DigestField::read(&lines_of(lines), &CONTENT_DIGEST)
}

const SHA_256: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";

#[test]
fn lines_make_one_dictionary_of_known_and_unknown_algorithms() {
    let field = read(&["md5=:Sd/dVLAcvNLSq16eXua5uQ==:", SHA_256]).expect("well-formed").expect("a field");
    assert_eq!(field.unknown, ["md5"]);
    assert_eq!(field.known.iter().map(Digest::to_string).collect::<Vec<_>>(), [SHA_256]);
    assert_eq!(read(&[]), Ok(None));
    assert_eq!(read(&[""]), Ok(Some(DigestField::default())));
}

#[test]
fn malformed_fields_are_refused_with_the_reason() {
    for line in
        ["sha-256", "sha-256=1", "sha-256=:*:", "sha-256=(:AA==:)", "SHA-256=:AA==:", "md5=\"x\"", "é"]
    {
        assert_eq!(read(&[line]), Err(MalformedDigest::Syntax), "{line}");
    }
    let short = MalformedDigest::Length { algorithm: Algorithm::Sha512, length: 32 };
    assert_eq!(read(&[&SHA_256.replace("256", "512")]), Err(short.clone()));
    assert_eq!(short.to_string(), "a sha-512 digest has 64 bytes, not 32");
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(bytes in vec(any::<u8>(), 64), is_short: bool) {
        let algorithm = if is_short { Algorithm::Sha256 } else { Algorithm::Sha512 };
        let digest = Digest::new(algorithm, bytes[..algorithm.length()].to_vec()).expect("long enough");
        let mut fields = HeaderMap::new();
        fields.insert("content-digest", digest_value(&digest));
        let field = DigestField { known: vec![digest], unknown: vec![] };
        prop_assert_eq!(DigestField::read(&fields, &CONTENT_DIGEST), Ok(Some(field)));
    }
}
