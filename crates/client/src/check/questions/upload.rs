//! Whether an upload that its client aborts is cut at the origin.

use crate::check::{
    Answer, Direction::Request, Question, path::Path, payload::Payload, probe::Probe, record::Record,
};

/// Large enough that a proxy need not wait for more, and small enough that it could keep all of it.
const CONTENT: [u8; 1000] = [b'a'; 1000];

pub(super) async fn aborted(path: &Path) -> Vec<Answer> {
    let probe = Probe::post("/inspect", Payload::content(&CONTENT[..]).aborted());
    let record = path.abandon(probe).await;
    let evidence = match &record {
        Some(record) => format!(
            "the client sent {} bytes and gave up; for the origin, which received {}, the content is {}",
            CONTENT.len(),
            record.protocol(),
            record.request_state()
        ),
        None => {
            format!("the client sent {} bytes and gave up; the origin received no request", CONTENT.len())
        }
    };
    vec![judge(record.as_ref()).with([evidence])]
}

fn judge(record: Option<&Record>) -> Answer {
    let question = Question::UploadCut;
    let Some(record) = record else {
        return Answer::pass(question, "not-forwarded", "the origin gets no request");
    };
    match record.request_state() {
        "complete" => {
            let detail =
                format!("the origin takes its {} bytes for the whole upload", record.request_bytes());
            Answer::fail(question, "complete", detail).on(Request)
        }
        "running" => {
            let detail = "the origin still waits for the rest";
            Answer::unknown(question, "running", detail)
        }
        _ => Answer::pass(question, "cut", "it is cut at the origin"),
    }
}
