use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::HeaderValue;
use rustls::crypto::aws_lc_rs::default_provider;
use std::fmt;

/// Joins a request with the origin's record of it. It can't be guessed, because each client that has it can read the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token(String);

impl Token {
    /// 128 random bits.
    pub(super) fn random() -> Self {
        let mut bits = [0; 16];
        default_provider().secure_random.fill(&mut bits).expect("the operating system has random numbers");
        Self(URL_SAFE_NO_PAD.encode(bits))
    }

    pub(super) fn to_value(&self) -> HeaderValue {
        HeaderValue::try_from(&self.0).expect("letters, digits, - and _")
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
