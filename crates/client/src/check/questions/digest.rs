//! Whether the content matches the digest that follows it.

use crate::{
    Verdict,
    check::{
        Answer,
        Direction::Response,
        Question,
        fields::evidence,
        path::{Path, Sent},
        probe::Probe,
    },
};
use std::cmp::Ordering;

pub(super) async fn ask(path: &Path) -> Vec<Answer> {
    let sent = path.send(Probe::get("/bytes/5000")).await;
    vec![judge(&sent).with(evidence(path, &sent))]
}

fn judge(sent: &Sent) -> Answer {
    let question = Question::Digest;
    let Some(sighting) = sent.seen.success().filter(|sighting| sighting.cut().is_none()) else {
        let trouble = sent.seen.trouble().unwrap_or_default();
        return Answer::unknown(question, "no-response", format!("there is no whole response: {trouble}"));
    };
    for verdict in &sighting.verdicts {
        match verdict {
            Verdict::Verified { .. } => return Answer::pass(question, "verified", verdict.to_string()),
            Verdict::DigestDiffers { .. } => {
                return Answer::fail(question, "differs", verdict.to_string()).on(Response);
            }
            _ => {}
        }
    }
    match sent.record().map(|record| sighting.compared_with(record)) {
        Some(Ordering::Less) => {
            Answer::fail(question, "differs", "less content arrives than was sent").on(Response)
        }
        Some(Ordering::Greater) => {
            Answer::fail(question, "differs", "more content arrives than was sent").on(Response)
        }
        Some(Ordering::Equal) | None => Answer::unknown(question, "not-received", "no digest arrives"),
    }
}
