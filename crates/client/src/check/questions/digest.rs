//! Whether the content matches the digest that follows it.

use crate::{
    Verdict,
    check::{
        Answer,
        Direction::Response,
        Outcome, Question,
        fields::evidence,
        path::{Path, Sent},
        probe::Probe,
        sighting::Sighting,
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
    if let Some(answer) = compared(sighting) {
        return if answer.outcome == Outcome::Fail { answer.on(Response) } else { answer };
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

/// The result of the comparison, if a digest has arrived.
pub(super) fn compared(sighting: &Sighting) -> Option<Answer> {
    sighting.verdicts.iter().find_map(|verdict| match verdict {
        Verdict::Verified { .. } => Some(Answer::pass(Question::Digest, "verified", verdict.to_string())),
        Verdict::DigestDiffers { .. } => Some(Answer::fail(Question::Digest, "differs", verdict.to_string())),
        _ => None,
    })
}
