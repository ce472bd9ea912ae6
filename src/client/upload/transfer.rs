use super::Sending;
use crate::client::{
    outgoing::Outgoing,
    output::Trouble,
    progress::Bar,
    refusal,
    report::{Head, Report},
    session::{Arrived, Session},
};
use axum_trailers_client::{Error, ResponseBody, Verdict, Verification, VerifiedBody};
use http::Uri;
use std::{
    pin::pin,
    time::{Duration, Instant},
};
use tokio::time::interval;

/// A request with content.
pub(in crate::client) struct Transfer<'a> {
    session: &'a Session<'a>,
    url: Uri,
    sending: Sending,
    began: Instant,
    deadline: Option<tokio::time::Instant>,
}

/// Its response, whose content is still to be received.
pub(in crate::client) struct Responded {
    pub(in crate::client) head: Head,
    pub(in crate::client) body: VerifiedBody<ResponseBody>,
    report: Report,
    not_followed: Option<String>,
}

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(100);

impl<'a> Transfer<'a> {
    /// It begins now.
    pub(in crate::client) fn new(session: &'a Session<'a>, url: Uri, sending: Sending) -> Self {
        Self { session, url, sending, began: Instant::now(), deadline: session.deadline() }
    }

    /// Sends the request until its response begins. The connection goes on to send the content.
    pub(in crate::client) async fn send(
        &self,
        mut outgoing: Outgoing,
        bar: Bar,
    ) -> Result<Responded, Box<Report>> {
        let arrived = self.watch(self.session.exchange(&mut outgoing, self.deadline), bar).await;
        let Arrived { response, uri, first_byte, not_followed } =
            arrived.map_err(|error| Box::new(self.failed(error.into())))?;
        let (head, body) = Verification::new().method(&outgoing.method).verify(response).into_parts();
        let mut report = self.report();
        report.first_byte = Some(first_byte);
        Ok(Responded { head: Head::of(uri, &head), body, report, not_followed })
    }

    /// Moves a bar until the response begins.
    async fn watch(
        &self,
        exchange: impl Future<Output = Result<Arrived, Error>>,
        bar: Bar,
    ) -> Result<Arrived, Error> {
        let (mut exchange, mut ticks) = (pin!(exchange), interval(TICK));
        loop {
            tokio::select! {
                arrived = &mut exchange => return arrived,
                _ = ticks.tick() => bar.set(self.sending.bytes()),
            }
        }
    }

    /// Receives the content of the response. A failure of `take` ends it.
    pub(in crate::client) async fn receive(
        &self,
        responded: &mut Responded,
        take: impl FnMut(&[u8]) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        self.session.receive(&mut responded.body, self.deadline, take).await
    }

    /// The text of a refusal.
    pub(in crate::client) async fn refusal(&self, responded: &mut Responded) {
        let Responded { head, body, report, .. } = responded;
        report.refusal = refusal::read(&head.fields, body, self.deadline).await;
    }

    /// What it came to, with a response.
    pub(in crate::client) fn finish(&self, responded: Responded) -> Report {
        let Responded { head, body, mut report, not_followed } = responded;
        report.add_body(&body);
        report.total = self.began.elapsed();
        if let Some(section) = &report.trailers {
            self.session.trailers(section);
        }
        if let Some(reason) = not_followed {
            report.prefer(Verdict::refused(head.status));
            report.detail = Some(reason);
        }
        report.head = Some(head);
        self.add_sent(report)
    }

    /// What it came to without a response.
    pub(in crate::client) fn failed(&self, verdict: Verdict) -> Report {
        let mut report = self.report();
        report.prefer(verdict);
        self.add_sent(report)
    }

    fn report(&self) -> Report {
        let mut report = Report::new(self.url.clone());
        report.total = self.began.elapsed();
        report
    }

    fn add_sent(&self, mut report: Report) -> Report {
        report.sent = Some(self.sending.clone());
        // A cut is its result, and not the other way around.
        if let Some(reason) = self.sending.failure() {
            report.prefer(Verdict::LocalTrouble(reason));
        }
        report
    }
}
