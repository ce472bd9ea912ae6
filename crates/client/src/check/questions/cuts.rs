//! Whether a transfer that breaks off at the origin is an error at the client.

use crate::{
    Verdict,
    check::{
        Answer,
        Direction::Response,
        Question,
        fields::evidence,
        path::{Path, Sent},
        probe::Probe,
        record::Recorded,
        sighting::{Seen, Sighting},
    },
    verdict::Cut,
};

pub(super) async fn reset(path: &Path) -> Vec<Answer> {
    ask(path, Question::CutReset, "/bytes/2000?chunk=250&delay=25&break=reset&break_at=body").await
}

pub(super) async fn close(path: &Path) -> Vec<Answer> {
    ask(path, Question::CutClose, "/bytes/2000?chunk=250&delay=25&break=close&break_at=body").await
}

pub(super) async fn short(path: &Path) -> Vec<Answer> {
    ask(path, Question::CutShort, "/bytes/2000?chunk=250&delay=25&length=short").await
}

async fn ask(path: &Path, question: Question, target: &str) -> Vec<Answer> {
    let sent = path.send(Probe::get(target)).await;
    vec![judge(&sent, question).with(evidence(path, &sent))]
}

pub(in crate::check) fn judge(sent: &Sent, question: Question) -> Answer {
    let record = match &sent.recorded {
        Recorded::Found(record) => record,
        Recorded::Absent => {
            return Answer::unknown(question, "no-record", "no request arrives at the origin");
        }
        Recorded::Unreadable => {
            return Answer::unknown(question, "no-record", "the origin could not be asked for its record");
        }
    };
    match record.status() {
        Some(200) => {}
        Some(400) => {
            return Answer::unknown(question, "not-possible", "the origin can't do this over its protocol");
        }
        _ => return Answer::unknown(question, "refused-by-origin", "the origin has sent no content"),
    }
    // What is short is complete for an origin that sends no more.
    if record.has_sent_all() && question != Question::CutShort {
        return Answer::unknown(question, "not-cut", "the origin has not cut the transfer");
    }
    match &sent.seen {
        Seen::Hung(_) => {
            Answer::fail(question, "hangs", "the client waits for the rest in vain").on(Response)
        }
        Seen::Failed(error) => Answer::pass(question, "error", format!("the client gets an error: {error}")),
        Seen::Response(sighting) if sighting.status.is_server_error() => {
            Answer::pass(question, "error", format!("the client gets status {}", sighting.status.as_u16()))
        }
        Seen::Response(sighting) => of_response(question, sighting),
    }
}

fn of_response(question: Question, sighting: &Sighting) -> Answer {
    match sighting.cut() {
        // Most clients take it for complete.
        Some(Cut::EndUnknown) => {
            let detail = "the content ends with the connection, as complete content does";
            Answer::fail(question, "clean-end-unnoticed", detail).on(Response)
        }
        Some(_) => {
            let cut = sighting.cut_text().unwrap_or_default();
            Answer::pass(question, "error", format!("the client gets an error: {cut}"))
        }
        None => clean_end(question, sighting),
    }
}

fn clean_end(question: Question, sighting: &Sighting) -> Answer {
    let sign = sighting.verdicts.iter().find(|verdict| !verdict.is_success());
    match sign {
        Some(Verdict::Refused { status }) => {
            Answer::unknown(question, "refused", format!("the response has status {}", status.as_u16()))
        }
        Some(sign) => {
            let detail = format!("the cut transfer ends as if complete; only this gives it away: {sign}");
            Answer::fail(question, "clean-end-noticed", detail).on(Response)
        }
        None => {
            let detail = "the cut transfer ends as if complete, and nothing gives it away";
            Answer::fail(question, "clean-end-unnoticed", detail).on(Response)
        }
    }
}
