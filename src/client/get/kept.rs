use http::{HeaderMap, header};
use serde_json::{Value, json};
use std::{
    fs,
    io::{self, ErrorKind},
    path::Path,
};

/// What must be known of a representation to continue it later. It is kept in a file beside the `.part` file, because extended
/// attributes do not exist on all file systems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// The requested URL. A validator is one of this resource only
    /// ([RFC 9110 §8.8.1](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.1)).
    pub(super) url: String,
    /// A strong entity tag.
    pub(super) etag: String,
    /// The length of the whole in bytes, if it is known.
    pub(super) length: Option<u64>,
}

/// The largest file that is read, in bytes.
const MOST: u64 = 64 * 1024;

impl Kept {
    /// Returns `None` if the response has no strong validator: what arrives of it can't be continued safely.
    pub(super) fn of(url: &str, fields: &HeaderMap, length: Option<u64>) -> Option<Self> {
        Some(Self { url: url.to_owned(), etag: strong_etag(fields)?, length })
    }

    /// Returns `None` if there is no such file, or it is malformed.
    pub(super) fn read(path: &Path) -> Option<Self> {
        fs::symlink_metadata(path).ok().filter(|found| found.is_file() && found.len() <= MOST)?;
        let object: Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        let text = |name: &str| object.get(name)?.as_str().map(str::to_owned);
        let length = match object.get("length")? {
            Value::Null => None,
            length => Some(length.as_u64()?),
        };
        let etag = text("etag").filter(|etag| is_strong(etag))?;
        Some(Self { url: text("url")?, etag, length })
    }

    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let object = json!({"url": self.url, "etag": self.etag, "length": self.length});
        // What is there now may be a link to another file.
        remove(path)?;
        let mut file = fs::File::create_new(path)?;
        io::Write::write_all(&mut file, format!("{object}\n").as_bytes())
    }
}

/// Removes a file, if it exists.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        // A name that is too long does not exist either.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidFilename) => Ok(()),
        result => result,
    }
}

/// The entity tag of a response, if it is strong
/// ([RFC 9110 §8.8.3](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3)).
pub(super) fn strong_etag(fields: &HeaderMap) -> Option<String> {
    let mut lines = fields.get_all(header::ETAG).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else { return None };
    line.to_str().ok().filter(|etag| is_strong(etag)).map(str::to_owned)
}

fn is_strong(etag: &str) -> bool {
    let opaque = etag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    opaque.is_some_and(|opaque| opaque.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(etags: &[&str]) -> HeaderMap {
        etags.iter().map(|etag| (header::ETAG, etag.parse().expect("valid"))).collect()
    }

    #[test]
    fn only_one_strong_etag_is_a_validator() {
        for (etags, expected) in [
            (&["\"a-1\""][..], Some("\"a-1\"")),
            (&["\"\""], Some("\"\"")),
            (&["W/\"a\""], None),
            (&["a"], None),
            (&["\""], None),
            (&["\"a\", \"b\""], None),
            (&["\"a b\""], None),
            (&["\"a\"", "\"a\""], None),
            (&[], None),
        ] {
            let kept = Kept::of("https://example.com/", &fields(etags), Some(3));
            assert_eq!(kept.as_ref().map(|kept| &*kept.etag), expected, "{etags:?}");
        }
    }

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("kept");
        assert_eq!(Kept::read(&path), None);
        for length in [None, Some(u64::MAX)] {
            let kept = Kept::of("https://example.com/ä", &fields(&["\"\\a'\""]), length).expect("strong");
            kept.write(&path).expect("written");
            assert_eq!(Kept::read(&path), Some(kept));
        }
        for wrong in [
            "",
            "{",
            "[]",
            "{}",
            r#"{"url": "a", "etag": "\"b\""}"#,
            r#"{"url": "a", "etag": "W/\"b\"", "length": 1}"#,
            r#"{"url": "a", "etag": "\"b\r\nx: y\"", "length": 1}"#,
            r#"{"url": "a", "etag": "\"b\"", "length": -1}"#,
            r#"{"url": 1, "etag": "\"b\"", "length": 1}"#,
        ] {
            fs::write(&path, wrong).expect("written");
            assert_eq!(Kept::read(&path), None, "{wrong}");
        }
    }
}
