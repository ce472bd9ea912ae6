//! Verdicts that only a download has, beside those of its last response.

use crate::client::report::Report;
use axum_trailers::digest::REPR_DIGEST;
use axum_trailers_client::{ContentRange, Cut, DigestSource, NoDigest, Verdict};
use http::{StatusCode, header, response};

/// A rest that is right may still not complete the whole, or not verify it.
pub(super) fn rest(head: &response::Parts, requires_digest: bool, report: &mut Report) {
    let Some(range) = ContentRange::read(&head.headers).filter(|_| report.verdict().is_success()) else {
        return;
    };
    let end = range.last.saturating_add(1);
    match range.complete_length {
        Some(length) if end < length => {
            report.prefer(Verdict::Cut(Cut::Short { expected: length, received: end }));
        }
        None => report.prefer(Verdict::Cut(Cut::EndUnknown)),
        Some(_) => beginning(range.first, requires_digest, report),
    }
}

fn beginning(from: u64, requires_digest: bool, report: &mut Report) {
    let is_of_whole = |by: &DigestSource| match by {
        DigestSource::Field { name, .. } => *name == REPR_DIGEST,
        _ => true,
    };
    if report.comparisons.iter().any(|comparison| is_of_whole(&comparison.by)) {
        return;
    }
    if requires_digest {
        report.prefer(Verdict::NoDigest(NoDigest::Absent));
        report.detail = Some(format!("none of the whole, because the transfer was resumed at byte {from}"));
    } else if !report.comparisons.is_empty() {
        report.prefer(Verdict::Unverified);
        report.detail = Some(format!("only the part from byte {from} on has a digest, which matches"));
    }
}

/// Which part the user got. It can be less than the user asked for.
pub(super) fn users_part(head: &response::Parts) -> Option<String> {
    let range = ContentRange::read(&head.headers).filter(|_| head.status == StatusCode::PARTIAL_CONTENT)?;
    let complete = range.complete_length.map_or("*".to_owned(), |length| length.to_string());
    Some(format!("the part {}-{}/{complete}", range.first, range.last))
}

/// A status that is no success refuses a download, also that of a redirect that is not followed.
pub(super) fn refusal(head: &response::Parts, report: &mut Report) {
    if !matches!(report.verdict(), Verdict::Refused { .. }) {
        report.prefer(Verdict::refused(head.status));
    }
    if report.detail.is_some() {
        return;
    }
    let location = head.headers.get(header::LOCATION).filter(|_| head.status.is_redirection());
    if let Some(location) = location {
        let location = String::from_utf8_lossy(location.as_bytes());
        report.advice = Some(format!("use --location to follow it to {location}"));
    }
}

/// The beginning of the content has left, and the rest does not follow.
pub(super) fn not_continued() -> Verdict {
    let reason = "the server does not send the rest, and the beginning of the content has already left";
    Verdict::Cut(Cut::Failed(reason.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Response;

    fn judged(content_range: &str, requires_digest: bool) -> Report {
        let mut report = Report::new("https://example.com/".parse().expect("a URL"));
        let response = Response::builder().status(206).header("content-range", content_range).body(());
        rest(&response.expect("valid").into_parts().0, requires_digest, &mut report);
        report
    }

    #[test]
    fn rest_that_does_not_reach_the_end_of_the_whole_is_a_cut() {
        assert_eq!(*judged("bytes 5-8/9", false).verdict(), Verdict::Unverified);
        let short = Cut::Short { expected: 9, received: 8 };
        assert_eq!(*judged("bytes 5-7/9", false).verdict(), Verdict::Cut(short));
        assert_eq!(*judged("bytes 5-8/*", false).verdict(), Verdict::Cut(Cut::EndUnknown));
    }

    #[test]
    fn required_digest_is_one_of_the_whole() {
        let report = judged("bytes 5-8/9", true);
        assert_eq!(report.exit_code(), 8);
        assert!(report.message().contains("resumed at byte 5"), "{}", report.message());
    }

    #[test]
    fn redirect_that_is_not_followed_is_refused_with_advice() {
        for (status, location, advice) in
            [(302, "/a\u{9b}", Some("use --location to follow it to /a\u{9b}")), (404, "/a", None)]
        {
            let mut report = Report::new("https://example.com/".parse().expect("a URL"));
            let location = http::HeaderValue::from_bytes(location.as_bytes()).expect("valid");
            let response = Response::builder().status(status).header("location", location).body(());
            refusal(&response.expect("valid").into_parts().0, &mut report);
            let status = StatusCode::from_u16(status).expect("valid");
            assert_eq!((report.verdict(), report.advice.as_deref()), (&Verdict::refused(status), advice));
        }
    }
}
