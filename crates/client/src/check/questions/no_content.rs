//! Responses without content: to HEAD, 204 and 304
//! ([RFC 9110 §6.4.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.4.1)).

use crate::check::{
    Answer,
    Direction::Response,
    Question,
    fields::evidence,
    path::{Path, Sent},
    probe::Probe,
    record::Record,
    sighting::Seen,
};
use http::{HeaderName, Method, StatusCode, header};

pub(super) async fn head(path: &Path) -> Vec<Answer> {
    let probe = Probe::new(Method::HEAD, "/trailers?x-path-a=1");
    vec![ask(path, Question::Head, probe, StatusCode::OK).await]
}

pub(super) async fn no_content(path: &Path) -> Vec<Answer> {
    let probe = Probe::get("/export/orders/events").header(HeaderName::from_static("last-event-id"), "1");
    vec![ask(path, Question::NoContent, probe, StatusCode::NO_CONTENT).await]
}

pub(super) async fn not_modified(path: &Path) -> Vec<Answer> {
    let probe = Probe::get("/ui/style.css").header(header::IF_NONE_MATCH, "*");
    vec![ask(path, Question::NotModified, probe, StatusCode::NOT_MODIFIED).await]
}

async fn ask(path: &Path, question: Question, probe: Probe, status: StatusCode) -> Answer {
    let client = path.client();
    let sent = path.send_over(&client, probe).await;
    let has_rest = path.is_closed_by_rest(&client, sent.seen.response()).await;
    judge(&sent, question, status, has_rest).with(evidence(path, &sent))
}

fn judge(sent: &Sent, question: Question, status: StatusCode, has_rest: bool) -> Answer {
    let sighting = match &sent.seen {
        Seen::Hung(_) => {
            return Answer::fail(question, "hangs", "the response never ends").on(Response);
        }
        Seen::Failed(error) => {
            return Answer::fail(question, "broken", format!("there is no response: {error}"));
        }
        Seen::Response(sighting) => sighting,
    };
    if let Some(status) = sent.limit() {
        return Answer::limited(question, status);
    }
    let origin = sent.record().and_then(Record::status);
    if sighting.status != status {
        let detail = format!("status {} arrives instead of {}", sighting.status.as_u16(), status.as_u16());
        let is_changed = origin == Some(status.as_u16().into());
        return match origin {
            Some(_) if is_changed => Answer::fail(question, "changed", detail).on(Response),
            Some(_) => Answer::unknown(question, "refused-by-origin", detail),
            None => Answer::fail(question, "changed", detail),
        };
    }
    if !sighting.content.is_empty() || sighting.cut().is_some() || has_rest {
        let detail = "the response has content, which the next response of its connection would begin with";
        return Answer::fail(question, "has-content", detail).on(Response);
    }
    Answer::pass(question, "right", format!("status {} arrives without content", status.as_u16()))
}
