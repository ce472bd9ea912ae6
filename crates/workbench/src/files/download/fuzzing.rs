//! Properties that hold for any conditions and ranges, for property tests and `fuzz/`.

use super::{
    precondition::{Access, Current, Preconditions, Validators, Verdict},
    range::Selected,
};
use http_02::{HeaderMap, HeaderName, HeaderValue, header};
use std::time::{Duration, UNIX_EPOCH};

/// Selected parts lie within the file. If a tag lets a write proceed (`If-Match`), the same tag makes a read respond
/// "not modified" (`If-None-Match`), and then a write with it as `If-None-Match` must not replace the file. (Malformed
/// tags also prevent that, but a read ignores them.)
pub fn file_conditions(lines: &[Vec<u8>]) {
    for length in [0, 1, 10, u64::MAX] {
        assert_within(&Selected::by(&fields(&header::RANGE, lines), length), length);
    }
    let file = Validators::of_test("\"a\"", 1_000_000_000);
    let current = Current::File(file.clone());
    let verdict =
        |name: &HeaderName, access| Preconditions::read(&fields(name, lines)).evaluate(access, &current);
    let is_there = verdict(&header::IF_MATCH, Access::Write) == Verdict::Proceed;
    let is_fresh = verdict(&header::IF_NONE_MATCH, Access::Read) == Verdict::NotModified;
    assert!(is_fresh || !is_there || fields(&header::IF_MATCH, lines).is_empty());
    assert!(!is_fresh || verdict(&header::IF_NONE_MATCH, Access::Write) == Verdict::Failed);

    let now = UNIX_EPOCH + Duration::from_secs(2_000_000_000);
    let conditional: HeaderMap = fields(&header::IF_RANGE, lines);
    let is_single = conditional.get_all(header::IF_RANGE).iter().count() == 1;
    if is_single && file.allow_range(&conditional, now) {
        let since = verdict(&header::IF_UNMODIFIED_SINCE, Access::Read);
        assert!(is_there || since == Verdict::Proceed, "a range stands with a validator of the file alone");
    }
}

fn fields(name: &HeaderName, lines: &[Vec<u8>]) -> HeaderMap {
    lines.iter().filter_map(|line| Some((name.clone(), HeaderValue::from_bytes(line).ok()?))).collect()
}

fn assert_within(selected: &Selected, length: u64) {
    let Selected::Parts(parts) = selected else { return };
    let mut sorted = parts.clone();
    sorted.sort_by_key(|part| part.start);
    assert!(
        !sorted.is_empty() && sorted.iter().all(|part| !part.is_empty() && part.end <= length),
        "{parts:?}"
    );
    assert!(sorted.windows(2).all(|pair| pair[0].end < pair[1].start), "{parts:?}");
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    proptest! {
        #[test]
        fn any_lines_are_conditions_or_ranges_that_hold_or_are_ignored(
            lines in vec(prop_oneof![
                "(bytes|BYTES|items)?=?([0-9]{0,25}-?[0-9]{0,25}[ ,]{0,2}){0,40}".prop_map(String::into_bytes),
                "((W/)?\"[a,]?\"?|\\*|Sun, 09 Sep 2001 01:46:40 GMT)?[ ,]{0,2}.{0,3}".prop_map(String::into_bytes),
                vec(any::<u8>(), 0..20),
            ], 0..3),
        ) {
            super::file_conditions(&lines);
        }
    }
}
