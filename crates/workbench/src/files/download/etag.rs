use http_02::HeaderValue;
use std::{
    fs::Metadata,
    time::{SystemTime, UNIX_EPOCH},
};

/// An entity tag ([RFC 9110 §8.8.3](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntityTag {
    is_weak: bool,
    /// Without the quotes.
    opaque: Vec<u8>,
}

impl EntityTag {
    /// The tag of a file. It stays the same, also across restarts, as long as the file is not written. It is strong if
    /// there are inodes: each replacement has another inode or another time. Elsewhere two files can have the same size
    /// and time.
    pub(crate) fn of(file: &Metadata) -> Self {
        let modified = file.modified().map_or(0, nanoseconds);
        let (inode, size) = (inode(file), file.len());
        let opaque = format!("{:x}-{size:x}-{modified:x}", inode.unwrap_or_default());
        Self { is_weak: inode.is_none(), opaque: opaque.into_bytes() }
    }

    /// A strong tag. `opaque` has no quotes, spaces and control characters.
    pub(super) fn strong(opaque: &str) -> Self {
        Self { is_weak: false, opaque: opaque.as_bytes().to_vec() }
    }

    /// Parses a tag at the start of a field value and returns the rest.
    pub(super) fn read(value: &[u8]) -> Option<(Self, &[u8])> {
        let unprefixed = value.strip_prefix(b"W/");
        let quoted = unprefixed.unwrap_or(value).strip_prefix(b"\"")?;
        let end = quoted.iter().position(|byte| !is_etagc(*byte))?;
        let rest = quoted[end..].strip_prefix(b"\"")?;
        Some((Self { is_weak: unprefixed.is_some(), opaque: quoted[..end].to_vec() }, rest))
    }

    /// Strong comparison ([§8.8.3.2](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3.2)): the same bytes.
    pub(super) fn is_strongly(&self, other: &Self) -> bool {
        !self.is_weak && !other.is_weak && self.is_weakly(other)
    }

    /// Weak comparison: equivalent.
    pub(super) fn is_weakly(&self, other: &Self) -> bool {
        self.opaque == other.opaque
    }

    pub(crate) fn to_field_value(&self) -> HeaderValue {
        let prefix: &[u8] = if self.is_weak { b"W/\"" } else { b"\"" };
        let value = [prefix, &self.opaque, b"\""].concat();
        HeaderValue::from_bytes(&value).expect("etagc are characters of field values")
    }
}

fn is_etagc(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x7e | 0x80..)
}

/// Since 1970, negative for earlier times.
fn nanoseconds(time: SystemTime) -> i128 {
    let nanos = |since: std::time::Duration| i128::try_from(since.as_nanos()).unwrap_or(i128::MAX);
    time.duration_since(UNIX_EPOCH).map_or_else(|before| -nanos(before.duration()), nanos)
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have none")]
fn inode(file: &Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::ino(file))
}

#[cfg(not(unix))]
fn inode(_file: &Metadata) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, time::Duration};

    fn tag(value: &str) -> EntityTag {
        EntityTag::read(value.as_bytes()).expect("a tag").0
    }

    /// RFC 9110 §8.8.3.2, table 3.
    #[test]
    fn comparisons_are_those_of_the_rfc() {
        for (one, other, strong, weak) in [
            ("W/\"1\"", "W/\"1\"", false, true),
            ("W/\"1\"", "W/\"2\"", false, false),
            ("W/\"1\"", "\"1\"", false, true),
            ("\"1\"", "\"1\"", true, true),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                assert_eq!(tag(one).is_strongly(&tag(other)), strong, "{one} {other}");
                assert_eq!(tag(one).is_weakly(&tag(other)), weak, "{one} {other}");
            }
        }
    }

    #[test]
    fn tags_are_written_as_they_are_read_and_others_are_refused() {
        for value in ["\"\"", "\"a\"", "W/\"a,b\"", "\"\u{e4}\\\"", "\"!#~\""] {
            let (tag, rest) = EntityTag::read(value.as_bytes()).expect("a tag");
            assert_eq!((tag.to_field_value().as_bytes(), rest), (value.as_bytes(), &b""[..]), "{value}");
        }
        for value in ["", "a", "\"", "\"a", "w/\"a\"", "W/a", "W/ \"a\"", "\"a b\"", "'a'", "*"] {
            assert_eq!(EntityTag::read(value.as_bytes()), None, "{value}");
        }
        let (_, rest) = EntityTag::read(b"\"a\", \"b\"").expect("a tag");
        assert_eq!(rest, b", \"b\"");
    }

    #[test]
    fn tag_of_a_file_changes_with_its_size_its_time_and_the_file_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let [file, other] = ["file", "other"].map(|name| folder.path().join(name));
        let modified = UNIX_EPOCH + Duration::new(1_000_000_000, 5);
        let set = |path: &std::path::Path, content: &str, modified: SystemTime| {
            fs::write(path, content).expect("written");
            let file = fs::File::options().write(true).open(path).expect("a file");
            file.set_modified(modified).expect("dated");
            EntityTag::of(&fs::metadata(path).expect("a file"))
        };
        let first = set(&file, "one", modified);
        assert_eq!(set(&file, "two", modified), first, "the tag is made from the metadata alone");
        assert_ne!(set(&file, "three", modified), first);
        assert_ne!(set(&file, "one", modified + Duration::from_nanos(1)), first);
        assert_ne!(set(&file, "one", UNIX_EPOCH - Duration::new(1_000_000_000, 5)), first);
        assert_eq!(set(&file, "one", modified), first);
        if cfg!(unix) {
            assert_ne!(set(&other, "one", modified), first);
        }
        let value = first.to_field_value();
        assert_eq!(EntityTag::read(value.as_bytes()).expect("a tag").0, first);
        assert_eq!(first.is_strongly(&first), cfg!(unix));
    }
}
