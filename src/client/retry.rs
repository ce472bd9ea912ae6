//! When a transfer is tried again.

use super::report::Report;
use axum_trailers_client::{ConnectError, Cut, Verdict};
use http::{HeaderMap, StatusCode, header};
use std::time::{Duration, SystemTime};

/// The pause before the second attempt. Each is twice as long as that before it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause, unless the server asks for a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The longest pause that a server may ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(300);

/// The attempts that remain.
#[derive(Debug)]
pub(super) struct Retries {
    left: u32,
    pause: Duration,
}

/// What follows an attempt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Pause(Duration),
    /// For this reason, unless it is obvious.
    GiveUp(Option<String>),
}

impl Retries {
    pub(super) fn new(count: u32) -> Self {
        Self { left: count, pause: FIRST_PAUSE }
    }

    pub(super) fn after(&mut self, report: &Report, now: SystemTime) -> Next {
        if self.left == 0 || !may_pass(report.verdict()) {
            return Next::GiveUp(None);
        }
        let asked = report.head.as_ref().and_then(|head| retry_after(&head.fields, now)).unwrap_or_default();
        if asked > LONGEST_RETRY_AFTER {
            let (asked, most) = (asked.as_secs(), LONGEST_RETRY_AFTER.as_secs());
            return Next::GiveUp(Some(format!(
                "the server asks for a pause of {asked} s, more than the {most} s to wait at most"
            )));
        }
        let pause = self.pause.max(asked);
        self.left -= 1;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Next::Pause(pause)
    }
}

/// Whether another attempt may succeed.
fn may_pass(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::NotConnected(error) => !matches!(error, ConnectError::UnsupportedProxy { .. }),
        Verdict::Cut(cut) => matches!(
            cut,
            Cut::Reset { .. }
                | Cut::GoAway { .. }
                | Cut::Closed
                | Cut::Short { .. }
                | Cut::Stalled(_)
                | Cut::Failed(_)
        ),
        Verdict::Refused { status, .. } => PASSING.contains(status),
        _ => false,
    }
}

/// As in curl.
const PASSING: [StatusCode; 6] = [
    StatusCode::REQUEST_TIMEOUT,
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::INTERNAL_SERVER_ERROR,
    StatusCode::BAD_GATEWAY,
    StatusCode::SERVICE_UNAVAILABLE,
    StatusCode::GATEWAY_TIMEOUT,
];

/// The pause of a `Retry-After` field: seconds, or a date
/// ([RFC 9110 §10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)).
fn retry_after(fields: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = fields.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that is too large for its type is also too long to wait.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    httpdate::parse_http_date(value).ok()?.duration_since(now).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum_trailers_client::{ErrorCode, Proxy};

    fn report(verdict: Verdict) -> Report {
        let mut report = Report::new("https://example.com/".parse().expect("a URL"));
        report.prefer(verdict);
        report
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_end() {
        let mut retries = Retries::new(8);
        let mut pauses = Vec::new();
        while let Next::Pause(pause) = retries.after(&report(Verdict::Cut(Cut::Closed)), SystemTime::now()) {
            pauses.push(pause.as_secs());
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let refused = |status| Verdict::refused(StatusCode::from_u16(status).expect("valid"));
        let timeout = ConnectError::Timeout(Duration::from_secs(1));
        let proxy = Proxy::new("socks5://proxy").expect_err("not supported");
        for (verdict, expected) in [
            (Verdict::Cut(Cut::Reset { code: ErrorCode::Http2(2) }), true),
            (Verdict::Cut(Cut::Short { expected: 2, received: 1 }), true),
            (Verdict::Cut(Cut::Stalled(Duration::from_secs(1))), true),
            (Verdict::NotConnected(timeout), true),
            (Verdict::NotConnected(proxy), false),
            (refused(408), true),
            (refused(429), true),
            (refused(503), true),
            (refused(404), false),
            (refused(501), false),
            (refused(301), false),
            (Verdict::Cut(Cut::TimedOut(Duration::from_secs(1))), false),
            (Verdict::Cut(Cut::EndUnknown), false),
            (Verdict::Cut(Cut::Malformed(String::new())), false),
            (Verdict::LocalTrouble(String::new()), false),
            (Verdict::Unverified, false),
        ] {
            let next = Retries::new(1).after(&report(verdict.clone()), SystemTime::now());
            assert_eq!(matches!(next, Next::Pause(_)), expected, "{verdict}");
        }
        let next = Retries::new(0).after(&report(refused(503)), SystemTime::now());
        assert_eq!(next, Next::GiveUp(None));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").expect("a date");
        for (value, expected) in [
            ("120", Some(120)),
            ("0", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            // It is in the past.
            ("Sun, 06 Nov 1994 08:48:37 GMT", None),
            ("-1", None),
            ("+1", None),
            ("soon", None),
            ("", None),
        ] {
            let fields = HeaderMap::from_iter([(header::RETRY_AFTER, value.parse().expect("valid"))]);
            assert_eq!(retry_after(&fields, now).map(|pause| pause.as_secs()), expected, "{value}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
