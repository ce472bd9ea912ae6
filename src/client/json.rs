//! The object of `--json`.

use super::{escape, report::Report, upload::Sending};
use axum_trailers::{digest::Digest, syntax::protocol_name};
use axum_trailers_client::{Comparison, DigestSource, Verdict};
use http::{HeaderMap, HeaderName};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// The object of a transfer in one line.
pub(super) fn line(report: &Report) -> String {
    escape::json(&object(report).to_string())
}

fn object(report: &Report) -> Value {
    let head = report.head.as_ref();
    json!({
        "url": report.url.to_string(),
        "final_url": head.map(|head| head.url.to_string()),
        "earlier_attempts": report.earlier,
        "protocol": head.map(|head| protocol_name(head.version)),
        "status": head.map(|head| head.status.as_u16()),
        "bytes": report.received,
        "bytes_sent": report.sent.as_ref().map(Sending::bytes),
        "digest_sent": report.sent.as_ref().and_then(Sending::digest).map(|digest| hex(&digest)),
        "resumed_from": report.resumed_from,
        "seconds_to_first_byte": report.first_byte.map(|time| time.as_secs_f64()),
        "seconds": report.total.as_secs_f64(),
        "header": head.map(|head| pairs(&head.fields)),
        "trailers": report.trailers.as_ref().map(pairs),
        "announced": report.announced,
        "missing": report.missing.iter().map(HeaderName::as_str).collect::<Vec<_>>(),
        "compared": report.comparisons.iter().map(comparison).collect::<Vec<_>>(),
        "digests": digests(&report.digests),
        "verdict": name(report.verdict()),
        "message": report.message(),
        "others": report.others().iter().map(other).collect::<Vec<_>>(),
        "notes": report.notes,
        "refusal": report.refusal,
        "file": report.file.as_ref().map(|path| path.display().to_string()),
        "exit_code": report.exit_code(),
    })
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
