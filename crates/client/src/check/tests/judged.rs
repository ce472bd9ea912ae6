use super::{Response, record, recorded};
use crate::{
    check::{
        Answer, Direction, Mode, Outcome, Question,
        path::Sent,
        questions::{continue_100, cuts, request_trailers, response_trailers, upload},
        record::Recorded,
        sighting::Seen,
    },
    verdict::{Cut, Verdict},
};
use http::HeaderName;
use serde_json::{Value, json};

const A: HeaderName = HeaderName::from_static("x-path-a");

/// Outcome, finding and direction.
type Summary<'s> = (Outcome, &'s str, Option<Direction>);

fn summary(answer: &Answer) -> Summary<'_> {
    (answer.outcome, answer.finding, answer.direction)
}

#[test]
fn response_trailers_are_judged_by_both_ends() {
    use Direction::{Request, Response as Back};
    use Outcome::{Fail, Pass, Unknown};
    let sent = || record("HTTP/2", &["trailers"], &[("x-path-a", "1")]);
    let response = || Response::new(200).content("abc");
    let http1 = |te: &[&str]| record("HTTP/1.1", te, &[]);
    let cases: [(&str, Mode, Sent, Summary<'_>); 15] = [
        ("arrives", Mode::Http2Te, response().trailer("x-path-a", "1").with(&sent()), (Pass, "arrive", None)),
        (
            "dropped",
            Mode::Http2Te,
            response().header("trailer", "x-path-a").with(&sent()),
            (Fail, "dropped", Some(Back)),
        ),
        (
            "without Trailer",
            Mode::Http2Te,
            response().with(&sent()),
            (Fail, "dropped-with-announcement", Some(Back)),
        ),
        (
            "merged",
            Mode::Http2Te,
            response().header("x-path-a", "1").with(&sent()),
            (Fail, "merged-into-header", Some(Back)),
        ),
        (
            "leaked",
            Mode::Http1Te,
            Response::new(200).content("abcX-Path-A: 1\r\n").with(&sent()),
            (Fail, "leaked-into-content", Some(Back)),
        ),
        (
            "changed",
            Mode::Http2Te,
            response().trailer("x-path-a", "2").with(&sent()),
            (Fail, "changed", Some(Back)),
        ),
        (
            "doubled",
            Mode::Http2Te,
            response().trailer("x-path-a", "1").trailer("x-path-a", "1").with(&sent()),
            (Fail, "doubled", Some(Back)),
        ),
        (
            "no TE at the origin",
            Mode::Http1Te,
            response().with(&http1(&[])),
            (Fail, "not-sent", Some(Request)),
        ),
        ("downgraded", Mode::Http2, response().with(&http1(&[])), (Fail, "not-sent", Some(Request))),
        ("not asked for", Mode::Http1, response().with(&http1(&[])), (Unknown, "not-asked", None)),
        ("asked for by the path", Mode::Http1, response().with(&sent()), (Unknown, "not-asked", None)),
        (
            "and arrive",
            Mode::Http1,
            response().trailer("x-path-a", "1").with(&sent()),
            (Pass, "arrive", None),
        ),
        ("cut", Mode::Http2Te, response().cut().with(&sent()), (Fail, "broken", Some(Back))),
        ("another status", Mode::Http2Te, Response::new(502).with(&sent()), (Fail, "broken", Some(Back))),
        (
            "no request",
            Mode::Http2Te,
            Sent { seen: Response::new(400).seen(), recorded: Recorded::Absent },
            (Fail, "broken", Some(Request)),
        ),
    ];
    for (name, mode, sent, expected) in cases {
        let answer = response_trailers::found(mode, &sent, Question::Trailers, &[(A, &["1"])]);
        assert_eq!(summary(&answer), expected, "{name}: {answer:?}");
    }
}

#[test]
fn status_that_limits_requests_answers_nothing() {
    for (status, finding) in [(429, "refused"), (503, "refused"), (502, "broken"), (403, "broken")] {
        let sent = Sent { seen: Response::new(status).seen(), recorded: Recorded::Absent };
        let answer = response_trailers::found(Mode::Http2Te, &sent, Question::Trailers, &[(A, &["1"])]);
        assert_eq!(answer.finding, finding, "{status}");
    }
}

#[test]
fn repeated_and_long_fields_are_compared_with_what_was_sent() {
    let sent = || record("HTTP/2", &[], &[("x-path-a", "1"), ("x-path-a", "2")]);
    let response = || Response::new(200).content("abc");
    for (received, finding) in [
        (response().trailer("x-path-a", "1").trailer("x-path-a", "2"), "arrive"),
        (response().trailer("x-path-a", "1, 2"), "joined"),
        (response().trailer("x-path-a", "1,2"), "joined"),
        (response().trailer("x-path-a", "1"), "dropped-in-part"),
        (response().trailer("x-path-a", "2").trailer("x-path-a", "1"), "reordered"),
        (response().trailer("x-path-a", "3").trailer("x-path-a", "4"), "changed"),
    ] {
        let answer = response_trailers::found(
            Mode::Http2,
            &received.with(&sent()),
            Question::TrailersRepeated,
            &[(A, &["1", "2"])],
        );
        assert_eq!(answer.finding, finding, "{answer:?}");
    }
    let long = record("HTTP/2", &[], &[("x-path-a", "abcdef")]);
    let received = response().trailer("x-path-a", "abc").with(&long);
    let answer =
        response_trailers::found(Mode::Http2, &received, Question::TrailersLong, &[(A, &["abcdef"])]);
    assert_eq!(answer.finding, "truncated");
}

/// The record of a request with these fields.
fn request(headers: &Value, trailers: &Value) -> Value {
    let mut record = record("HTTP/1.1", &[], &[]);
    record["request"]["headers"] = headers.clone();
    record["request"]["trailers"] = trailers.clone();
    record
}

#[test]
fn request_trailers_are_judged_by_what_the_origin_received() {
    use Direction::{Request, Response as Back};
    use Outcome::{Fail, Pass, Unknown};
    let field = |name: &str, value: &str| json!({ "name": name, "value": value });
    let all = json!([field("x-path-a", "1"), field("x-path-b", "2"), field("x-path-b", "3")]);
    let joined = json!([field("x-path-a", "1"), field("x-path-b", "2, 3")]);
    let none = json!([]);
    let ok = || Response::new(200);
    let cases: [(&str, Sent, Summary<'_>); 9] = [
        ("all", ok().with(&request(&none, &all)), (Pass, "arrive", None)),
        ("joined", ok().with(&request(&none, &joined)), (Fail, "joined", Some(Request))),
        ("none", ok().with(&request(&none, &none)), (Fail, "stripped", Some(Request))),
        (
            "one",
            ok().with(&request(&none, &json!([field("x-path-a", "1")]))),
            (Fail, "stripped-in-part", Some(Request)),
        ),
        ("header fields", ok().with(&request(&all, &none)), (Fail, "merged-into-header", Some(Request))),
        (
            "refused with them in it",
            Response::new(400).with(&request(&all, &none)),
            (Fail, "merged-into-header", Some(Request)),
        ),
        (
            "refused",
            Sent { seen: Response::new(411).seen(), recorded: Recorded::Absent },
            (Fail, "breaks-request", Some(Request)),
        ),
        (
            "lost on the way back",
            Response::new(502).with(&request(&none, &all)),
            (Fail, "breaks-request", Some(Back)),
        ),
        ("no record", Sent { seen: ok().seen(), recorded: Recorded::Absent }, (Unknown, "no-record", None)),
    ];
    for (name, sent, expected) in cases {
        assert_eq!(summary(&request_trailers::judge(&sent, None)), expected, "{name}");
    }
    let failed = || Seen::Failed(crate::Error::NoResponse(Cut::Closed));
    let finding = |seen, neighbour| {
        let sent = Sent { seen, recorded: Recorded::Absent };
        request_trailers::judge(&sent, Some(&neighbour)).finding
    };
    assert_eq!(finding(failed(), Response::new(200).seen()), "breaks-request");
    assert_eq!(finding(failed(), failed()), "breaks-connection");
    assert_eq!(finding(Response::new(411).seen(), failed()), "breaks-request");
}

#[test]
fn cut_transfers_are_errors_or_clean_ends() {
    use Outcome::{Fail, Pass, Unknown};
    let with = |member: &str, value: Value| {
        let mut record = record("HTTP/2", &[], &[]);
        record["state"] = "cut".into();
        record[member] = value;
        record
    };
    let cut = || with("state", "cut".into());
    let whole = with("state", "complete".into());
    let refused = with("status", 400.into());
    let sign = Verdict::LocalTrouble("a sign".to_owned());
    let failed = || Seen::Failed(crate::Error::NoResponse(Cut::Closed));
    let cases: [(Sent, (Outcome, &str)); 11] = [
        (Response::new(200).cut().with(&cut()), (Pass, "error")),
        (Response::new(502).with(&cut()), (Pass, "error")),
        (Sent { seen: failed(), recorded: recorded(&cut()) }, (Pass, "error")),
        (Sent { seen: Seen::Hung(None), recorded: recorded(&cut()) }, (Fail, "hangs")),
        (Response::new(200).with(&cut()), (Fail, "clean-end-unnoticed")),
        (
            Response::new(200).verdict(Verdict::Cut(Cut::EndUnknown)).with(&cut()),
            (Fail, "clean-end-unnoticed"),
        ),
        (Response::new(200).verdict(sign).with(&cut()), (Fail, "clean-end-noticed")),
        // These show nothing about a cut transfer.
        (Response::new(400).with(&refused), (Unknown, "not-possible")),
        (Response::new(200).with(&whole), (Unknown, "not-cut")),
        (Sent { seen: failed(), recorded: Recorded::Absent }, (Unknown, "no-record")),
        (Sent { seen: failed(), recorded: Recorded::Unreadable }, (Unknown, "no-record")),
    ];
    for (sent, expected) in cases {
        let answer = cuts::judge(&sent, Question::CutReset);
        assert_eq!((answer.outcome, answer.finding), expected, "{answer:?}");
    }
}

#[test]
fn aborted_upload_is_judged_by_the_origin_s_record() {
    use Outcome::{Fail, Pass, Unknown};
    let state = |state: &str| {
        let mut record = record("HTTP/1.1", &[], &[]);
        record["request"]["state"] = state.into();
        recorded(&record)
    };
    for (recorded, expected) in [
        (state("cut"), (Pass, "cut")),
        (state("complete"), (Fail, "complete")),
        (state("running"), (Unknown, "running")),
        (state("unread"), (Unknown, "refused-by-origin")),
        (Recorded::Absent, (Pass, "cut")),
        (Recorded::Unreadable, (Unknown, "no-record")),
    ] {
        let answer = upload::judge(&recorded);
        assert_eq!((answer.outcome, answer.finding), expected);
    }
}

#[test]
fn refusal_of_expect_is_blamed_on_a_proxy_only_if_the_origin_sent_none() {
    let with_status = |status: u16| {
        let mut record = record("HTTP/2", &[], &[]);
        record["status"] = status.into();
        record
    };
    for (sent, expected) in [
        (Response::new(417).with(&with_status(417)), (Outcome::Unknown, "refused-by-origin")),
        (Response::new(417).with(&with_status(200)), (Outcome::Fail, "refused")),
        (Sent { seen: Response::new(417).seen(), recorded: Recorded::Absent }, (Outcome::Fail, "refused")),
    ] {
        let answer = continue_100::judge(&sent, 0);
        assert_eq!((answer.outcome, answer.finding), expected, "{answer:?}");
    }
}

#[test]
fn record_is_absent_only_if_the_origin_itself_has_none() {
    let read = |status: u16, content: &str| {
        Recorded::read(http::StatusCode::from_u16(status).expect("a status"), content.as_bytes())
    };
    assert!(matches!(read(200, r#"{"request":{}}"#), Recorded::Found(_)));
    assert!(matches!(read(200, r#"{"request":{}}x-trailer: 1"#), Recorded::Found(_)), "with an appendix");
    assert!(matches!(read(404, r#"{"status":404,"detail":"none"}"#), Recorded::Absent));
    for (status, content) in
        [(404, "<h1>Not Found</h1>"), (502, "{}"), (200, ""), (200, "null"), (403, r#"{"status":404}"#)]
    {
        assert!(matches!(read(status, content), Recorded::Unreadable), "{status} {content}");
    }
}
