use http::{HeaderMap, HeaderValue};
use std::error::Error;

/// What a body produced.
#[derive(Debug, Default)]
pub struct Read {
    /// Its data.
    pub content: String,
    /// How often a poll was pending.
    pub pending: usize,
    /// Its trailer section, if any.
    pub trailers: Option<HeaderMap>,
    /// Its error, if it failed.
    pub error: Option<Box<dyn Error + Send + Sync>>,
}

impl Read {
    /// Panics unless the body ended without error and has this trailer field exactly once, with this value.
    #[track_caller]
    pub fn assert_trailer(&self, name: &str, value: &str) {
        let values = self.values(name);
        assert_eq!(values, [value.as_bytes()], "the values of the trailer field `{name}`");
    }

    /// Panics unless the body ended without error and lacks this trailer field.
    #[track_caller]
    pub fn assert_no_trailer(&self, name: &str) {
        let values = self.values(name);
        assert!(values.is_empty(), "the trailer field `{name}` came: {values:?}");
    }

    #[track_caller]
    fn values(&self, name: &str) -> Vec<&[u8]> {
        if let Some(error) = &self.error {
            panic!("the body failed: {error}");
        }
        self.trailers.iter().flat_map(|trailers| trailers.get_all(name)).map(HeaderValue::as_bytes).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields;
    use std::panic::catch_unwind;

    fn with_trailers(list: &[(&'static str, &'static str)]) -> Read {
        Read { trailers: Some(fields(list)), ..Read::default() }
    }

    #[test]
    fn assertions_compare_name_value_and_count() {
        let once = || with_trailers(&[("x-rows", "1")]);
        once().assert_trailer("x-rows", "1");
        once().assert_no_trailer("x-sum");
        assert!(catch_unwind(|| once().assert_trailer("x-rows", "2")).is_err());
        assert!(catch_unwind(|| once().assert_trailer("x-sum", "1")).is_err());
        assert!(catch_unwind(|| once().assert_no_trailer("x-rows")).is_err());
        let twice = || with_trailers(&[("x-rows", "1"), ("x-rows", "1")]);
        assert!(catch_unwind(|| twice().assert_trailer("x-rows", "1")).is_err());
        let failed = || Read { error: Some("it broke off".into()), ..Read::default() };
        assert!(catch_unwind(|| failed().assert_no_trailer("x-sum")).is_err());
    }
}
