//! `send`: makes any request, and writes the content of its response to standard output.

use super::{
    outgoing::Outgoing,
    output::Trouble,
    progress::Bar,
    report::Report,
    session::{Session, Setup},
    target,
    upload::{Content, Pieces, Plan, Printed, Printer, Sending, Source, Transfer},
};
use crate::cli::{Data, SendArgs};
use axum_trailers::trailers::why_forbidden;
use axum_trailers_client::{UncheckedTrailers, Verdict};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};

pub(super) async fn send(args: &SendArgs, session: &Session<'_>) -> Result<u8, Setup> {
    let report = Send { args, session, sending: Sending::default() }.run().await;
    Ok(session.show(report))
}

struct Send<'a> {
    args: &'a SendArgs,
    session: &'a Session<'a>,
    sending: Sending,
}

const HARMFUL: &str = "the content is no text, which could disturb the terminal: redirect standard output to a file or a program";

impl Send<'_> {
    async fn run(&self) -> Report {
        let url = target::without_credentials(&self.args.url);
        let transfer = Transfer::new(self.session, url, self.sending.clone());
        let mut report = match self.transfer(&transfer).await {
            Ok(report) => report,
            Err(report) => *report,
        };
        if !self.has_content() {
            report.sent = None;
        }
        report
    }

    async fn transfer(&self, transfer: &Transfer<'_>) -> Result<Report, Box<Report>> {
        let outgoing = self.outgoing();
        let outgoing = outgoing.map_err(|reason| Box::new(transfer.failed(Verdict::LocalTrouble(reason))))?;
        let mut responded = transfer.send(outgoing, Bar::hidden()).await?;
        let mut printer = Printer::new(self.session.options.report.json);
        let print = |data: &[u8]| match printer.print(data)? {
            Printed::Yes => Ok(()),
            Printed::Harmful => Err(Trouble::Local(HARMFUL.to_owned())),
        };
        let received = transfer.receive(&mut responded, print).await;
        let mut report = transfer.finish(responded);
        if let Err(trouble) = received {
            report.trouble(trouble);
        }
        if self.has_content() && !self.sending.is_whole() {
            report.notes.push("the server responded before it had received the whole request".to_owned());
        }
        Ok(report)
    }

    fn has_content(&self) -> bool {
        self.args.data.is_some() || !self.args.trailer.is_empty()
    }

    fn outgoing(&self) -> Result<Outgoing, String> {
        let trailers: HeaderMap =
            self.args.trailer.iter().map(|line| (line.name.clone(), line.value.clone())).collect();
        let mut fields = super::defaults::accepting_trailers();
        if !trailers.is_empty() && !self.args.unannounced {
            fields.insert(header::TRAILER, announcement(&trailers));
        }
        let fields = self.session.fields(&self.args.url, fields);
        let url = target::without_credentials(&self.args.url);
        let mut outgoing = Outgoing::empty(self.args.method(), url, fields);
        if !self.has_content() {
            return Ok(outgoing);
        }
        let mut plan = Plan {
            pieces: Pieces { size: self.args.chunk.map(|size| size as usize), delay: self.args.delay },
            is_verbose: self.session.options.report.verbose,
            ..Plan::default()
        };
        if self.args.unchecked {
            for name in trailers.keys() {
                if let Some(reason) = why_forbidden(name) {
                    let warning = format!(
                        "warning: `{name}` is forbidden in trailers ({reason}), and sent all the same"
                    );
                    self.session.note(warning);
                }
            }
            outgoing.unchecked_trailers = Some(UncheckedTrailers::new(trailers.clone()));
            plan.unchecked_trailers = trailers;
        } else {
            plan.trailers = trailers;
        }
        let source = match &self.args.data {
            None => Source::Text(Bytes::new()),
            Some(Data::Bytes(text)) => Source::Text(text.clone().into()),
            Some(Data::Of(file)) => Source::new(file)?,
        };
        Ok(outgoing.with_content(Content::new(source, plan, self.sending.clone())))
    }
}

fn announcement(trailers: &HeaderMap) -> HeaderValue {
    let names: Vec<_> = trailers.keys().map(HeaderName::as_str).collect();
    HeaderValue::try_from(names.join(", ")).expect("names and commas make a field value")
}
