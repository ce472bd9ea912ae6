//! What becomes of the trailers of a request.

use crate::{
    Client,
    check::{
        Answer,
        Direction::{Request, Response},
        Question,
        fields::{A, B, evidence},
        path::{Path, Sent},
        payload::Payload,
        probe::Probe,
        record::Record,
        sighting::Seen,
    },
};
use http::{HeaderMap, HeaderValue, Version, header};

/// The fields and their values, in order.
const SENT: [(&str, &[&str]); 2] = [("x-path-a", &["1"]), ("x-path-b", &["2", "3"])];

pub(super) async fn ask(path: &Path) -> Vec<Answer> {
    let client = path.client();
    let (neighbour, sent) = if path.mode.version() >= Version::HTTP_2 {
        // Opens the connection, which both use then.
        path.ask_over(&client, Probe::get("/te").without_te()).await;
        tokio::join!(neighbour(path, &client), path.send_over(&client, probe()))
    } else {
        (None, path.send_over(&client, probe()).await)
    };
    let status = sent.seen.response().map(|response| response.status).filter(|status| !status.is_success());
    if let Some(status) = status {
        let seen = path.ask(Probe::post("/inspect", Payload::content("content\n"))).await;
        if seen.response().is_some_and(|response| response.status == status) {
            let detail = format!("the same request gets status {} without trailers as well", status.as_u16());
            return vec![
                Answer::unknown(Question::RequestTrailers, "refused", detail).with(evidence(path, &sent)),
            ];
        }
    }
    vec![judge(&sent, neighbour.as_ref()).with(evidence(path, &sent)).with(received(&sent))]
}

pub(super) fn probe() -> Probe {
    let mut trailers = HeaderMap::new();
    trailers.insert(A, HeaderValue::from_static("1"));
    trailers.append(B, HeaderValue::from_static("2"));
    trailers.append(B, HeaderValue::from_static("3"));
    let payload = Payload::content("content\n").with_trailers(trailers);
    Probe::post("/inspect", payload).header(header::TRAILER, "x-path-a, x-path-b")
}

/// Another stream of the connection, which runs meanwhile. Without TE, so that trailers of its own do not break it.
async fn neighbour(path: &Path, client: &Client) -> Option<Seen> {
    let probe = Probe::get("/answer?prompt=trailers&words=6&delay=100").without_te();
    Some(path.ask_over(client, probe).await)
}

fn received(sent: &Sent) -> Option<String> {
    let record = sent.record()?;
    let section = |values: &dyn Fn(&str) -> Vec<String>| -> String {
        let lines = SENT
            .iter()
            .flat_map(|(name, _)| values(name).into_iter().map(move |value| format!("{name}: {value}")));
        let lines: Vec<_> = lines.collect();
        if lines.is_empty() { "none".to_owned() } else { lines.join(", ") }
    };
    let owned = |values: Vec<&str>| values.into_iter().map(str::to_owned).collect();
    Some(format!(
        "of the request trailers x-path-a: 1, x-path-b: 2, x-path-b: 3 the origin received as trailers: {}; as header \
         fields: {}",
        section(&|name| owned(record.request_trailer(name))),
        section(&|name| owned(record.request_header(name))),
    ))
}

pub(in crate::check) fn judge(sent: &Sent, neighbour: Option<&Seen>) -> Answer {
    let question = Question::RequestTrailers;
    if let Some(record) = sent.record()
        && let Some((name, _)) = SENT.iter().find(|(name, _)| !record.request_header(name).is_empty())
    {
        // RFC 9110 §6.5.1: what reads header fields has decided before trailers arrive.
        let detail = format!(
            "they are merged into the header section ({name}): a security fault, because a client can set fields \
                 that the proxy has already checked"
        );
        return Answer::fail(question, "merged-into-header", detail).on(Request);
    }
    if let Some(trouble) = sent.seen.trouble() {
        return broken(sent, neighbour, &trouble);
    }
    match sent.record() {
        Some(record) => of_record(record),
        None => Answer::unknown(question, "no-record", "the origin has no record of the request"),
    }
}

fn broken(sent: &Sent, neighbour: Option<&Seen>, trouble: &str) -> Answer {
    let question = Question::RequestTrailers;
    // Some proxies close the connection behind a refusal, at any time.
    let is_refused = sent.seen.response().is_some();
    if !is_refused && neighbour.and_then(Seen::trouble).is_some() {
        let detail = "they break the connection, with its other streams";
        return Answer::fail(question, "breaks-connection", detail).on(Request);
    }
    let has_all = |record: &Record| SENT.iter().all(|(name, values)| record.request_trailer(name) == *values);
    let has_answered = sent.record().is_some_and(|record| has_all(record) && record.status() == Some(200));
    let answer = Answer::fail(question, "breaks-request", format!("they break the request: {trouble}"));
    answer.on(if has_answered { Response } else { Request })
}

fn of_record(record: &Record) -> Answer {
    let question = Question::RequestTrailers;
    if SENT.iter().all(|(name, values)| record.request_trailer(name) == *values) {
        return Answer::pass(question, "arrive", "they arrive at the origin");
    }
    let is_there = |(name, _): &(&str, &[&str])| !record.request_trailer(name).is_empty();
    if !SENT.iter().any(is_there) {
        return Answer::fail(question, "stripped", "they are removed").on(Request);
    }
    let (name, sent) = SENT
        .iter()
        .find(|(name, values)| record.request_trailer(name) != *values)
        .expect("not all have arrived");
    let got = record.request_trailer(name);
    let (finding, detail) = match &got[..] {
        [] => ("stripped-in-part", format!("{name} is removed, others arrive")),
        [one] if sent.len() > 1 && one.split(',').map(str::trim).eq(sent.iter().copied()) => {
            ("joined", format!("{} fields {name} arrive as one", sent.len()))
        }
        many if many.len() < sent.len() => {
            ("stripped-in-part", format!("{} of {} fields {name} arrive", many.len(), sent.len()))
        }
        _ => ("changed", format!("{name} arrives with other values")),
    };
    Answer::fail(question, finding, detail).on(Request)
}
