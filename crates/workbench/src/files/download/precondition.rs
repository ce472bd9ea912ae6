//! Conditional requests ([RFC 9110 §13](https://www.rfc-editor.org/rfc/rfc9110#section-13)), for downloads and uploads.

use super::{date, etag::EntityTag};
use axum_trailers::problem::Problem;
use http_02::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::{fs::Metadata, time::SystemTime};

/// The conditions in `If-Match`, `If-None-Match`, `If-Modified-Since` and `If-Unmodified-Since`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Preconditions {
    matches: Option<TagList>,
    none_matches: Option<TagList>,
    modified_since: Option<i64>,
    unmodified_since: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum TagList {
    Any,
    Tags(Vec<EntityTag>),
    /// Matches nothing: a write with such an `If-Match` is rejected, and a read with such an `If-None-Match` sends the
    /// file.
    Malformed,
}

/// What exists under the requested name.
#[derive(Clone, Debug)]
pub(crate) enum Current {
    Nothing,
    /// Something that `GET` does not serve, such as a link out of the folder. It has no validators.
    Unserved,
    File(Validators),
}

/// Distinguishes versions of a file ([§8.8](https://www.rfc-editor.org/rfc/rfc9110#section-8.8)).
#[derive(Clone, Debug)]
pub(crate) struct Validators {
    pub(super) tag: EntityTag,
    /// In seconds since 1970. `None` for earlier times, which `Last-Modified` can't express.
    modified: Option<i64>,
}

/// The result of the preconditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Proceed,
    NotModified,
    Failed,
}

/// Whether a method reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// `GET` and `HEAD`.
    Read,
    /// `PUT`.
    Write,
}

impl Preconditions {
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        Self {
            matches: TagList::read(headers, header::IF_MATCH),
            none_matches: TagList::read(headers, header::IF_NONE_MATCH),
            modified_since: date::only(headers, header::IF_MODIFIED_SINCE),
            unmodified_since: date::only(headers, header::IF_UNMODIFIED_SINCE),
        }
    }

    /// Whether a write requires that nothing exists. A malformed `If-None-Match` may have been meant to protect an
    /// existing file.
    pub(crate) fn must_be_new(&self) -> bool {
        matches!(self.none_matches, Some(TagList::Any | TagList::Malformed))
    }

    /// Evaluates the conditions in the order of [§13.2.2](https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2).
    pub(crate) fn evaluate(&self, access: Access, current: &Current) -> Verdict {
        let holds = match &self.matches {
            Some(wanted) => wanted.is_met(current, EntityTag::is_strongly),
            None => self.unmodified_since.is_none_or(|since| current.modified().is_none_or(|at| at <= since)),
        };
        if !holds {
            return Verdict::Failed;
        }
        let is_new = match &self.none_matches {
            Some(_) if access == Access::Write && self.must_be_new() => matches!(current, Current::Nothing),
            Some(wanted) => !wanted.is_met(current, EntityTag::is_weakly),
            None if access == Access::Read => {
                self.modified_since.is_none_or(|since| current.modified().is_none_or(|at| at > since))
            }
            None => true,
        };
        match access {
            _ if is_new => Verdict::Proceed,
            Access::Read => Verdict::NotModified,
            Access::Write => Verdict::Failed,
        }
    }
}

impl TagList {
    fn read(headers: &HeaderMap, name: HeaderName) -> Option<Self> {
        let lines: Vec<_> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        if lines.is_empty() {
            return None;
        }
        // RFC 9110 §5.3: several lines are one value. Otherwise a list that contains `*` would not be malformed.
        let value = lines.join(&b", "[..]);
        if value.trim_ascii() == b"*" {
            return Some(Self::Any);
        }
        Some(read_tags(&value).map_or(Self::Malformed, Self::Tags))
    }

    fn is_met(&self, current: &Current, compare: fn(&EntityTag, &EntityTag) -> bool) -> bool {
        match (self, current) {
            (_, Current::Nothing) | (Self::Tags(_), Current::Unserved) | (Self::Malformed, _) => false,
            (Self::Any, _) => true,
            (Self::Tags(tags), Current::File(file)) => tags.iter().any(|tag| compare(tag, &file.tag)),
        }
    }
}

/// Parses a list of tags, which may contain empty elements
/// ([§5.6.1.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1.2)).
fn read_tags(list: &[u8]) -> Option<Vec<EntityTag>> {
    let (mut tags, mut rest) = (Vec::new(), list.trim_ascii_start());
    while !rest.is_empty() {
        if !rest.starts_with(b",") {
            let (tag, behind) = EntityTag::read(rest)?;
            tags.push(tag);
            rest = behind.trim_ascii_start();
        }
        match rest {
            [] => {}
            [b',', behind @ ..] => rest = behind.trim_ascii_start(),
            _ => return None,
        }
    }
    Some(tags)
}

impl Current {
    fn modified(&self) -> Option<i64> {
        if let Self::File(file) = self { file.modified } else { None }
    }
}

impl Validators {
    pub(crate) fn of(file: &Metadata) -> Self {
        let modified = file.modified().ok().map(date::seconds).filter(|at| *at >= 0);
        Self { tag: EntityTag::of(file), modified }
    }

    /// The validators of content that is part of the program.
    pub(crate) fn of_built_in(opaque: &str) -> Self {
        Self { tag: EntityTag::strong(opaque), modified: None }
    }

    pub(crate) fn tag(&self) -> &EntityTag {
        &self.tag
    }

    /// The validators of a file with this tag and modification time, in seconds since 1970.
    #[cfg(any(test, fuzzing))]
    pub(super) fn of_test(tag: &str, modified: i64) -> Self {
        let tag = EntityTag::read(tag.as_bytes()).expect("a tag").0;
        Self { tag, modified: Some(modified) }
    }

    /// The time for `Last-Modified`, in seconds since 1970, once no other version can get the same time: otherwise a
    /// client that resumes with `If-Range` and this date could join two versions from one second
    /// ([§8.8.2.2](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.2.2)).
    ///
    /// `None` also for a time in the future. [§8.8.2.1](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.2.1) would
    /// replace it by `Date`, which differs in each response and is never settled.
    pub(super) fn last_modified(&self, now: SystemTime) -> Option<i64> {
        self.modified.filter(|modified| date::is_settled(*modified, now))
    }

    /// Whether `If-Range`, if present, allows `Range` to be used
    /// ([§13.1.5](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5)).
    pub(super) fn allow_range(&self, headers: &HeaderMap, now: SystemTime) -> bool {
        let mut lines = headers.get_all(header::IF_RANGE).iter();
        match (lines.next(), lines.next()) {
            (None, _) => true,
            (Some(_), Some(_)) => false,
            (Some(value), None) => match EntityTag::read(value.as_bytes()) {
                Some((tag, rest)) => rest.is_empty() && tag.is_strongly(&self.tag),
                None => date::read(value).is_some_and(|date| self.last_modified(now) == Some(date)),
            },
        }
    }
}

pub(crate) fn precondition_failed() -> Problem {
    let detail = "the file does not meet `If-Match`, `If-None-Match` or `If-Unmodified-Since`";
    Problem::new(StatusCode::PRECONDITION_FAILED, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    const AT: &str = "Sun, 09 Sep 2001 01:46:40 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const AFTER: &str = "Wed, 18 May 2033 03:33:20 GMT";

    /// Modified at `AT`, with the tag `"a"`.
    fn validators() -> Validators {
        Validators::of_test("\"a\"", 1_000_000_000)
    }

    fn headers(fields: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_str(value).expect("a value"));
        }
        headers
    }

    #[test]
    fn reads_and_writes_have_the_same_answers() {
        use header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
        // The results of a read of the file, a write to it, and a write to an unused name.
        let cases: &[(&[(HeaderName, &str)], &str)] = &[
            (&[], "200 200 201"),
            (&[(IF_MATCH, "*")], "200 200 412"),
            (&[(IF_MATCH, "\"a\"")], "200 200 412"),
            (&[(IF_MATCH, "\"b\", \"a\"")], "200 200 412"),
            (&[(IF_MATCH, "\"b\""), (IF_MATCH, ",, \"a\" ,")], "200 200 412"),
            (&[(IF_MATCH, "\"b\"")], "412 412 412"),
            (&[(IF_MATCH, "W/\"a\"")], "412 412 412"),
            (&[(IF_MATCH, "a")], "412 412 412"),
            (&[(IF_MATCH, "")], "412 412 412"),
            (&[(IF_MATCH, " * ")], "200 200 412"),
            (&[(IF_MATCH, "\"b\", *")], "412 412 412"),
            (&[(IF_MATCH, "\"b\""), (IF_MATCH, "*")], "412 412 412"),
            (&[(IF_MATCH, "*"), (IF_MATCH, "*")], "412 412 412"),
            (&[(IF_MATCH, "*"), (IF_MATCH, "")], "412 412 412"),
            (&[(IF_MATCH, "\"a\", *")], "412 412 412"),
            (&[(IF_MATCH, "\"b\" \"a\"")], "412 412 412"),
            (&[(IF_MATCH, "\"b"), (IF_MATCH, "\"a\"")], "412 412 412"),
            (&[(IF_NONE_MATCH, "*")], "304 412 201"),
            (&[(IF_NONE_MATCH, "\"a\"")], "304 412 201"),
            (&[(IF_NONE_MATCH, "\"b,\", W/\"a\"")], "304 412 201"),
            (&[(IF_NONE_MATCH, "\"b\"")], "200 200 201"),
            (&[(IF_NONE_MATCH, "")], "200 200 201"),
            (&[(IF_NONE_MATCH, " ,, ")], "200 200 201"),
            (&[(IF_NONE_MATCH, "a")], "200 412 201"),
            (&[(IF_NONE_MATCH, "\"*")], "200 412 201"),
            (&[(IF_NONE_MATCH, "*, *")], "200 412 201"),
            (&[(IF_NONE_MATCH, "*"), (IF_NONE_MATCH, "*")], "200 412 201"),
            (&[(IF_NONE_MATCH, "*,")], "200 412 201"),
            (&[(IF_NONE_MATCH, "W/*")], "200 412 201"),
            (&[(IF_NONE_MATCH, "\"b\", *")], "200 412 201"),
            (&[(IF_NONE_MATCH, "\"b\""), (IF_NONE_MATCH, "*")], "200 412 201"),
            (&[(IF_NONE_MATCH, "\"b\" \"c\"")], "200 412 201"),
            (&[(IF_MODIFIED_SINCE, AT)], "304 200 201"),
            (&[(IF_MODIFIED_SINCE, BEFORE)], "200 200 201"),
            (&[(IF_MODIFIED_SINCE, AT), (IF_MODIFIED_SINCE, AT)], "200 200 201"),
            (&[(IF_MODIFIED_SINCE, "yesterday")], "200 200 201"),
            (&[(IF_UNMODIFIED_SINCE, AT)], "200 200 201"),
            (&[(IF_UNMODIFIED_SINCE, BEFORE)], "412 412 201"),
            (&[(IF_UNMODIFIED_SINCE, "yesterday")], "200 200 201"),
            (&[(IF_NONE_MATCH, "\"b\""), (IF_MODIFIED_SINCE, AT)], "200 200 201"),
            (&[(IF_NONE_MATCH, "\"a\""), (IF_MODIFIED_SINCE, BEFORE)], "304 412 201"),
            (&[(IF_MATCH, "\"a\""), (IF_UNMODIFIED_SINCE, BEFORE)], "200 200 412"),
            (&[(IF_MATCH, "\"b\""), (IF_UNMODIFIED_SINCE, AT)], "412 412 412"),
            (&[(IF_MATCH, "\"b\""), (IF_NONE_MATCH, "\"a\"")], "412 412 412"),
            (&[(IF_MATCH, "*"), (IF_NONE_MATCH, "*")], "304 412 412"),
            (&[(IF_UNMODIFIED_SINCE, AT), (IF_MODIFIED_SINCE, AT)], "304 200 201"),
            (&[(IF_UNMODIFIED_SINCE, BEFORE), (IF_MODIFIED_SINCE, AT)], "412 412 201"),
        ];
        for (fields, expected) in cases {
            let preconditions = Preconditions::read(&headers(fields));
            let (file, nothing) = (Current::File(validators()), Current::Nothing);
            let came =
                [(Access::Read, &file, 200), (Access::Write, &file, 200), (Access::Write, &nothing, 201)]
                    .map(|(access, current, status)| match preconditions.evaluate(access, current) {
                        Verdict::Proceed => status,
                        Verdict::NotModified => 304,
                        Verdict::Failed => 412,
                    });
            assert_eq!(came.map(|status| status.to_string()).join(" "), *expected, "{fields:?}");
        }
    }

    #[test]
    fn what_is_not_served_is_there_without_validators() {
        for (field, verdict) in [
            ((header::IF_MATCH, "*"), Verdict::Proceed),
            ((header::IF_NONE_MATCH, "*"), Verdict::Failed),
            ((header::IF_MATCH, "\"a\""), Verdict::Failed),
            ((header::IF_NONE_MATCH, "\"a\""), Verdict::Proceed),
            ((header::IF_NONE_MATCH, "W/*"), Verdict::Failed),
            ((header::IF_UNMODIFIED_SINCE, BEFORE), Verdict::Proceed),
        ] {
            let preconditions = Preconditions::read(&headers(std::slice::from_ref(&field)));
            assert_eq!(preconditions.evaluate(Access::Write, &Current::Unserved), verdict, "{field:?}");
        }
    }

    #[test]
    fn range_is_used_only_if_the_content_is_unchanged() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000_003);
        for (values, stands) in [
            (&[][..], true),
            (&["\"a\""], true),
            (&[AT], true),
            (&["Sunday, 09-Sep-01 01:46:40 GMT"], true),
            (&["W/\"a\""], false),
            (&["\"b\""], false),
            (&["\"b\", \"a\""], false),
            (&["\"a\"", "\"a\""], false),
            (&["*"], false),
            (&["a"], false),
            (&[""], false),
            (&[BEFORE], false),
            (&[AFTER], false),
        ] {
            let fields: Vec<_> = values.iter().map(|value| (header::IF_RANGE, *value)).collect();
            assert_eq!(validators().allow_range(&headers(&fields), now), stands, "{values:?}");
        }
        let too_early = UNIX_EPOCH + Duration::from_millis(1_000_000_002_999);
        assert!(!validators().allow_range(&headers(&[(header::IF_RANGE, AT)]), too_early));
        assert!(validators().allow_range(&headers(&[(header::IF_RANGE, "\"a\"")]), too_early));
    }

    #[test]
    fn last_modified_is_sent_once_no_other_content_can_have_it() {
        for (now, is_sent) in [(999_999_999, false), (1_000_000_002, false), (1_000_000_003, true)] {
            let now = UNIX_EPOCH + Duration::from_secs(now);
            assert_eq!(validators().last_modified(now), is_sent.then_some(1_000_000_000));
        }
    }

    #[test]
    fn file_from_before_1970_has_no_date() {
        let file = tempfile::tempfile().expect("a file");
        for (modified, date) in [
            (UNIX_EPOCH - Duration::from_millis(500), None),
            (UNIX_EPOCH, Some(0)),
            (UNIX_EPOCH + Duration::from_millis(1999), Some(1)),
        ] {
            file.set_modified(modified).expect("dated");
            assert_eq!(Validators::of(&file.metadata().expect("metadata")).modified, date);
        }
    }
}
