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
        record::Record,
    },
};

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
    let received = sighting.content.len() as u64;
    match sent.record().map(Record::sent_bytes) {
        Some(bytes) if bytes != received => {
            let detail = format!("{received} bytes arrive, the origin has sent {bytes}");
            Answer::fail(question, "differs", detail).on(Response)
        }
        _ => Answer::unknown(question, "not-received", "no digest arrives"),
    }
}
