use serde_json::{Value, json};

/// How much of a section is kept, in bytes.
const KEPT: usize = 16 * 1024;

/// Fields whose values are secret. Only their sizes are kept.
const SECRET: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// The first fields of a header or trailer section, with invalid UTF-8 replaced, and without secrets.
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
            let value = kept(name, value);
            section.bytes += name.len() + value.len();
            if section.bytes > KEPT {
                section.is_truncated = true;
                break;
            }
            section.kept.push((name.to_owned(), value));
        }
        section
    }

    /// The values of a field.
    pub(super) fn values(&self, name: &str) -> Value {
        let fields = self.kept.iter().filter(|(kept, _)| kept == name);
        fields.map(|(_, value)| value.as_str()).collect()
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

fn kept(name: &str, value: &[u8]) -> String {
    if SECRET.contains(&name) {
        return format!("({} bytes)", value.len());
    }
    String::from_utf8_lossy(value).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_kept() {
        let fields = [("authorization", &b"Basic abc"[..]), ("x-a", b"1"), ("cookie", b""), ("x-a", b"2")];
        let section = Section::of(fields.into_iter().chain([("proxy-authorization", &b"a"[..])]));
        let expected = [
            ["authorization", "(9 bytes)"],
            ["x-a", "1"],
            ["cookie", "(0 bytes)"],
            ["x-a", "2"],
            ["proxy-authorization", "(1 bytes)"],
        ];
        assert_eq!(section.to_pairs(), json!(expected));
        assert_eq!(section.values("x-a"), json!(["1", "2"]));
    }

    #[test]
    fn large_section_is_truncated() {
        let value = [b'x'; KEPT / 2];
        for (count, kept) in [(1, 1), (2, 1), (3, 1)] {
            let section = Section::of(std::iter::repeat_n(("x-large", &value[..]), count));
            assert_eq!((section.kept.len(), section.is_truncated()), (kept, count > kept));
        }
    }
}
