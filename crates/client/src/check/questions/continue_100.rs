//! Whether `100 Continue` arrives ([RFC 9110 §10.1.1](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1)).

use crate::check::{
    Answer,
    Direction::{Request, Response},
    Question,
    fields::evidence,
    path::{Path, Sent},
    probe::Probe,
    sighting::Seen,
};
use http::StatusCode;

pub(super) async fn ask(path: &Path) -> Vec<Answer> {
    let question = Question::Continue;
    if path.mode.is_http2() {
        return vec![Answer::unknown(question, "not-asked", "not asked over HTTP/2")];
    }
    let (probe, continues) = Probe::expecting("/inspect");
    let sent = path.send(probe).await;
    let count = continues.count();
    let received = format!("the client received 100 Continue {count} times");
    vec![judge(&sent, count).with(evidence(path, &sent)).with([received])]
}

pub(in crate::check) fn judge(sent: &Sent, count: usize) -> Answer {
    let question = Question::Continue;
    let expects = sent.record().map(|record| !record.request_header("expect").is_empty());
    let status = sent.seen.response().map(|sighting| sighting.status);
    if let Some(status) = sent.limit() {
        return Answer::limited(question, status);
    }
    let by_origin = sent.record().is_some_and(|record| record.status() == Some(417));
    match (&sent.seen, status) {
        (_, Some(StatusCode::EXPECTATION_FAILED)) if by_origin => {
            let detail =
                "the origin itself refuses Expect with status 417, as the workbench does over HTTP/2";
            Answer::unknown(question, "refused-by-origin", detail)
        }
        (_, Some(StatusCode::EXPECTATION_FAILED)) => {
            Answer::fail(question, "refused", "a request with Expect gets status 417").on(Request)
        }
        (Seen::Hung(_), _) => Answer::fail(question, "hangs", "a request with Expect hangs"),
        _ if sent.seen.trouble().is_some() => {
            let trouble = sent.seen.trouble().unwrap_or_default();
            Answer::fail(question, "breaks-request", format!("a request with Expect fails: {trouble}"))
        }
        _ => match (count, expects) {
            (0, _) if sent.record().is_some_and(|record| record.protocol() == "HTTP/2") => {
                let detail = "the origin is asked over HTTP/2, where it sends no 100 Continue";
                Answer::unknown(question, "not-possible", detail)
            }
            (0, Some(true)) => {
                let detail =
                    "the origin's 100 Continue is lost: each upload waits until the client's timeout";
                Answer::fail(question, "lost", detail).on(Response)
            }
            (0, None) => Answer::fail(
                question,
                "lost",
                "no 100 Continue arrives: each upload waits until the client's timeout",
            ),
            (0, Some(false)) => {
                let detail = "Expect is removed, and no 100 Continue arrives: each upload waits until the client's timeout";
                Answer::fail(question, "lost", detail).on(Request)
            }
            (1, Some(false)) => {
                Answer::pass(question, "answered-by-proxy", "a proxy answers before the origin does")
            }
            (1, _) => Answer::pass(question, "passes", "100 Continue arrives"),
            (count, _) => {
                let detail = format!("100 Continue arrives {count} times");
                Answer::fail(question, "doubled", detail).on(Response)
            }
        },
    }
}
