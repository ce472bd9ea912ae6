//! `send`: makes any request, and writes the content of its response to standard output.

use super::{
    outgoing::Outgoing,
    report::Report,
    session::{Session, Setup},
    target,
    upload::{Content, Pieces, Plan, Sending, Source, Transfer},
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

impl Send<'_> {
    async fn run(&self) -> Report {
        let url = target::without_credentials(&self.args.url);
        let transfer = Transfer::new(self.session, url, self.sending.clone());
        let outgoing = match self.outgoing() {
            Ok(outgoing) => outgoing,
            Err(reason) => return transfer.failed(Verdict::LocalTrouble(reason)),
        };
        let mut responded = match transfer.send(outgoing).await {
            Ok(responded) => responded,
            Err(report) => return report,
        };
        let received = transfer.receive(&mut responded, |data| self.session.print(data)).await;
        let mut report = transfer.finish(responded);
        if let Err(trouble) = received {
            report.fail(Verdict::LocalTrouble(trouble));
        }
        if report.head.is_some() && !self.sending.is_whole() {
            report.notes.push("the server answered before it had received the whole request".to_owned());
        }
        report
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
        if self.args.data.is_none() && trailers.is_empty() {
            self.sending.complete();
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
                    self.session.note(format_args!("warning: `{name}` is forbidden in trailers ({reason})"));
                }
            }
            outgoing.unchecked_trailers = Some(UncheckedTrailers(trailers.clone()));
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
