//! What becomes of the trailers of a response.

use crate::check::{
    Answer,
    Direction::{Request, Response},
    Mode, Outcome, Question,
    fields::{A, B, C, evidence},
    path::{Path, Sent},
    probe::Probe,
    questions::framing,
    record::{Record, Recorded},
    sighting::Sighting,
};
use axum_trailers::syntax::protocol_name;
use http::{HeaderName, header};

/// The expected trailers: a name, and its values in order.
type Expected<'e> = &'e [(HeaderName, &'e [&'e str])];

pub(super) async fn short_and_slow(path: &Path) -> Vec<Answer> {
    let (short, slow) = tokio::join!(
        path.send(Probe::get("/trailers?x-path-a=1")),
        path.send(Probe::get("/answer?prompt=trailers&words=4&delay=100")),
    );
    let length = framing::length(path, &slow);
    let short = judge(path, &short, Question::Trailers, &[(A, &["1"])]);
    let counts = [("x-usage-input-tokens", &["1"][..]), ("x-usage-output-tokens", &["4"])];
    let counts = counts.map(|(name, values)| (HeaderName::from_static(name), values));
    let slow = judge(path, &slow, Question::TrailersSlow, &counts);
    let timing = timing(&short, &slow);
    vec![short, slow, timing, length]
}

/// Some proxies buffer a short response, and then have its trailers before they send the header section.
fn timing(short: &Answer, slow: &Answer) -> Answer {
    let question = Question::Timing;
    if [short, slow].iter().any(|answer| answer.outcome == Outcome::Unknown) {
        return Answer::unknown(question, "not-asked", "there are no trailers to compare");
    }
    if [short, slow].iter().all(|answer| answer.outcome == Outcome::Fail) {
        return Answer::unknown(question, "not-possible", "neither arrives");
    }
    if (short.outcome, short.finding) == (slow.outcome, slow.finding) {
        return Answer::pass(question, "same", "short and slow responses have the same result");
    }
    let detail = format!("a short response: {}; a slow one: {}", short.detail, slow.detail);
    Answer::fail(question, "differs", detail).on(Response)
}

pub(super) async fn several(path: &Path) -> Vec<Answer> {
    let sent = path.send(Probe::get("/trailers?x-path-a=1&x-path-b=2&x-path-c=3")).await;
    let expected: Expected<'_> = &[(A, &["1"]), (B, &["2"]), (C, &["3"])];
    vec![judge(path, &sent, Question::TrailersSeveral, expected)]
}

pub(super) async fn repeated(path: &Path) -> Vec<Answer> {
    let sent = path.send(Probe::get("/trailers?x-path-a=1&x-path-a=2&x-path-a=3")).await;
    vec![judge(path, &sent, Question::TrailersRepeated, &[(A, &["1", "2", "3"])])]
}

pub(super) async fn long(path: &Path) -> Vec<Answer> {
    let sent = path.send(Probe::get("/bytes/100?trailers=long")).await;
    let letters: String = ('a'..='z').cycle().take(8192).collect();
    let name = HeaderName::from_static("x-long");
    vec![judge(path, &sent, Question::TrailersLong, &[(name, &[&letters])])]
}

pub(super) async fn unannounced(path: &Path) -> Vec<Answer> {
    let question = Question::TrailersUnannounced;
    let sent = path.send(Probe::get("/bytes/100?trailers=unannounced")).await;
    if sent.record().is_some_and(|record| record.status() == Some(400)) {
        let detail = "the origin can't send them over its protocol";
        return vec![Answer::unknown(question, "not-possible", detail).with(evidence(path, &sent))];
    }
    // Its value is what the origin has sent: no two versions of the workbench need agree on it.
    let name = HeaderName::from_static("content-digest");
    let values = sent.record().map(|record| record.sent_trailer(name.as_str())).unwrap_or_default();
    vec![judge(path, &sent, question, &[(name, &values)])]
}

fn judge(path: &Path, sent: &Sent, question: Question, expected: Expected<'_>) -> Answer {
    found(path.mode, sent, question, expected).with(evidence(path, sent))
}

pub(in crate::check) fn found(mode: Mode, sent: &Sent, question: Question, expected: Expected<'_>) -> Answer {
    let record = sent.record();
    let Some(sighting) = sent.seen.success() else {
        return broken(sent, question);
    };
    if let Some(cut) = sighting.cut_text() {
        let answer = Answer::fail(question, "broken", format!("the response is cut: {cut}"));
        return if record.is_some_and(Record::has_sent_all) { answer.on(Response) } else { answer };
    }
    let arrived = |(name, values): &(HeaderName, &[&str])| sighting.trailer_values(name) == *values;
    if expected.iter().all(arrived) && expected.iter().any(|(_, values)| !values.is_empty()) {
        return Answer::pass(question, "arrive", "they arrive");
    }
    let Some(record) = record else {
        return Answer::unknown(
            question,
            "no-record",
            "the origin could not be asked whether it has sent them",
        );
    };
    if let Some(answer) = elsewhere(sighting, record, question, expected) {
        return answer;
    }
    if !record.has_sent_trailers() {
        return not_sent(mode, record, question);
    }
    if sighting.trailers.is_none()
        || expected.iter().all(|(name, _)| sighting.trailer_values(name).is_empty())
    {
        return dropped(mode, sighting, question);
    }
    changed(sighting, question, expected)
}

/// There is no response of success.
fn broken(sent: &Sent, question: Question) -> Answer {
    if let Some(status) = sent.limit() {
        return Answer::limited(question, status);
    }
    let trouble = sent.seen.trouble().unwrap_or_default();
    let status = sent.seen.response().map(|sighting| u64::from(sighting.status.as_u16()));
    match sent.record() {
        Some(record) if status.is_some() && record.status() == status => {
            Answer::unknown(question, "refused-by-origin", format!("the origin's answer: {trouble}"))
        }
        Some(record) if record.status().is_some() => {
            Answer::fail(question, "broken", format!("the response is broken: {trouble}")).on(Response)
        }
        Some(_) => Answer::fail(question, "broken", format!("the exchange is broken: {trouble}")),
        None if matches!(sent.recorded, Recorded::Unreadable) => {
            Answer::fail(question, "broken", format!("the exchange is broken: {trouble}"))
        }
        None => Answer::fail(question, "broken", format!("no request arrives at the origin: {trouble}"))
            .on(Request),
    }
}

/// The trailers are in another part of the message.
fn elsewhere(
    sighting: &Sighting,
    record: &Record,
    question: Question,
    expected: Expected<'_>,
) -> Option<Answer> {
    let is_merged = |(name, values): &&(HeaderName, &[&str])| {
        let here = sighting.header_values(name);
        !values.is_empty() && record.sent_header(name.as_str()).is_empty() && !here.is_empty()
    };
    if let Some((name, _)) = expected.iter().find(is_merged) {
        let detail = format!("they are merged into the header section: {name}");
        return Some(Answer::fail(question, "merged-into-header", detail).on(Response));
    }
    let has_more = sighting.content.len() as u64 > record.sent_bytes();
    let text = String::from_utf8_lossy(&sighting.content).to_ascii_lowercase();
    let end = usize::try_from(record.sent_bytes()).unwrap_or(usize::MAX);
    let behind = text.get(end..).unwrap_or(&text);
    let leaked = expected.iter().find(|(name, _)| has_more && behind.contains(name.as_str()))?;
    let detail = format!("they are appended to the content: {}", leaked.0);
    Some(Answer::fail(question, "leaked-into-content", detail).on(Response))
}

fn not_sent(mode: Mode, record: &Record, question: Question) -> Answer {
    if mode.may_lack_trailers() {
        return not_asked(mode, question);
    }
    if !record.has_sent_all() {
        return Answer::unknown(question, "refused-by-origin", "the origin has not sent the whole response");
    }
    let protocol = record.protocol();
    let detail = match protocol {
        "HTTP/1.0" => format!("the origin receives {protocol}, which has no trailers"),
        _ if record.te().is_empty() => format!("the origin receives {protocol} without TE, and sends none"),
        _ => {
            let reason = record.withheld().unwrap_or("it gives no reason");
            return Answer::unknown(
                question,
                "refused-by-origin",
                format!("the origin sends none: {reason}"),
            );
        }
    };
    Answer::fail(question, "not-sent", detail).on(Request)
}

pub(super) fn not_asked(mode: Mode, question: Question) -> Answer {
    let protocol = protocol_name(mode.version());
    Answer::unknown(question, "not-asked", format!("an {protocol} client without TE gets no trailers"))
}

fn dropped(mode: Mode, sighting: &Sighting, question: Question) -> Answer {
    if mode.may_lack_trailers() {
        return not_asked(mode, question);
    }
    let is_announced = sighting.headers.contains_key(header::TRAILER);
    if is_announced || question == Question::TrailersUnannounced {
        let detail = if is_announced {
            "they are dropped, and Trailer still announces them"
        } else {
            "they are dropped"
        };
        return Answer::fail(question, "dropped", detail).on(Response);
    }
    let detail = "they are dropped, and so is Trailer".to_owned();
    Answer::fail(question, "dropped-with-announcement", detail).on(Response)
}

/// Some have arrived, or with other values.
fn changed(sighting: &Sighting, question: Question, expected: Expected<'_>) -> Answer {
    let differs = |(name, values): &&(HeaderName, &[&str])| sighting.trailer_values(name) != *values;
    let (name, sent) = expected.iter().find(differs).expect("not all have arrived");
    let got = sighting.trailer_values(name);
    let (finding, detail) = match &got[..] {
        [] => ("dropped-in-part", format!("{name} is dropped, others arrive")),
        [one] if sent.len() > 1 && one.split(',').map(str::trim).eq(sent.iter().copied()) => {
            ("joined", format!("{} fields {name} arrive as one", sent.len()))
        }
        [one] if sent.len() == 1 && sent[0].starts_with(one.as_str()) => {
            ("truncated", format!("{name} arrives with {} of {} bytes", one.len(), sent[0].len()))
        }
        many if many.len() < sent.len() => {
            ("dropped-in-part", format!("{} of {} fields {name} arrive", many.len(), sent.len()))
        }
        many if many.len() > sent.len() => ("doubled", format!("{name} arrives {} times", many.len())),
        many if sent.iter().all(|value| many.iter().any(|other| other == value)) => {
            ("reordered", format!("the fields {name} arrive in another order"))
        }
        _ => ("changed", format!("{name} arrives with another value")),
    };
    Answer::fail(question, finding, detail).on(Response)
}
