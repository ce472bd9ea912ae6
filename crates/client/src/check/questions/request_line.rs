//! What of the request's head arrives: `TE`, and the protocol.

use crate::check::{
    Answer,
    Direction::Request,
    Question,
    fields::evidence,
    path::{Path, Sent},
    probe::Probe,
    record::Record,
};
use axum_trailers::syntax::protocol_name;

pub(super) async fn ask(path: &Path) -> Vec<Answer> {
    let sent = path.send(Probe::get("/te")).await;
    let Some(record) = sent.record() else {
        return [Question::Te, Question::Protocol].map(|question| lost(path, &sent, question)).into();
    };
    let evidence = evidence(path, &sent);
    [te(path, record), protocol(path, record)].map(|answer| answer.with(evidence.clone())).into()
}

fn lost(path: &Path, sent: &Sent, question: Question) -> Answer {
    let answer = match (sent.limit(), sent.seen.trouble()) {
        (Some(status), _) => Answer::limited(question, status),
        (None, Some(trouble)) => {
            Answer::fail(question, "broken", format!("the exchange is broken: {trouble}"))
        }
        (None, None) => Answer::unknown(question, "no-record", "the origin has no record of the request"),
    };
    answer.with(evidence(path, sent))
}

/// `TE` is a field of one connection, so a proxy has to send its own
/// ([RFC 9110 §10.1.4](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.4)).
fn te(path: &Path, record: &Record) -> Answer {
    let te = record.te();
    let elements = te.iter().flat_map(|value| value.split(','));
    let count = elements.filter(|element| element.trim().eq_ignore_ascii_case("trailers")).count();
    match (path.mode.sends_te(), count) {
        (true, 1) => Answer::pass(Question::Te, "arrives", "TE: trailers arrives at the origin"),
        (true, 0) => {
            let detail = "TE: trailers is removed, so an HTTP/1.1 origin sends no trailers";
            Answer::fail(Question::Te, "stripped", detail).on(Request)
        }
        (false, 0) => Answer::unknown(Question::Te, "not-sent", "this mode sends no TE"),
        (false, 1) => Answer::pass(Question::Te, "added", "the path adds TE: trailers"),
        (_, count) => {
            let detail = format!("TE contains trailers {count} times");
            Answer::fail(Question::Te, "doubled", detail).on(Request)
        }
    }
}

fn protocol(path: &Path, record: &Record) -> Answer {
    let here = protocol_name(path.mode.version());
    let there = record.protocol();
    let detail = format!("{here} arrives as {there}");
    match there {
        _ if here == there => Answer::pass(Question::Protocol, "same", format!("{here} at both ends")),
        "HTTP/1.0" | "HTTP/0.9" => {
            let detail = format!("{detail}, which has no trailers");
            Answer::fail(Question::Protocol, "downgraded-to-http1.0", detail).on(Request)
        }
        _ if there < here => Answer::pass(Question::Protocol, "downgraded", detail),
        _ => Answer::pass(Question::Protocol, "upgraded", detail),
    }
}
