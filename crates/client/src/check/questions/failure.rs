//! Whether a failure that trailers report arrives.

use crate::{
    Verdict,
    check::{
        Answer,
        Direction::Response,
        Question,
        fields::evidence,
        path::{Path, Sent},
        probe::Probe,
        record::Record,
        sighting::Seen,
    },
};

pub(super) async fn ask(path: &Path) -> Vec<Answer> {
    let sent = path.send(Probe::get("/lines/5?fail_at=3")).await;
    vec![judge(&sent).with(evidence(path, &sent))]
}

fn judge(sent: &Sent) -> Answer {
    let question = Question::Failure;
    match sent.record().map(Record::status) {
        None => return Answer::unknown(question, "no-record", "the origin has no record of the request"),
        Some(Some(200)) => {}
        Some(_) => return Answer::unknown(question, "refused-by-origin", "the origin has sent no content"),
    }
    let sighting = match &sent.seen {
        Seen::Hung(_) => return Answer::fail(question, "hangs", "the response never ends").on(Response),
        Seen::Failed(error) => {
            return Answer::pass(question, "arrives-as-cut", format!("the client gets an error: {error}"));
        }
        Seen::Response(sighting) => sighting,
    };
    let verdicts = &sighting.verdicts;
    if verdicts.iter().any(|verdict| matches!(verdict, Verdict::SenderFailed(_))) {
        return Answer::pass(question, "arrives", "the client gets the failure");
    }
    // Without trailers the origin cuts the transfer.
    if sighting.cut().is_some() || sighting.status.is_server_error() {
        return Answer::pass(question, "arrives-as-cut", "the client gets an error instead of the trailers");
    }
    if !sighting.status.is_success() {
        let detail = format!("the response has status {}", sighting.status.as_u16());
        return Answer::unknown(question, "refused", detail);
    }
    let sign = verdicts.iter().find(|verdict| !verdict.is_success());
    let detail = match sign {
        Some(sign) => format!("the failure is lost; only this gives it away: {sign}"),
        None => "the failure is lost, and the response looks complete".to_owned(),
    };
    Answer::fail(question, "lost", detail).on(Response)
}
