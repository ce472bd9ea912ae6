//! What a transfer came to.

use super::{escape, exit_code, output::Trouble, upload::Sending};
use axum_trailers::digest::Digest;
use axum_trailers_client::{Comparison, TlsError, Verdict, VerifiedBody};
use http::{HeaderMap, HeaderName, StatusCode, Uri, Version, response};
use indicatif::BinaryBytes;
use std::{path::PathBuf, time::Duration};

#[derive(Debug)]
pub(super) struct Report {
    /// Without credentials.
    pub(super) url: Uri,
    /// Of the last response.
    pub(super) head: Option<Head>,
    /// What earlier attempts came to.
    pub(super) earlier: Vec<String>,
    /// Of the content of the last response, in bytes.
    pub(super) received: u64,
    /// The position of its first byte in the whole, if it continues what arrived before.
    pub(super) resumed_from: Option<u64>,
    /// From the last attempt's first request until the head of the last response.
    pub(super) first_byte: Option<Duration>,
    pub(super) total: Duration,
    pub(super) trailers: Option<HeaderMap>,
    pub(super) announced: Vec<String>,
    pub(super) missing: Vec<HeaderName>,
    pub(super) comparisons: Vec<Comparison>,
    /// Of what arrived.
    pub(super) digests: Vec<Digest>,
    /// All verdicts that hold, in their order.
    findings: Vec<Verdict>,
    /// More about the verdict, such as why a redirect was not followed.
    pub(super) detail: Option<String>,
    /// What to do.
    pub(super) advice: Option<String>,
    /// The text in the content of a refusal.
    pub(super) refusal: Option<String>,
    pub(super) notes: Vec<String>,
    /// Where the content is.
    pub(super) file: Option<PathBuf>,
    /// The content of the request, if it has some.
    pub(super) sent: Option<Sending>,
    /// Standard output was closed, so nobody wants to read about it.
    pub(super) is_silent: bool,
}

/// The head of a response.
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
    pub(super) fn new(url: Uri) -> Self {
        Self {
            url,
            head: None,
            earlier: Vec::new(),
            received: 0,
            resumed_from: None,
            first_byte: None,
            total: Duration::ZERO,
            trailers: None,
            announced: Vec::new(),
            missing: Vec::new(),
            comparisons: Vec::new(),
            digests: Vec::new(),
            findings: Vec::new(),
            detail: None,
            advice: None,
            refusal: None,
            notes: Vec::new(),
            file: None,
            sent: None,
            is_silent: false,
        }
    }

    /// Adds what is known of a body at its end.
    pub(super) fn add_body<B>(&mut self, body: &VerifiedBody<B>) {
        self.received = body.received();
        self.trailers = body.trailers().cloned();
        self.announced = body.announced().iter().map(str::to_owned).collect();
        self.missing = body.missing().to_vec();
        self.comparisons = body.comparisons().to_vec();
        self.digests = body.digests().to_vec();
        self.notes.extend(body.notes().iter().map(ToString::to_string));
        self.findings.extend_from_slice(body.findings());
        if !self.missing.is_empty() && !matches!(self.verdict(), Verdict::TrailerMissing(_)) {
            let names: Vec<_> = self.missing.iter().map(HeaderName::as_str).collect();
            self.notes.push(format!("announced trailers did not arrive: {}", names.join(", ")));
        }
    }

    /// Gives precedence to this verdict.
    pub(super) fn prefer(&mut self, verdict: Verdict) {
        self.findings.insert(0, verdict);
    }

    /// Leaves out verdicts that do not hold for the transfer as a whole.
    pub(super) fn dismiss(&mut self, does_not_hold: impl Fn(&Verdict) -> bool) {
        self.findings.retain(|verdict| !does_not_hold(verdict));
    }

    /// Content can't be written.
    pub(super) fn trouble(&mut self, trouble: Trouble) {
        match trouble {
            Trouble::Local(message) => self.prefer(Verdict::LocalTrouble(message)),
            Trouble::Closed => {
                self.is_silent = true;
                self.prefer(Verdict::LocalTrouble("the reader of the content has closed it".to_owned()));
            }
        }
    }

    pub(super) fn verdict(&self) -> &Verdict {
        self.findings.first().unwrap_or(&Verdict::Unverified)
    }

    /// The other verdicts that hold.
    pub(super) fn others(&self) -> &[Verdict] {
        self.findings.get(1..).unwrap_or_default()
    }

    pub(super) fn exit_code(&self) -> u8 {
        exit_code::of(self.verdict())
    }

    /// Whether the content is known to be other than announced.
    pub(super) fn is_wrong(&self) -> bool {
        self.findings.iter().any(|verdict| matches!(verdict, Verdict::DigestDiffers { .. }))
    }

    /// The verdict in one line, without advice.
    pub(super) fn message(&self) -> String {
        let verdict = self.verdict().to_string();
        let message = self.detail.as_ref().map(|detail| format!("{verdict}: {detail}")).unwrap_or(verdict);
        escape::line(message.as_bytes()).to_string()
    }

    /// Says what to do about a failure of TLS.
    pub(super) fn advise(&mut self) {
        let advice = match self.verdict() {
            Verdict::Tls(TlsError::Untrusted(reason)) if reason.contains("issuer") => {
                "use --cacert FILE to trust its certificate authority, or --insecure to trust any server"
            }
            Verdict::Tls(TlsError::Protocol(_)) => "leave out --http2 to use what the server offers",
            _ => return,
        };
        self.advice.get_or_insert_with(|| advice.to_owned());
    }

    fn size_and_time(&self) -> String {
        let seconds = self.total.as_secs_f64();
        if let Some(sent) = &self.sent {
            let received = BinaryBytes(self.received);
            return format!("{} sent, {received} received in {seconds:.2} s", BinaryBytes(sent.bytes()));
        }
        let from = self.resumed_from.unwrap_or_default();
        let size = BinaryBytes(from.saturating_add(self.received));
        let resumed = if from > 0 { format!(", resumed at {}", BinaryBytes(from)) } else { String::new() };
        format!("{size} in {seconds:.2} s{resumed}")
    }

    /// What people read about the transfer: the verdict, what to do, and the text of a refusal.
    pub(super) fn text(&self) -> String {
        let size_and_time = self.verdict().is_success().then(|| self.size_and_time());
        let advice = self.advice.as_ref().map(|advice| escape::short(advice));
        let verdict = format!("{}: {}", self.url, escape::short(&self.message()));
        let first =
            [Some(verdict), size_and_time, advice].into_iter().flatten().collect::<Vec<_>>().join("; ");
        let notes = self.notes.iter().map(|note| format!("note: {}", escape::short(note)));
        let refusal = self.refusal.iter().flat_map(|refusal| refusal.lines());
        let refusal = refusal.map(|line| escape::line(line.as_bytes()).to_string());
        [first].into_iter().chain(notes).chain(refusal).collect::<Vec<_>>().join("\n  ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum_trailers_client::Cut;

    fn report() -> Report {
        Report::new("https://example.com/a@b".parse().expect("a URL"))
    }

    #[test]
    fn text_has_no_terminal_escapes() {
        let mut report = report();
        report.prefer(Verdict::refused(StatusCode::NOT_FOUND));
        report.detail = Some("red \x1b[31m".to_owned());
        report.refusal = Some("one\ntwo \x07".to_owned());
        report.notes.push("three \u{9b}".to_owned());
        let expected = "https://example.com/a@b: refused: 404 Not Found: red \\u{1b}[31m\n  note: three \\u{9b}\n  one\n  two \\u{7}";
        assert_eq!(report.text(), expected);
    }

    #[test]
    fn local_trouble_comes_first_and_what_it_hides_is_kept() {
        let mut report = report();
        assert_eq!(
            (report.verdict(), report.others(), report.exit_code()),
            (&Verdict::Unverified, &[][..], 0)
        );
        report.prefer(Verdict::Cut(Cut::Closed));
        report.prefer(Verdict::LocalTrouble("the disk is full".to_owned()));
        assert_eq!((report.exit_code(), report.others()), (11, &[Verdict::Cut(Cut::Closed)][..]));
    }

    #[test]
    fn only_a_success_has_its_size_and_time() {
        let mut report = report();
        report.received = 2048;
        assert!(report.text().ends_with("complete, nothing to verify it with; 2.00 KiB in 0.00 s"));
        report.resumed_from = Some(1024);
        assert!(report.text().ends_with("; 3.00 KiB in 0.00 s, resumed at 1.00 KiB"));
        report.prefer(Verdict::Cut(Cut::Closed));
        assert!(report.text().ends_with("before the end of the message"));
    }
}
