//! The object of `--json`.

use super::{escape, report::Report, upload::Sending};
use axum_trailers::{digest::Digest, syntax::protocol_name};
use axum_trailers_client::{Comparison, DigestSource, Verdict};
use http::{HeaderMap, HeaderName};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// The object of a transfer in one line, with what matters first.
pub(super) fn line(report: &Report) -> String {
    let members: Vec<_> =
        members(report).iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
    escape::json(&format!("{{{}}}", members.join(",")))
}

fn members(report: &Report) -> [(&'static str, Value); 24] {
    let head = report.head.as_ref();
    [
        ("url", json!(report.url.to_string())),
        ("final_url", json!(head.map(|head| head.url.to_string()))),
        ("verdict", json!(name(report.verdict()))),
        ("message", json!(report.message())),
        ("exit_code", json!(report.exit_code())),
        ("file", json!(report.file.as_ref().map(|path| path.display().to_string()))),
        ("protocol", json!(head.map(|head| protocol_name(head.version)))),
        ("status", json!(head.map(|head| head.status.as_u16()))),
        ("bytes", json!(report.received)),
        ("resumed_from", json!(report.resumed_from)),
        ("bytes_sent", json!(report.sent.as_ref().map(Sending::bytes))),
        ("digest_sent", json!(report.sent.as_ref().and_then(Sending::digest).map(|digest| hex(&digest)))),
        ("seconds_to_first_byte", json!(report.first_byte.map(|time| time.as_secs_f64()))),
        ("seconds", json!(report.total.as_secs_f64())),
        ("header", json!(head.map(|head| pairs(&head.fields)))),
        ("trailers", json!(report.trailers.as_ref().map(pairs))),
        ("announced", json!(report.announced)),
        ("missing", json!(report.missing.iter().map(HeaderName::as_str).collect::<Vec<_>>())),
        ("compared", report.comparisons.iter().map(comparison).collect()),
        ("digests", Value::Object(digests(&report.digests))),
        ("others", report.others().iter().map(other).collect()),
        ("notes", json!(report.notes)),
        ("refusal", json!(report.refusal)),
        ("earlier_attempts", json!(report.earlier)),
    ]
}

fn pairs(section: &HeaderMap) -> Vec<[String; 2]> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    section.iter().map(|(name, value)| [name.to_string(), text(value.as_bytes())]).collect()
}

fn comparison(comparison: &Comparison) -> Value {
    let (field, section) = match &comparison.by {
        DigestSource::Field { name, place } => (Some(name.as_str()), Some(place.to_string())),
        _ => (None, None),
    };
    json!({
        "field": field,
        "section": section,
        "algorithm": comparison.expected.algorithm().key(),
        "expected": hex(&comparison.expected),
        "got": hex(&comparison.got),
        "matches": comparison.matches(),
    })
}

fn digests(digests: &[Digest]) -> Map<String, Value> {
    digests.iter().map(|digest| (digest.algorithm().key().to_owned(), hex(digest).into())).collect()
}

fn other(verdict: &Verdict) -> Value {
    json!({"verdict": name(verdict), "message": verdict.to_string()})
}

fn hex(digest: &Digest) -> String {
    digest.as_bytes().iter().fold(String::new(), |mut hex, byte| {
        let _infallible = write!(hex, "{byte:02x}");
        hex
    })
}

/// The verdict as a word for programs.
fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::LocalTrouble(_) => "local_trouble",
        Verdict::NotConnected(_) => "not_connected",
        Verdict::Tls(_) => "tls",
        Verdict::Refused { .. } => "refused",
        Verdict::Cut(_) => "cut",
        Verdict::SenderFailed(_) => "sender_failed",
        Verdict::DigestDiffers { .. } => "digest_differs",
        Verdict::TrailerMissing(_) => "trailer_missing",
        Verdict::NoDigest(_) => "no_digest",
        Verdict::Verified { .. } => "verified",
        Verdict::Unverified => "unverified",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_is_one_object_without_terminal_escapes() {
        let mut report = Report::new("https://example.com/a?b=c".parse().expect("a URL"));
        report.notes.push("red \u{9b}31m\n".to_owned());
        let line = line(&report);
        assert!(line.starts_with(r#"{"url":"https://example.com/a?b=c","final_url":null,"#), "{line}");
        assert!(!line.contains(escape::is_harmful), "{line}");
        let object: Value = serde_json::from_str(&line).expect("an object");
        assert_eq!(object["notes"], json!(["red \u{9b}31m\n"]));
        assert_eq!((&object["verdict"], &object["exit_code"]), (&json!("unverified"), &json!(0)));
        let names = members(&report).map(|(name, _)| name);
        assert_eq!(object.as_object().map(Map::len), Some(names.len()), "no name is there twice");
    }
}
