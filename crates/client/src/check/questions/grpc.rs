//! Whether the status of a gRPC call arrives. It is in the trailer section, or, in a response without messages, in the header
//! section ([gRPC over HTTP/2](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md)).

use crate::check::{
    Answer,
    Direction::{Request, Response},
    Question,
    path::Path,
    payload::Payload,
    probe::Probe,
    sighting::{Seen, Sighting},
};
use http::{HeaderName, StatusCode, Version, header};

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

const OK: &str = "0";
const NOT_FOUND: &str = "5";
const RESOURCE_EXHAUSTED: &str = "8";
const UNAVAILABLE: &str = "14";

pub(super) async fn ok(path: &Path) -> Vec<Answer> {
    vec![ask(path, Question::GrpcOk, &orders(None), OK).await]
}

pub(super) async fn failure(path: &Path) -> Vec<Answer> {
    vec![ask(path, Question::GrpcFailure, &orders(Some(3)), UNAVAILABLE).await]
}

pub(super) async fn trailers_only(path: &Path) -> Vec<Answer> {
    vec![ask(path, Question::GrpcTrailersOnly, &message("nothing", &[]), NOT_FOUND).await]
}

/// A request for four rows of the sample's table, one of which may fail.
fn orders(fail_at: Option<u8>) -> Vec<u8> {
    // `ExportRequest`: limit = 3, fail_at = 4, both varints.
    let mut numbers = vec![0x18, 4];
    numbers.extend(fail_at.iter().flat_map(|row| [0x20, *row]));
    message("orders", &numbers)
}

/// A message that is not compressed, with its length.
fn message(table: &str, rest: &[u8]) -> Vec<u8> {
    let length = |bytes: &[u8]| u8::try_from(bytes.len()).expect("a short message");
    let message = [&[0x0a, length(table.as_bytes())], table.as_bytes(), rest].concat();
    [&[0, 0, 0, 0, length(&message)], &message[..]].concat()
}

async fn ask(path: &Path, question: Question, message: &[u8], expected: &str) -> Answer {
    if path.mode.version() < Version::HTTP_2 || !path.mode.sends_te() {
        return Answer::unknown(
            question,
            "not-asked",
            "asked over HTTP/2 and HTTP/3 with TE only, as gRPC requires",
        );
    }
    let probe = Probe::post("/axum_trailers.v1.Exports/Export", Payload::content(message.to_vec()))
        .header(header::CONTENT_TYPE, "application/grpc");
    let seen = path.ask(probe).await;
    judge(question, &seen, expected).with([format!("the client received: {}", shown(&seen))])
}

fn shown(seen: &Seen) -> String {
    let Some(sighting) = seen.response() else { return seen.trouble().unwrap_or_default() };
    let grpc_status = match status(sighting) {
        Some((place, value)) => format!("grpc-status {value} in the {place}"),
        None => "no grpc-status".to_owned(),
    };
    format!("status {}, {} bytes, {grpc_status}", sighting.status.as_u16(), sighting.content.len())
}

fn status(sighting: &Sighting) -> Option<(&'static str, String)> {
    let in_trailers = sighting.trailer_values(&GRPC_STATUS).pop().map(|value| ("trailer section", value));
    in_trailers.or_else(|| sighting.header_values(&GRPC_STATUS).pop().map(|value| ("header section", value)))
}

fn judge(question: Question, seen: &Seen, expected: &str) -> Answer {
    let sighting = match seen {
        Seen::Hung(_) => return Answer::fail(question, "hangs", "the call never ends"),
        Seen::Failed(error) => return Answer::fail(question, "refused", format!("the call fails: {error}")),
        Seen::Response(sighting) => sighting,
    };
    if sighting.status == StatusCode::HTTP_VERSION_NOT_SUPPORTED {
        let detail = "the call arrives over HTTP/1.1, and gRPC needs HTTP/2";
        return Answer::fail(question, "downgraded", detail).on(Request);
    }
    if !sighting.status.is_success() {
        let detail = format!("the call gets status {}", sighting.status.as_u16());
        return Answer::fail(question, "refused", detail);
    }
    match status(sighting) {
        // A message has at least its length.
        Some((_, value))
            if value == expected && question != Question::GrpcTrailersOnly && sighting.content.len() < 5 =>
        {
            let detail = format!("grpc-status {expected} arrives, and no message");
            Answer::fail(question, "messages-lost", detail).on(Response)
        }
        Some((_, value)) if value == expected => {
            Answer::pass(question, "arrives", format!("grpc-status {expected} arrives"))
        }
        Some((_, value)) if [NOT_FOUND, RESOURCE_EXHAUSTED].contains(&value.as_str()) => {
            let detail =
                format!("the origin answers with grpc-status {value}: it has no table `orders`, or is busy");
            Answer::unknown(question, "refused-by-origin", detail)
        }
        Some((_, value)) => {
            let detail = format!("grpc-status {value} arrives instead of {expected}");
            Answer::fail(question, "status-changed", detail).on(Response)
        }
        None => {
            let end = match sighting.cut_text() {
                Some(cut) => format!("the response is cut: {cut}"),
                None => "the response ends as if complete".to_owned(),
            };
            Answer::fail(question, "status-lost", format!("no grpc-status arrives; {end}")).on(Response)
        }
    }
}
