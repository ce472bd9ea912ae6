//! Whether content is passed on as it arrives.

use crate::check::{Answer, Direction::Response, Question, fields::evidence, path::Path, probe::Probe};

/// The part of the time between the origin's first and last byte in which the client's must arrive.
const PART: f64 = 0.5;

/// The shortest time between these that can be compared, in milliseconds.
const SHORTEST: f64 = 300.0;

pub(super) async fn ask(path: &Path) -> Vec<Answer> {
    let question = Question::Streaming;
    let sent = path.send(Probe::get("/answer?prompt=trailers&words=6&delay=120")).await;
    let evidence = evidence(path, &sent);
    let (Some(sighting), Some(record)) = (sent.seen.success(), sent.record()) else {
        return vec![
            Answer::unknown(question, "no-response", "there is no response to compare").with(evidence),
        ];
    };
    let here = sighting.span.as_secs_f64() * 1000.0;
    let answer = if !record.has_sent_all() || record.sent_span() < SHORTEST {
        Answer::unknown(question, "no-response", "the origin has not sent the content piece by piece")
    } else if here >= record.sent_span() * PART {
        Answer::pass(question, "streams", "the content arrives while the origin sends it")
    } else {
        let detail = "the content is held back until all of it is there";
        Answer::fail(question, "held-back", detail).on(Response)
    };
    vec![answer.with(evidence)]
}
