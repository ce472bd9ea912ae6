//! Trailers that need not follow, that only report a failure, or that are not declared.

use super::{
    helpers::{answer, http2, read_as_server},
    prelude::*,
};
use crate::{
    body::{FinishError, Sender, channel},
    layers::ContentDigestLayer,
    trailers::{Declaration, Declared, STREAM_ERROR, StreamError, Trailers, server::FailureMark},
};
use axum_trailers_testing::fields as read_fields;

type End = fn(Sender) -> Result<(), FinishError>;

fn declaration() -> Declaration {
    Declaration::required(crate::declared!["x-rows"])
        .optional(crate::declared!["x-cursor"])
        .on_failure(crate::declared!["x-stream-error"])
}

/// The response of a body that ends like this.
fn ended(declaration: Declaration, end: impl FnOnce(Sender) -> Result<(), FinishError>) -> Response {
    let (sender, body) = channel(64, declaration);
    end(sender).expect("as declared");
    body.into_response()
}

/// What a server does over a protocol that sends unannounced trailers.
fn leave_out(response: &mut Response) {
    let mark: FailureMark = response.extensions().get().cloned().expect("a mark");
    mark.leave_out_optional(response.headers_mut());
}

#[test]
fn all_declared_fields_are_announced_unless_the_server_leaves_out_the_optional_ones() {
    let mut response = ended(declaration(), |sender| sender.finish(fields(&[("x-rows", "1")])));
    assert_eq!(response.headers()[header::TRAILER], "x-rows, x-cursor, x-stream-error");
    leave_out(&mut response);
    assert_eq!(response.headers()[header::TRAILER], "x-rows");

    let only_optional = Declaration::default().optional(crate::declared!["x-cursor"]);
    let mut response = ended(only_optional, |sender| sender.finish(Trailers::new()));
    leave_out(&mut response);
    assert!(!response.headers().contains_key(header::TRAILER));
}

#[test]
fn field_of_failures_is_empty_without_one_if_it_is_announced() {
    let cases: [(End, &[_], &[_]); 3] = [
        (|sender| sender.finish(fields(&[("x-rows", "1")])), &[("x-rows", "1")], &[("x-stream-error", "")]),
        (
            |sender| sender.finish(fields(&[("x-rows", "1"), ("x-cursor", "a")])),
            &[("x-rows", "1"), ("x-cursor", "a")],
            &[("x-stream-error", "")],
        ),
        (
            |sender| sender.fail_with_trailers(fields(&[("x-stream-error", "lost")])),
            &[("x-stream-error", "lost")],
            &[],
        ),
    ];
    for (end, sent, added) in cases {
        let announced = read_as_server(ended(declaration(), end));
        assert_eq!(announced.trailers, Some(read_fields(&[sent, added].concat())));

        let mut response = ended(declaration(), end);
        leave_out(&mut response);
        assert_eq!(read_as_server(response).trailers, Some(read_fields(sent)));
    }
}

#[test]
fn trailers_of_a_success_contain_no_field_of_failures() {
    let (sender, _body) = channel(64, declaration());
    let name = http::HeaderName::from_static("x-stream-error");
    let refused = sender.finish(fields(&[("x-rows", "1"), ("x-stream-error", "")]));
    assert_eq!(refused, Err(FinishError::ReportsFailure { name }));
}

#[test]
fn required_fields_are_needed_only_for_a_success_and_others_must_be_declared() {
    let (sender, _body) = channel(64, declaration());
    let missing = FinishError::Missing { name: http::HeaderName::from_static("x-rows") };
    assert_eq!(sender.finish(fields(&[("x-cursor", "a")])), Err(missing));

    let other = FinishError::Undeclared { name: http::HeaderName::from_static("x-other") };
    let (sender, _body) = channel(64, declaration());
    assert_eq!(sender.finish(fields(&[("x-rows", "1"), ("x-other", "a")])), Err(other.clone()));
    let (sender, _body) = channel(64, declaration());
    assert_eq!(sender.fail_with_trailers(fields(&[("x-other", "a")])), Err(other));
}

#[test]
fn undeclared_fields_are_sent_and_not_announced() {
    for failing in [false, true] {
        let response = ended(Declaration::from(crate::declared!["x-rows"]).undeclared(), |sender| {
            let trailers = fields(&[("x-rows", "1"), ("x-other", "a")]);
            if failing { sender.fail_with_trailers(trailers) } else { sender.finish(trailers) }
        });
        assert_eq!(response.headers()[header::TRAILER], "x-rows");
        let trailers = read_as_server(response).trailers;
        assert_eq!(trailers, Some(read_fields(&[("x-rows", "1"), ("x-other", "a")])));
    }
    let response = ended(Declaration::default().undeclared(), |sender| {
        sender.fail_with_trailers(fields(&[("x-a", "1")]))
    });
    assert!(response.extensions().get::<FailureMark>().is_some(), "a trailer can report a failure");
}

#[test]
fn mark_knows_which_announced_fields_need_not_follow() {
    let response = ended(declaration(), |sender| sender.finish(fields(&[("x-rows", "1")])));
    let mark: &FailureMark = response.extensions().get().expect("a mark");
    let lacking = ["x-rows", "x-cursor", "x-stream-error", "x-other"].map(|name| mark.may_lack(name));
    assert_eq!(lacking, [false, true, true, false]);
    let response =
        ended(crate::declared!["x-rows"].into(), |sender| sender.finish(fields(&[("x-rows", "1")])));
    assert!(!response.extensions().get::<FailureMark>().expect("a mark").may_lack("x-rows"));
}

#[tokio::test]
async fn digest_joins_them_and_is_left_out_after_a_failure() {
    for failing in [false, true] {
        let response = answer(ContentDigestLayer::new(), http2(), |_| {
            ended(declaration(), |sender| {
                if failing {
                    let mut trailers = Trailers::new();
                    trailers.insert(STREAM_ERROR, StreamError::new("lost"))?;
                    sender.fail_with_trailers(trailers)
                } else {
                    sender.finish(fields(&[("x-rows", "1")]))
                }
            })
        })
        .await;
        assert_eq!(response.headers()[header::TRAILER], "x-rows, x-cursor, x-stream-error, content-digest");
        let trailers = read_as_server(response).trailers.expect("trailers");
        assert_eq!(trailers.contains_key("content-digest"), !failing);
        assert_eq!(trailers["x-stream-error"], if failing { "lost" } else { "" });
    }
}

#[test]
fn declaration_permits_what_it_lists() {
    let permits = |declaration: &Declaration| {
        ["x-rows", "x-cursor", "x-stream-error", "x-other"].map(|name| declaration.permits(name))
    };
    assert_eq!(permits(&declaration()), [true, true, true, false]);
    assert_eq!(permits(&declaration().undeclared()), [true; 4]);
    assert_eq!(permits(&Declared::none().into()), [false; 4]);
}

#[test]
fn kinds_add_up_and_a_field_keeps_its_first_one() {
    let declaration = Declaration::required(crate::declared!["x-a"])
        .optional(crate::declared!["x-b"])
        .optional(crate::declared!["x-c", "x-a"])
        .on_failure(crate::declared!["x-d"])
        .on_failure(crate::declared!["x-e", "x-b"]);
    let sent = [("x-a", "1"), ("x-b", "2"), ("x-c", "3")];
    let response = ended(declaration.clone(), |sender| sender.finish(fields(&sent)));
    assert_eq!(response.headers()[header::TRAILER], "x-a, x-b, x-c, x-d, x-e");
    let (sender, _body) = channel(64, declaration);
    let missing = FinishError::Missing { name: http::HeaderName::from_static("x-a") };
    assert_eq!(sender.finish(fields(&[("x-b", "2")])), Err(missing));
}

#[test]
fn undeclared_fields_are_not_forbidden_ones() {
    let any = Declaration::default().undeclared();
    assert!(any.permits("x-other") && !any.permits("content-length"));
}

/// A client would take it for a failure.
#[test]
fn field_of_failures_that_was_set_beforehand_is_left_out_of_a_success() {
    for leaves_out in [false, true] {
        let (sender, mut body) = channel(64, declaration());
        body.set_trailers(fields(&[("x-stream-error", "boom"), ("x-set", "1")])).expect("permitted");
        sender.finish(fields(&[("x-rows", "1")])).expect("as declared");
        let mut response = body.into_response();
        if leaves_out {
            leave_out(&mut response);
        }
        let trailers = read_as_server(response).trailers.expect("trailers");
        let expected = (!leaves_out).then_some("");
        assert_eq!(trailers.get("x-stream-error").map(|value| value.to_str().expect("text")), expected);
        assert_eq!(trailers["x-set"], "1");
    }
}

/// A layer has put another body under the head: its failure is not that of the sender whose reader is gone.
#[test]
fn failure_that_has_no_reader_is_not_marked() {
    let (sender, body) = channel(64, declaration());
    let response = body.into_response();
    let mark: FailureMark = response.extensions().get().cloned().expect("a mark");
    drop(response);
    let failed = sender.fail_with_trailers(fields(&[("x-stream-error", "lost")]));
    assert_eq!(failed, Err(FinishError::ReaderGone));
    assert!(!mark.is_set());
}

#[tokio::test]
async fn debug_output_has_no_content() {
    let (mut sender, body) = channel(64, declaration());
    sender.send("secret").await.expect("room");
    let response = body.into_response();
    let mark: &FailureMark = response.extensions().get().expect("a mark");
    let text = format!("{sender:?} {mark:?} {:?}", response.body());
    assert!(!text.contains("secret"), "{text}");
}
