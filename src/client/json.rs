//! The object of `--json`.

use super::{
    escape,
    report::{Head, Report},
    upload::Sending,
};
use axum_trailers::{digest::Digest, syntax::protocol_name};
use axum_trailers_client::{Comparison, DigestSource, Verdict};
use http::{HeaderMap, HeaderName};
use serde::Serialize;
use std::{collections::BTreeMap, fmt::Write, time::Duration};

/// The object of a transfer in one line.
pub(super) fn line(report: &Report) -> String {
    escape::json(&serde_json::to_string(&Transfer::of(report)).expect("its keys are strings"))
}

/// What matters most comes first.
#[derive(Serialize)]
struct Transfer<'r> {
    url: String,
    /// Of the last response.
    final_url: Option<String>,
    verdict: &'static str,
    message: String,
    exit_code: u8,
    file: Option<String>,
    protocol: Option<&'static str>,
    status: Option<u16>,
    /// Of the content of the last response.
    bytes: u64,
    /// The position of the first of these bytes in the whole.
    resumed_from: Option<u64>,
    bytes_sent: Option<u64>,
    digest_sent: Option<String>,
    seconds_to_first_byte: Option<f64>,
    seconds: f64,
    header: Option<Vec<[String; 2]>>,
    trailers: Option<Vec<[String; 2]>>,
    announced: &'r [String],
    missing: Vec<&'r str>,
    compared: Vec<Compared<'r>>,
    /// By algorithm, of what arrived.
    digests: BTreeMap<&'static str, String>,
    others: Vec<Other>,
    notes: &'r [String],
    refusal: Option<&'r str>,
    earlier_attempts: &'r [String],
}

/// A digest that was compared.
#[derive(Serialize)]
struct Compared<'r> {
    /// `None` if the user has the digest.
    field: Option<&'r str>,
    section: Option<String>,
    algorithm: &'static str,
    expected: String,
    got: String,
    matches: bool,
}

/// A verdict that holds as well.
#[derive(Serialize)]
struct Other {
    verdict: &'static str,
    message: String,
}

impl<'r> Transfer<'r> {
    fn of(report: &'r Report) -> Self {
        let head = report.head.as_ref();
        let sent = report.sent.as_ref();
        Self {
            url: report.url.to_string(),
            final_url: head.map(|head| head.url.to_string()),
            verdict: name(report.verdict()),
            message: report.message(),
            exit_code: report.exit_code(),
            file: report.file.as_ref().map(|path| path.display().to_string()),
            protocol: head.map(|head| protocol_name(head.version)),
            status: head.map(|head| head.status.as_u16()),
            bytes: report.received,
            resumed_from: report.resumed_from,
            bytes_sent: sent.map(Sending::bytes),
            digest_sent: sent.and_then(Sending::digest).map(|digest| hex(&digest)),
            seconds_to_first_byte: report.first_byte.as_ref().map(Duration::as_secs_f64),
            seconds: report.total.as_secs_f64(),
            header: head.map(|Head { fields, .. }| pairs(fields)),
            trailers: report.trailers.as_ref().map(pairs),
            announced: &report.announced,
            missing: report.missing.iter().map(HeaderName::as_str).collect(),
            compared: report.comparisons.iter().map(Compared::of).collect(),
            digests: report.digests.iter().map(|digest| (digest.algorithm().key(), hex(digest))).collect(),
            others: report.others().iter().map(Other::of).collect(),
            notes: &report.notes,
            refusal: report.refusal.as_deref(),
            earlier_attempts: &report.earlier,
        }
    }
}

impl<'r> Compared<'r> {
    fn of(comparison: &'r Comparison) -> Self {
        let (field, section) = match &comparison.by {
            DigestSource::Field { name, place } => (Some(name.as_str()), Some(place.to_string())),
            _ => (None, None),
        };
        Self {
            field,
            section,
            algorithm: comparison.expected.algorithm().key(),
            expected: hex(&comparison.expected),
            got: hex(&comparison.got),
            matches: comparison.matches(),
        }
    }
}

impl Other {
    fn of(verdict: &Verdict) -> Self {
        Self { verdict: name(verdict), message: verdict.to_string() }
    }
}

fn pairs(section: &HeaderMap) -> Vec<[String; 2]> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    section.iter().map(|(name, value)| [name.to_string(), text(value.as_bytes())]).collect()
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
    use axum_trailers::digest::Algorithm;
    use axum_trailers_client::{Cut, Error};
    use http::StatusCode;
    use serde_json::{Value, json};

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
    }

    #[test]
    fn each_verdict_has_a_name_and_an_exit_code() {
        let digest = |byte| Digest::new(Algorithm::Sha256, vec![byte; 32]).expect("its length is right");
        let compared = |got| Comparison::new(DigestSource::User, digest(0), digest(got)).verdict();
        let status = StatusCode::NOT_FOUND;
        let no_response = Verdict::from(Error::NoResponse(Cut::Closed));
        for (verdict, expected, code) in [
            (compared(0), "verified", 0),
            (Verdict::Unverified, "unverified", 0),
            (Verdict::refused(status), "refused", 5),
            (Verdict::Cut(Cut::Closed), "cut", 6),
            (no_response, "cut", 6),
            (compared(1), "digest_differs", 7),
            (Verdict::LocalTrouble(String::new()), "local_trouble", 11),
        ] {
            let mut report = Report::new("https://example.com/".parse().expect("a URL"));
            report.prefer(verdict);
            let object: Value = serde_json::from_str(&line(&report)).expect("an object");
            assert_eq!((&object["verdict"], &object["exit_code"]), (&json!(expected), &json!(code)));
        }
    }
}
