use super::{probe::Probe, recent::Seen, section::Section};
use crate::{client::Client, json::milliseconds, pieces::Pieces};
use axum_trailers::{
    syntax::protocol_name,
    trailers::{
        WithheldReason,
        server::{Observe, Outcome},
    },
};
use http::{HeaderMap, StatusCode};
use http_02::{Method, Request};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

/// What was sent of one response.
pub(super) struct Record {
    id: String,
    /// Whether the id is the token of a probe.
    is_of_probe: bool,
    client: Client,
    method: Method,
    protocol: &'static str,
    began: Instant,
    status: StatusCode,
    fields: Section,
    rest: Mutex<Rest>,
}

/// What follows the header section.
#[derive(Default)]
struct Rest {
    content: Pieces,
    trailers: Option<Section>,
    withheld: Option<WithheldReason>,
    end: Option<End>,
}

struct End {
    after: Duration,
    outcome: Outcome,
}

/// Creates the record once the header section is sent, because only then its id is known.
pub(super) struct Recorder {
    seen: Seen,
    /// The request, if it has a token.
    probe: Option<Arc<Probe>>,
    client: Client,
    method: Method,
    protocol: &'static str,
    began: Instant,
    /// Whether the route has responded.
    has_response: bool,
    record: OnceLock<Arc<Record>>,
}

impl Recorder {
    pub(super) fn new<B>(request: &Request<B>, seen: Seen, probe: Option<Arc<Probe>>) -> Self {
        Self {
            seen,
            client: Client::of(request.extensions().get()),
            method: request.method().clone(),
            protocol: protocol_name(request.version()),
            began: probe.as_ref().map_or_else(Instant::now, |probe| probe.began),
            probe,
            has_response: false,
            record: OnceLock::new(),
        }
    }

    /// The route has responded. If nothing is sent now, the server has cut the connection.
    pub(super) fn responds(&mut self) {
        self.has_response = true;
    }

    fn rest(&self, change: impl FnOnce(&mut Rest, Duration)) {
        if let Some(record) = self.record.get() {
            change(&mut record.lock(), record.began.elapsed());
        }
    }
}

/// If it is dropped without a record, nothing was sent.
impl Drop for Recorder {
    fn drop(&mut self) {
        if let Some(probe) = &self.probe
            && self.record.get().is_none()
        {
            probe.stays_without_response(self.has_response);
        }
    }
}

impl Observe for Recorder {
    fn header_section(&self, status: StatusCode, fields: &[(&str, &[u8])]) {
        let id = fields.iter().find(|(name, _)| *name == "x-request-id");
        let id = id.map(|(_, id)| String::from_utf8_lossy(id).into_owned()).unwrap_or_default();
        let record = Arc::new(Record {
            is_of_probe: self.probe.as_ref().is_some_and(|probe| probe.token().as_str() == id),
            id,
            client: self.client,
            method: self.method.clone(),
            protocol: self.protocol,
            began: self.began,
            status,
            fields: Section::of(fields.iter().copied()),
            rest: Mutex::default(),
        });
        if self.record.set(record.clone()).is_ok() {
            if let Some(probe) = &self.probe {
                probe.responds(record.clone());
            }
            self.seen.add(record);
        }
    }

    fn data(&self, bytes: usize) {
        self.rest(|rest, at| rest.content.add(at, bytes));
    }

    fn trailers(&self, trailers: &HeaderMap) {
        let fields = trailers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        self.rest(|rest, _| rest.trailers = Some(Section::of(fields)));
    }

    fn withheld(&self, reason: WithheldReason) {
        self.rest(|rest, _| rest.withheld = Some(reason));
    }

    fn ended(&self, outcome: Outcome) {
        self.rest(|rest, after| rest.end = Some(End { after, outcome }));
    }
}

impl Record {
    pub(super) fn is(&self, id: &str, client: Client) -> bool {
        self.id == id && self.client == client
    }

    pub(super) fn is_of_probe(&self) -> bool {
        self.is_of_probe
    }

    /// How the response ended, or `None` while it is sent.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        self.lock().end.as_ref().map(|end| end.outcome)
    }

    pub(super) fn to_json(&self) -> Value {
        let rest = self.lock();
        let state = match rest.end.as_ref().map(|end| end.outcome) {
            None => "running",
            Some(Outcome::Complete) => "complete",
            Some(Outcome::FailureReported) => "failed",
            Some(Outcome::ClientGone) => "gone",
            Some(_) => "cut",
        };
        let trailers = rest.trailers.as_ref();
        json!({
            "id": self.id,
            "method": self.method.as_str(),
            "protocol": self.protocol,
            "state": state,
            "status": self.status.as_u16(),
            "fields": self.fields.to_pairs(),
            "data": rest.content.to_json("bytes"),
            "trailers": trailers.map(Section::to_pairs),
            "truncated": self.fields.is_truncated() || trailers.is_some_and(Section::is_truncated),
            "withheld": rest.withheld.map(|reason| reason.to_string()),
            "durationMs": rest.end.as_ref().map(|end| milliseconds(end.after)),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
