use super::{kept::strong_etag, sink::Rest};
use axum_trailers_client::ContentRange;
use http::{HeaderMap, StatusCode, header};

/// What a response means for the content.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Its content is what was requested: the whole, or the part in the user's own `Range`.
    Whole,
    /// Its content continues what is there.
    Rest,
    /// Its content is not what was requested.
    Refusal,
    /// It is a success without content, so there is nothing to write: what the user's condition excludes, or a status that
    /// has none ([RFC 9110 §15.3.5](https://www.rfc-editor.org/rfc/rfc9110#section-15.3.5)).
    Nothing,
    /// It is a part, although the whole was requested.
    Unrequested,
    /// It can't continue what is there, for this reason.
    Unfit(String),
    /// The requested rest is empty. The length of the whole is in bytes.
    PastEnd { complete_length: Option<u64> },
}

impl Answer {
    /// `asked` is the rest that was requested, if it was.
    pub(super) fn of(
        status: StatusCode,
        fields: &HeaderMap,
        asked: Option<&Rest>,
        user: UsersFields,
    ) -> Self {
        match (status, asked) {
            (StatusCode::PARTIAL_CONTENT, Some(rest)) => match misfit(fields, rest) {
                None => Self::Rest,
                Some(reason) => Self::Unfit(reason),
            },
            (StatusCode::PARTIAL_CONTENT, None) if !user.has_range => Self::Unrequested,
            (StatusCode::RANGE_NOT_SATISFIABLE, Some(_)) => {
                Self::PastEnd { complete_length: unsatisfied_length(fields) }
            }
            (StatusCode::NOT_MODIFIED, _) if user.has_condition => Self::Nothing,
            (StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT, _) => Self::Nothing,
            _ if status.is_success() => Self::Whole,
            _ => Self::Refusal,
        }
    }
}

/// Fields of the user that change what a response means.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct UsersFields {
    /// A part is what is wanted.
    pub(super) has_range: bool,
    /// Only something new is wanted.
    pub(super) has_condition: bool,
}

/// Why a 206 does not continue what is there.
fn misfit(fields: &HeaderMap, rest: &Rest) -> Option<String> {
    let Some(range) = ContentRange::read(fields) else {
        return Some("the 206 response has no valid Content-Range".to_owned());
    };
    if range.first != rest.from {
        return Some(format!("the 206 response begins at byte {} instead of {}", range.first, rest.from));
    }
    if let (Some(length), Some(before)) = (range.complete_length, rest.kept.length)
        && length != before
    {
        return Some(format!("the whole has {length} bytes now, not {before}"));
    }
    // A 206 contains the validator that a 200 would contain (RFC 9110 §15.3.7). Without this check, content of a server that
    // ignores If-Range would be joined to that of an earlier version.
    (strong_etag(fields).as_ref() != Some(&rest.kept.etag)).then(|| {
        "the 206 response does not have the same ETag, so it may be a part of something else".to_owned()
    })
}

/// The length in the `Content-Range` of a 416: `bytes */1234`
/// ([RFC 9110 §15.5.17](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.17)).
fn unsatisfied_length(fields: &HeaderMap) -> Option<u64> {
    let digits = fields.get(header::CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes */")?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::{super::kept::Kept, *};
    use axum_trailers::digest::Hashers;

    fn rest(length: Option<u64>) -> Rest {
        let kept = Kept { url: "https://example.com/".to_owned(), etag: "\"a\"".to_owned(), length };
        Rest { from: 5, kept, hashers: Hashers::new([]) }
    }

    fn answer(status: u16, range: &str, etag: &str, asked: Option<&Rest>) -> Answer {
        let mut fields = HeaderMap::new();
        for (name, value) in [(header::CONTENT_RANGE, range), (header::ETAG, etag)] {
            if !value.is_empty() {
                fields.insert(name, value.parse().expect("valid"));
            }
        }
        Answer::of(StatusCode::from_u16(status).expect("valid"), &fields, asked, UsersFields::default())
    }

    #[test]
    fn only_a_206_that_fits_is_the_rest() {
        for (length, range, etag, misfit) in [
            (Some(9), "bytes 5-8/9", "\"a\"", None),
            (None, "bytes 5-8/9", "\"a\"", None),
            // The rest of the rest can be requested later.
            (Some(9), "bytes 5-6/9", "\"a\"", None),
            (Some(9), "bytes 5-8/*", "\"a\"", None),
            (Some(9), "bytes 4-8/9", "\"a\"", Some("begins at byte 4 instead of 5")),
            (Some(9), "bytes 0-8/9", "\"a\"", Some("begins at byte 0 instead of 5")),
            (Some(9), "bytes 5-9/10", "\"a\"", Some("has 10 bytes now, not 9")),
            (Some(9), "bytes 5-8/9", "\"b\"", Some("same ETag")),
            (Some(9), "bytes 5-8/9", "W/\"a\"", Some("same ETag")),
            (Some(9), "bytes 5-8/9", "", Some("same ETag")),
            (Some(9), "bytes 8-5/9", "\"a\"", Some("no valid Content-Range")),
            (Some(9), "lines 5-8/9", "\"a\"", Some("no valid Content-Range")),
            (Some(9), "", "\"a\"", Some("no valid Content-Range")),
        ] {
            match (answer(206, range, etag, Some(&rest(length))), misfit) {
                (Answer::Rest, None) => {}
                (Answer::Unfit(reason), Some(expected)) if reason.contains(expected) => {}
                (answer, _) => panic!("{range} {etag}: {answer:?}, expected {misfit:?}"),
            }
        }
    }

    #[test]
    fn other_statuses_start_over_or_refuse() {
        let rest = rest(Some(9));
        for (status, asked, expected) in [
            (200, Some(&rest), Answer::Whole),
            (200, None, Answer::Whole),
            (201, None, Answer::Whole),
            (204, Some(&rest), Answer::Nothing),
            (205, None, Answer::Nothing),
            (206, None, Answer::Unrequested),
            (304, None, Answer::Refusal),
            (304, Some(&rest), Answer::Refusal),
            (301, Some(&rest), Answer::Refusal),
            (404, None, Answer::Refusal),
            (416, None, Answer::Refusal),
            (503, Some(&rest), Answer::Refusal),
        ] {
            assert_eq!(answer(status, "", "\"a\"", asked), expected, "{status}");
        }
        for (range, complete_length) in
            [("bytes */5", Some(5)), ("bytes */+5", None), ("bytes */*", None), ("", None)]
        {
            assert_eq!(answer(416, range, "", Some(&rest)), Answer::PastEnd { complete_length }, "{range}");
        }
        let of_user = |status, user| Answer::of(status, &HeaderMap::new(), None, user);
        let ranged = UsersFields { has_range: true, has_condition: false };
        assert_eq!(of_user(StatusCode::PARTIAL_CONTENT, ranged), Answer::Whole);
        let conditional = UsersFields { has_range: false, has_condition: true };
        assert_eq!(of_user(StatusCode::NOT_MODIFIED, conditional), Answer::Nothing);
    }
}
