//! What a transfer came to, as a line for people and as an object for programs.

use super::{escape, exit_code, upload::Sending};
use axum_trailers::syntax::protocol_name;
use axum_trailers_client::{Verdict, VerifiedBody};
use http::{HeaderMap, HeaderName, StatusCode, Uri, Version, response};
use serde_json::{Value, json};
use std::{path::PathBuf, time::Duration};

#[derive(Debug)]
pub(super) struct Report {
    pub(super) url: Uri,
    pub(super) head: Option<Head>,
    /// Of the content, in bytes.
    pub(super) received: u64,
    pub(super) first_byte: Option<Duration>,
    pub(super) total: Duration,
    pub(super) trailers: Option<HeaderMap>,
    pub(super) announced: Vec<String>,
    pub(super) missing: Vec<HeaderName>,
    pub(super) verdict: Verdict,
    /// The other verdicts that hold.
    pub(super) others: Vec<Verdict>,
    /// More about the verdict: why a redirect was not followed, what a problem document says.
    pub(super) detail: Option<String>,
    pub(super) notes: Vec<String>,
    pub(super) file: Option<PathBuf>,
    /// The content of the request, if it has some.
    pub(super) sent: Option<Sending>,
    pub(super) exit_code: u8,
}

/// The head of the last response.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) url: Uri,
    pub(super) version: Version,
    pub(super) status: StatusCode,
    pub(super) fields: HeaderMap,
}

impl Head {
    pub(super) fn of(url: Uri, head: &response::Parts) -> Self {
        Self { url, version: head.version, status: head.status, fields: head.headers.clone() }
    }
}

impl Report {
    /// Of a transfer that has no response.
    pub(super) fn without_response(url: Uri, verdict: Verdict, total: Duration) -> Self {
        let exit_code = exit_code::of(&verdict);
        Self {
            url,
            head: None,
            received: 0,
            first_byte: None,
            total,
            trailers: None,
            announced: Vec::new(),
            missing: Vec::new(),
            verdict,
            others: Vec::new(),
            detail: None,
            notes: Vec::new(),
            file: None,
            sent: None,
            exit_code,
        }
    }

    /// Adds what is known of a body at its end.
    pub(super) fn add_body<B>(&mut self, body: &VerifiedBody<B>) {
        self.received = body.received();
        self.trailers = body.trailers().cloned();
        self.announced = body.announced().iter().map(str::to_owned).collect();
        self.missing = body.missing().to_vec();
        if let [verdict, others @ ..] = body.findings() {
            self.verdict = verdict.clone();
            self.others = others.to_vec();
        }
        self.exit_code = exit_code::of(&self.verdict);
    }

    /// Gives precedence to trouble on this side.
    pub(super) fn fail(&mut self, verdict: Verdict) {
        self.exit_code = exit_code::of(&verdict);
        self.others.insert(0, std::mem::replace(&mut self.verdict, verdict));
    }

    /// The verdict in one line.
    pub(super) fn line(&self) -> String {
        let mut line = escape::line(self.verdict.to_string().as_bytes()).to_string();
        if let Some(detail) = &self.detail {
            line = format!("{line}: {}", escape::line(detail.as_bytes()));
        }
        line
    }

    /// For `--json`.
    pub(super) fn to_json(&self) -> Value {
        let head = self.head.as_ref();
        json!({
            "url": self.url.to_string(),
            "final_url": head.map(|head| head.url.to_string()),
            "protocol": head.map(|head| protocol_name(head.version)),
            "status": head.map(|head| head.status.as_u16()),
            "bytes": self.received,
            "bytes_sent": self.sent.as_ref().map(Sending::bytes),
            "digest_sent": self.sent.as_ref().and_then(Sending::digest).map(|digest| digest.to_string()),
            "seconds_to_first_byte": self.first_byte.map(|time| time.as_secs_f64()),
            "seconds": self.total.as_secs_f64(),
            "header": head.map(|head| pairs(&head.fields)),
            "trailers": self.trailers.as_ref().map(pairs),
            "announced": self.announced,
            "missing": self.missing.iter().map(HeaderName::as_str).collect::<Vec<_>>(),
            "verdict": name(&self.verdict),
            "message": self.line(),
            "others": self.others.iter().map(|verdict| json!({"verdict": name(verdict), "message": verdict.to_string()})).collect::<Vec<_>>(),
            "notes": self.notes,
            "file": self.file.as_ref().map(|path| path.display().to_string()),
            "exit_code": self.exit_code,
        })
    }
}

fn pairs(section: &HeaderMap) -> Vec<[String; 2]> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    section.iter().map(|(name, value)| [name.to_string(), text(value.as_bytes())]).collect()
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
