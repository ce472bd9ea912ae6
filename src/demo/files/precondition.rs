use http::{HeaderMap, HeaderName, header};
use std::{fs::Metadata, time::Duration};

/// What must hold of the file that an upload is to replace
/// ([RFC 9110 §13.1](https://www.rfc-editor.org/rfc/rfc9110#section-13.1)). Files have no entity tags here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Precondition {
    /// `If-Match`: `*`, or tags, none of which is one of a file.
    matches: Option<Wanted>,
    /// `If-None-Match` with `*`. Tags are none of a file's, so they always hold.
    none_there: bool,
    /// `If-Unmodified-Since`, in seconds since 1970. It counts where there is no `If-Match`.
    unmodified_since: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    AnyFile,
    Tag,
}

impl Precondition {
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let is_any = |name: HeaderName| headers.get_all(name).iter().any(|value| value.as_bytes() == b"*");
        let date = headers.get(header::IF_UNMODIFIED_SINCE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
        Self {
            matches: headers
                .contains_key(header::IF_MATCH)
                .then(|| if is_any(header::IF_MATCH) { Wanted::AnyFile } else { Wanted::Tag }),
            none_there: is_any(header::IF_NONE_MATCH),
            unmodified_since: date.and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok()),
        }
    }

    /// Whether there must be nothing, whatever else must hold.
    pub(super) fn must_be_new(&self) -> bool {
        self.none_there
    }

    /// Whether it holds of what is there.
    pub(super) fn holds(&self, there: Option<&Metadata>) -> bool {
        let matches = match (self.matches, there) {
            (Some(Wanted::AnyFile), there) => there.is_some(),
            (Some(Wanted::Tag), _) => false,
            (None, Some(there)) => self.unmodified_since.is_none_or(|date| is_unmodified(there, date)),
            (None, None) => true,
        };
        matches && !(self.none_there && there.is_some())
    }
}

/// Dates of fields have whole seconds.
fn is_unmodified(file: &Metadata, since: Duration) -> bool {
    let modified = file.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    modified.is_none_or(|modified| modified.as_secs() <= since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    type Fields<'a> = &'a [(HeaderName, &'a str)];

    #[test]
    fn conditions_are_those_of_rfc_9110() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let there = file.as_file().metadata().expect("metadata");
        let now = httpdate::fmt_http_date(there.modified().expect("a time"));
        let past = "Sun, 06 Nov 1994 08:49:37 GMT";
        // Whether each holds of a file that is there, and of one that is not.
        let cases: [(Fields<'_>, bool, bool); 11] = [
            (&[], true, true),
            (&[(header::IF_MATCH, "*")], true, false),
            (&[(header::IF_MATCH, "\"a\"")], false, false),
            (&[(header::IF_NONE_MATCH, "*")], false, true),
            (&[(header::IF_NONE_MATCH, "\"a\", W/\"b\"")], true, true),
            (&[(header::IF_UNMODIFIED_SINCE, &now)], true, true),
            (&[(header::IF_UNMODIFIED_SINCE, past)], false, true),
            (&[(header::IF_UNMODIFIED_SINCE, "yesterday")], true, true),
            (&[(header::IF_MATCH, "*"), (header::IF_UNMODIFIED_SINCE, past)], true, false),
            (&[(header::IF_MATCH, "*"), (header::IF_NONE_MATCH, "*")], false, false),
            (&[(header::IF_NONE_MATCH, "*"), (header::IF_UNMODIFIED_SINCE, &now)], false, true),
        ];
        for (fields, of_file, of_nothing) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.insert(name, HeaderValue::from_str(value).expect("a value"));
            }
            let precondition = Precondition::read(&headers);
            assert_eq!(precondition.holds(Some(&there)), of_file, "{fields:?}");
            assert_eq!(precondition.holds(None), of_nothing, "{fields:?}");
        }
    }
}
