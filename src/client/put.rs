//! `put`: uploads with a digest, and says whether the server reports that it has stored what was sent.

use super::{
    outgoing::Outgoing,
    output::Trouble,
    report::Report,
    session::{Session, Setup},
    target,
    upload::{Content, Hashing, Plan, Printed, Printer, Sending, Source, Transfer, digest_of, stored_digest},
};
use crate::cli::{DigestPlace, FileOrDash, PutArgs};
use axum_trailers::digest::{CONTENT_DIGEST, Digest, REPR_DIGEST};
use axum_trailers_client::{Comparison, Cut, DigestSource, Verdict};
use http::{HeaderValue, Method, Uri, header};

pub(super) async fn put(args: &PutArgs, session: &Session<'_>) -> Result<u8, Setup> {
    if args.digest != DigestPlace::None && session.sends(&CONTENT_DIGEST) {
        return Err(Setup::usage("--header has a Content-Digest: use --digest none to send no other one"));
    }
    let report = Put { args, session, sending: Sending::default() }.run().await;
    Ok(session.show(report))
}

struct Put<'a> {
    args: &'a PutArgs,
    session: &'a Session<'a>,
    sending: Sending,
}

/// How much of a response is read for what the server reports as stored, in bytes.
const READ: usize = 64 * 1024;

impl Put<'_> {
    async fn run(&self) -> Report {
        let url = self.url();
        let transfer = Transfer::new(self.session, target::without_credentials(&url), self.sending.clone());
        match self.transfer(&transfer, &url).await {
            Ok(report) => report,
            Err(report) => *report,
        }
    }

    async fn transfer(&self, transfer: &Transfer<'_>, url: &Uri) -> Result<Report, Box<Report>> {
        let local = |reason| Box::new(transfer.failed(Verdict::LocalTrouble(reason)));
        let source = Source::new(&self.args.file).map_err(local)?;
        let bar = self.session.bar(0, source.length());
        let outgoing = self.outgoing(url, source).await.map_err(local)?;
        let mut responded = transfer.send(outgoing, bar).await?;
        if !responded.head.status.is_success() {
            transfer.refusal(&mut responded).await;
            let mut report = transfer.finish(responded);
            refuse(&mut report, self.is_unnamed());
            return Ok(report);
        }
        let mut answer = Answer::new(self.session.options.report.json);
        let received = transfer.receive(&mut responded, |data| answer.take(data)).await;
        let mut report = transfer.finish(responded);
        if let Err(Trouble::Local(trouble)) = received {
            report.prefer(Verdict::LocalTrouble(trouble));
        }
        report.notes.extend(answer.note);
        self.judge(&mut report, &answer.content);
        Ok(report)
    }

    fn url(&self) -> Uri {
        match &self.args.file {
            FileOrDash::File(path) => target::of_upload(&self.args.url, path),
            FileOrDash::Dash => self.args.url.clone(),
        }
    }

    /// Whether the URL needs the name of a file, and there is none.
    fn is_unnamed(&self) -> bool {
        self.args.file == FileOrDash::Dash && self.args.url.path().ends_with('/')
    }

    async fn outgoing(&self, url: &Uri, source: Source) -> Result<Outgoing, String> {
        let mut fields = super::defaults::accepting_trailers();
        let hashing = match self.args.digest {
            DigestPlace::None => Hashing::Compare,
            DigestPlace::Trailer => {
                fields.insert(header::TRAILER, HeaderValue::from_name(CONTENT_DIGEST));
                Hashing::Trailer
            }
            DigestPlace::Header => {
                let known = digest_of(source.clone()).await?;
                if let Hashing::Known { digest, .. } = &known {
                    fields.insert(CONTENT_DIGEST, digest.to_field_value());
                }
                known
            }
        };
        if self.args.expect_continue {
            fields.insert(header::EXPECT, HeaderValue::from_static("100-continue"));
        }
        let plan = Plan { hashing, is_verbose: self.session.options.report.verbose, ..Plan::default() };
        let fields = self.session.fields(url, fields);
        let content = Content::new(source, plan, self.sending.clone());
        let url = target::without_credentials(url);
        Ok(Outgoing::empty(Method::PUT, url, fields).with_content(content))
    }

    /// Adds what a good response says about the upload. That its own content is verified says nothing about it.
    fn judge(&self, report: &mut Report, content: &[u8]) {
        let Some(head) = &report.head else { return };
        let (status, sent) = (head.status, self.sending.digest());
        let stored = stored_digest(head, report.trailers.as_ref(), content, sent.as_ref());
        report.dismiss(|verdict| verdict.is_success() || is_about(stored.as_ref(), verdict));
        if !report.verdict().is_success() {
            if let Verdict::DigestDiffers { .. } = report.verdict() {
                report.detail = Some("that is the response, not the upload".to_owned());
            }
            return;
        }
        if !self.sending.is_whole() {
            let early = format!("the server responded {status} before it had received the whole content");
            return report.prefer(Verdict::Cut(Cut::Failed(early)));
        }
        report.detail = Some(status.to_string());
        report.prefer(match (stored, sent) {
            (Some(got), Some(expected)) => Comparison::new(DigestSource::Sent, expected, got).verdict(),
            _ => Verdict::Unverified,
        });
    }
}

/// Whether a verdict compares the digest of what is stored with the content of the response.
fn is_about(stored: Option<&Digest>, verdict: &Verdict) -> bool {
    match verdict {
        Verdict::DigestDiffers { by: DigestSource::Field { name, .. }, expected, .. } => {
            *name == REPR_DIGEST && Some(expected) == stored
        }
        _ => false,
    }
}

/// Each status but 2xx refuses an upload, also that of a redirect that is not followed.
fn refuse(report: &mut Report, is_unnamed: bool) {
    let Some(head) = &report.head else { return };
    let (status, has_location) = (head.status, head.fields.contains_key(header::LOCATION));
    if report.verdict().is_success() {
        report.prefer(Verdict::refused(status));
    }
    if status.is_redirection() && has_location && report.detail.is_none() {
        report.advice = Some("nothing was uploaded: use --location to follow the redirect".to_owned());
    } else if is_unnamed {
        report.advice = Some("standard input has no name to append to the URL: add one".to_owned());
    }
}

/// What a server responds to an upload.
struct Answer {
    printer: Printer,
    /// Its beginning.
    content: Vec<u8>,
    note: Option<String>,
}

impl Answer {
    fn new(is_silent: bool) -> Self {
        Self { printer: Printer::new(is_silent), content: Vec::new(), note: None }
    }

    /// The upload is what counts: an answer that can't be shown is no failure.
    fn take(&mut self, data: &[u8]) -> Result<(), Trouble> {
        let room = READ - self.content.len();
        self.content.extend_from_slice(&data[..data.len().min(room)]);
        if self.note.is_some() {
            return Ok(());
        }
        match self.printer.print(data) {
            Ok(Printed::Yes) | Err(Trouble::Closed) => {}
            Ok(Printed::Harmful) => {
                self.note = Some("the response is no text, so it is not shown".to_owned());
            }
            Err(trouble) => return Err(trouble),
        }
        Ok(())
    }
}
