use serde_json::{Value, json};

/// How much of a section is kept, in bytes.
const KEPT: usize = 16 * 1024;

/// The first fields of a header or trailer section, with invalid UTF-8 replaced.
#[derive(Default)]
pub(super) struct Section {
    kept: Vec<(String, String)>,
    bytes: usize,
    is_truncated: bool,
}

impl Section {
    pub(super) fn of<'f>(fields: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> Self {
        let mut section = Self::default();
        for (name, value) in fields {
            let value = String::from_utf8_lossy(value).into_owned();
            section.bytes += name.len() + value.len();
            if section.bytes > KEPT {
                section.is_truncated = true;
                break;
            }
            section.kept.push((name.to_owned(), value));
        }
        section
    }

    /// Whether there were more fields.
    pub(super) fn is_truncated(&self) -> bool {
        self.is_truncated
    }

    /// As pairs of name and value.
    pub(super) fn to_pairs(&self) -> Value {
        json!(self.kept)
    }

    /// As objects with the members `name` and `value`.
    pub(super) fn to_objects(&self) -> Value {
        self.kept.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_section_is_truncated() {
        let value = [b'x'; KEPT / 2];
        for (count, kept) in [(1, 1), (2, 1), (3, 1)] {
            let section = Section::of(std::iter::repeat_n(("x-large", &value[..]), count));
            assert_eq!((section.kept.len(), section.is_truncated()), (kept, count > kept));
        }
    }
}
