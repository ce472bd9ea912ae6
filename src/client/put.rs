//! `put`: uploads with a digest, and says whether the server reports that it has stored what was sent.

use super::{
    outgoing::Outgoing,
    report::Report,
    session::{Session, Setup},
    target,
    upload::{Content, Hashing, Plan, Sending, Source, Transfer, digest_of, stored_digest},
};
use crate::cli::{DigestPlace, FileOrDash, PutArgs};
use axum_trailers::digest::{Algorithm, CONTENT_DIGEST};
use axum_trailers_client::{Cut, DigestSource, Verdict};
use http::{HeaderValue, Method, Uri, header};

pub(super) async fn put(args: &PutArgs, session: &Session<'_>) -> Result<u8, Setup> {
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
        let outgoing = match self.outgoing(&url).await {
            Ok(outgoing) => outgoing,
            Err(reason) => return transfer.failed(Verdict::LocalTrouble(reason)),
        };
        let mut responded = match transfer.send(outgoing).await {
            Ok(responded) => responded,
            Err(report) => return report,
        };
        let mut content = Vec::new();
        let received = transfer.receive(&mut responded, |data| {
            let room = READ - content.len();
            content.extend_from_slice(&data[..data.len().min(room)]);
            self.session.print(data)
        });
        let received = received.await;
        let mut report = transfer.finish(responded);
        if let Err(trouble) = received {
            report.fail(Verdict::LocalTrouble(trouble));
        }
        self.judge(&mut report, &content);
        report
    }

    fn url(&self) -> Uri {
        match &self.args.file {
            FileOrDash::File(path) => target::of_upload(&self.args.url, path),
            FileOrDash::Dash => self.args.url.clone(),
        }
    }

    async fn outgoing(&self, url: &Uri) -> Result<Outgoing, String> {
        let source = Source::new(&self.args.file)?;
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

    /// Adds what the response says about the upload.
    fn judge(&self, report: &mut Report, content: &[u8]) {
        let Some(head) = report.head.as_ref().filter(|_| report.verdict().is_success()) else { return };
        let status = head.status;
        if !status.is_success() {
            report.fail(Verdict::Refused { status });
            let is_redirect = status.is_redirection() && !self.session.options.location;
            report.detail =
                is_redirect.then(|| "nothing was uploaded; --location follows redirects".to_owned());
            return;
        }
        if !self.sending.is_whole() {
            let early = format!("the server answered {status} before it had received the whole content");
            return report.fail(Verdict::Cut(Cut::Failed(early)));
        }
        let bytes = self.sending.bytes();
        report.detail = Some(format!("{status}, {bytes} bytes sent"));
        let stored = stored_digest(head, report.trailers.as_ref(), content);
        if let (Some(got), Some(expected)) = (stored, self.sending.digest()) {
            let by = DigestSource::Sent;
            report.fail(if got == expected {
                Verdict::Verified { by, algorithm: Algorithm::Sha256 }
            } else {
                Verdict::DigestDiffers { by, expected, got }
            });
        }
    }
}
