use super::Sending;
use crate::client::{
    outgoing::Outgoing,
    report::{Head, Report},
    session::{Arrived, Session},
};
use axum_trailers_client::{ResponseBody, Verdict, Verification, VerifiedBody};
use http::Uri;
use std::time::Instant;

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

impl<'a> Transfer<'a> {
    /// It begins now.
    pub(in crate::client) fn new(session: &'a Session<'a>, url: Uri, sending: Sending) -> Self {
        Self { session, url, sending, began: Instant::now(), deadline: session.deadline() }
    }

    /// Sends the request until its response begins. The connection goes on to send the content.
    pub(in crate::client) async fn send(&self, mut outgoing: Outgoing) -> Result<Responded, Report> {
        let arrived = self.session.exchange(&mut outgoing, self.deadline).await;
        let Arrived { response, uri, first_byte, not_followed } =
            arrived.map_err(|error| self.failed(error.into()))?;
        let (head, body) = Verification::new().method(&outgoing.method).verify(response).into_parts();
        let mut report = self.report();
        report.first_byte = Some(first_byte);
        Ok(Responded { head: Head::of(uri, &head), body, report, not_followed })
    }

    /// Receives the content of the response. A failure of `take` ends it.
    pub(in crate::client) async fn receive(
        &self,
        responded: &mut Responded,
        take: impl FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<(), String> {
        self.session.receive(&mut responded.body, self.deadline, take).await
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
            report.fail(Verdict::Refused { status: head.status });
            report.detail = Some(reason);
        }
        report.head = Some(head);
        self.add_sent(report)
    }

    /// What it came to without a response.
    pub(in crate::client) fn failed(&self, verdict: Verdict) -> Report {
        let mut report = self.report();
        report.fail(verdict);
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
            report.fail(Verdict::LocalTrouble(reason));
        }
        report
    }
}
