use super::*;
use crate::SenderFailure;
use Step::Trailers;
use axum_trailers::trailers::{STREAM_ERROR, StreamError, Trailers as Section};

const UNVERIFIED: &str = "complete, nothing to verify it with";

#[test]
fn failure_in_either_section_is_found() {
    let cases: [(Fields, Option<&str>); 14] = [
        (&[], None),
        (&[("grpc-status", "0")], None),
        (&[("grpc-status", "0"), ("grpc-message", "fine")], None),
        (
            &[("grpc-status", "14"), ("grpc-message", "try%20again%0a%E2%82%AC %zz")],
            Some("grpc-status 14 (UNAVAILABLE): try again\\n€ %zz"),
        ),
        (&[("grpc-status", "1"), ("grpc-message", "")], Some("grpc-status 1 (CANCELLED)")),
        (&[("grpc-status", "17")], Some("grpc-status 17")),
        (&[("grpc-status", "00")], Some("grpc-status 00")),
        (&[("grpc-status", "")], Some("grpc-status ")),
        (&[("grpc-status", "OK")], Some("grpc-status OK")),
        (&[("grpc-status", "0"), ("grpc-status", "0")], Some("grpc-status 0, 0")),
        (&[("x-stream-error", "")], None),
        (&[("x-stream-error", "disk full at 100 %25")], Some("x-stream-error: disk full at 100 %")),
        (&[("x-stream-error", "%1B[2J%0D%9B")], Some("x-stream-error: \\u{1b}[2J\\r\u{fffd}")),
        (&[("grpc-message", "fine")], None),
    ];
    for (fields, failure) in cases {
        let expected = failure.map(|failure| format!("the sender reports a failure: {failure}"));
        let expected: Vec<_> = expected.into_iter().chain([UNVERIFIED.to_owned()]).collect();
        assert_eq!(h2(&[]).findings(&[HELLO, Trailers(fields)], Verification::new()), expected, "{fields:?}");
        assert_eq!(h2(fields).findings(&[HELLO], Verification::new()), expected, "{fields:?}");
    }
}

#[test]
fn all_failures_are_listed() {
    let fields: Fields = &[("x-stream-error", "late"), ("grpc-status", "2")];
    let head = h2(&[("x-stream-error", "early"), ("trailer", "content-digest")]);
    assert_eq!(
        head.findings(&[HELLO, Trailers(fields)], Verification::new()),
        [
            "the sender reports a failure: grpc-status 2 (UNKNOWN)",
            "the sender reports a failure: x-stream-error: late",
            "the sender reports a failure: x-stream-error: early",
            "an announced trailer is missing: content-digest",
            UNVERIFIED,
        ]
    );
}

#[test]
fn message_is_decoded_and_its_field_kept() {
    let section = fields(&[("grpc-status", "2"), ("grpc-message", "a%0Ab")]);
    let [failure] = &SenderFailure::all_in(&section)[..] else { panic!("one failure") };
    assert_eq!((failure.field.as_str(), &*failure.value), ("grpc-status", "2"));
    assert_eq!(failure.message.as_deref(), Some("a\nb"));
}

#[test]
fn failure_that_the_library_writes_is_read() {
    for text in ["connection lost at row \u{e4}\n100 %", "%0A", "\x1b[2J"] {
        let mut section = Section::new();
        section.insert(STREAM_ERROR, StreamError::new(text)).expect("a permitted field");
        let [failure] = &SenderFailure::all_in(section.as_map())[..] else { panic!("one failure") };
        assert_eq!(failure.message.as_deref(), Some(text));
        assert!(!failure.to_string().contains(char::is_control));
    }
}
