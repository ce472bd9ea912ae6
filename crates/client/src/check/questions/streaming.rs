//! Whether content is passed on as it arrives.

use crate::check::{
    Answer,
    Direction::Response,
    Outcome, Question,
    fields::evidence,
    path::{Path, Sent},
    probe::Probe,
};

/// The part of the time between the origin's first and last byte in which the client's must arrive.
const PART: f64 = 0.5;

/// The shortest time between these that can be compared, in milliseconds.
const SHORTEST: f64 = 300.0;

/// How often it is asked, before content is taken for held back: a busy machine may read all of it at once.
const TRIES: usize = 3;

pub(super) async fn ask(path: &Path) -> Vec<Answer> {
    let mut answer = once(path).await;
    for _ in 1..TRIES {
        if answer.outcome != Outcome::Fail {
            break;
        }
        answer = once(path).await;
    }
    vec![answer]
}

async fn once(path: &Path) -> Answer {
    let sent = path.send(Probe::get("/answer?prompt=trailers&words=6&delay=120")).await;
    judge(&sent).with(evidence(path, &sent))
}

fn judge(sent: &Sent) -> Answer {
    let question = Question::Streaming;
    let (Some(sighting), Some(record)) = (sent.seen.success(), sent.record()) else {
        return Answer::unknown(question, "no-response", "there is no response to compare");
    };
    if !record.has_sent_all() || record.sent_span() < SHORTEST {
        return Answer::unknown(
            question,
            "no-response",
            "the origin has not sent the content piece by piece",
        );
    }
    let here = sighting.span.as_secs_f64() * 1000.0;
    if here >= record.sent_span() * PART {
        Answer::pass(question, "streams", "the content arrives while the origin sends it")
    } else {
        let detail = "the content is held back until all of it is there";
        Answer::fail(question, "held-back", detail).on(Response)
    }
}
