//! What is added to a response of unknown length: a length, or a coding.

use crate::check::{
    Answer,
    Direction::Response,
    Question,
    fields::evidence,
    path::{Path, Sent},
    probe::Probe,
};
use http::{HeaderName, HeaderValue, header};

/// Whether a field is in a response that the origin has sent without it. `None` if there is nothing to compare.
fn is_added(sent: &Sent, name: &HeaderName) -> Option<bool> {
    let (sighting, record) = (sent.seen.success()?, sent.record()?);
    Some(sighting.headers.contains_key(name) && record.sent_header(name.as_str()).is_empty())
}

/// Trailers need content of unknown length in HTTP/1.1
/// ([RFC 9112 §7.1.2](https://www.rfc-editor.org/rfc/rfc9112#section-7.1.2)). `slow` is a slow response: of a short one, some
/// proxies know the length at times.
pub(super) fn length(path: &Path, slow: &Sent) -> Answer {
    let question = Question::Length;
    let answer = match is_added(slow, &header::CONTENT_LENGTH) {
        None => Answer::unknown(question, "no-response", "there is no response to compare"),
        Some(false) => Answer::pass(question, "none", "none is added"),
        Some(true) => {
            let detail = "a Content-Length is added: the whole response is buffered, and has no trailers";
            Answer::fail(question, "added", detail).on(Response)
        }
    };
    answer.with(evidence(path, slow))
}

/// A coding changes what a digest covers ([RFC 9530 §2](https://www.rfc-editor.org/rfc/rfc9530#section-2)).
pub(super) async fn coding(path: &Path) -> Vec<Answer> {
    let question = Question::Coding;
    let mut probe = Probe::get("/export/orders?limit=200");
    probe.headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate, br, zstd"));
    let sent = path.send(probe).await;
    let coding =
        sent.seen.success().map(|sighting| sighting.header_values(&header::CONTENT_ENCODING).join(", "));
    let answer = match is_added(&sent, &header::CONTENT_ENCODING) {
        None => Answer::unknown(question, "no-response", "there is no response to compare"),
        Some(false) => Answer::pass(question, "none", "none is added"),
        Some(true) => {
            let detail = format!("{} is added: digests no longer match", coding.unwrap_or_default());
            Answer::fail(question, "added", detail).on(Response)
        }
    };
    vec![answer.with(evidence(path, &sent))]
}
