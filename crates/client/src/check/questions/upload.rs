//! Whether an upload that its client aborts is cut at the origin.

use crate::check::{
    Answer, Direction::Request, Outcome, Question, path::Path, payload::Payload, probe::Probe,
    record::Recorded,
};

/// Large enough that a proxy need not wait for more, and small enough that it could keep all of it.
const CONTENT: [u8; 1000] = [b'a'; 1000];

pub(super) async fn aborted(path: &Path) -> Vec<Answer> {
    let probe = || Probe::post("/inspect", Payload::content(&CONTENT[..]).aborted());
    // Some proxies end the content, and then abort the request: which of both counts depends on the moment.
    let (one, another, third) =
        tokio::join!(path.abandon(probe()), path.abandon(probe()), path.abandon(probe()));
    let is_failure = |recorded: &&Recorded| judge(recorded).outcome == Outcome::Fail;
    let recorded = [&one, &another, &third].into_iter().find(is_failure).unwrap_or(&one);
    vec![judge(recorded).with([format!("the client sent {} bytes, and gave up", CONTENT.len())])]
}

pub(in crate::check) fn judge(recorded: &Recorded) -> Answer {
    let question = Question::UploadCut;
    let record = match recorded {
        Recorded::Found(record) => record,
        Recorded::Absent => return cut(),
        Recorded::Unreadable => {
            return Answer::unknown(question, "no-record", "the origin could not be asked for its record");
        }
    };
    match record.request_state() {
        "cut" => cut(),
        "complete" => {
            let detail = "the origin takes what has arrived for the whole upload";
            Answer::fail(question, "complete", detail).on(Request)
        }
        "running" => Answer::unknown(question, "running", "the origin still waits for the rest"),
        _ => Answer::unknown(question, "refused-by-origin", "the origin has not read the content"),
    }
}

/// Whether a proxy passes on the beginning depends on the moment.
fn cut() -> Answer {
    Answer::pass(Question::UploadCut, "cut", "it is cut at the origin, or not passed on")
}
