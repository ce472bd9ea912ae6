use super::recent::Seen;
use crate::{client::Client, json::milliseconds};
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
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

/// How many pieces are kept from the beginning of the content, and how many from its end.
const KEPT_PIECES: usize = 32;

/// How much of a section is kept, in bytes.
const KEPT_SECTION: usize = 16 * 1024;

/// The first fields of a section, with invalid UTF-8 replaced.
#[derive(Default)]
struct Fields {
    kept: Vec<(String, String)>,
    bytes: usize,
    /// Whether there were more.
    is_truncated: bool,
}

/// What was sent of one response.
pub(super) struct Record {
    id: String,
    client: Client,
    method: Method,
    protocol: &'static str,
    began: Instant,
    status: StatusCode,
    fields: Fields,
    rest: Mutex<Rest>,
}

/// What follows the header section.
#[derive(Default)]
struct Rest {
    bytes: u64,
    pieces: u64,
    first: Vec<Piece>,
    last: VecDeque<Piece>,
    trailers: Option<Fields>,
    withheld: Option<WithheldReason>,
    end: Option<End>,
}

#[derive(Clone, Copy)]
struct Piece {
    at: Duration,
    bytes: usize,
}

struct End {
    after: Duration,
    outcome: Outcome,
}

/// Creates the record once the header section is sent, because only then its id is known.
pub(super) struct Recorder {
    seen: Seen,
    client: Client,
    method: Method,
    protocol: &'static str,
    began: Instant,
    record: OnceLock<Arc<Record>>,
}

impl Recorder {
    pub(super) fn new<B>(request: &Request<B>, seen: Seen) -> Self {
        Self {
            seen,
            client: Client::of(request.extensions().get()),
            method: request.method().clone(),
            protocol: protocol_name(request.version()),
            began: Instant::now(),
            record: OnceLock::new(),
        }
    }

    fn rest(&self, change: impl FnOnce(&mut Rest, Duration)) {
        if let Some(record) = self.record.get() {
            change(&mut record.lock(), record.began.elapsed());
        }
    }
}

impl Observe for Recorder {
    fn header_section(&self, status: StatusCode, fields: &[(&str, &[u8])]) {
        let id = fields.iter().find(|(name, _)| *name == "x-request-id");
        let record = Arc::new(Record {
            id: id.map(|(_, id)| text(id)).unwrap_or_default(),
            client: self.client,
            method: self.method.clone(),
            protocol: self.protocol,
            began: self.began,
            status,
            fields: Fields::of(fields.iter().copied()),
            rest: Mutex::default(),
        });
        if self.record.set(record.clone()).is_ok() {
            self.seen.add(record);
        }
    }

    fn data(&self, bytes: usize) {
        self.rest(|rest, at| {
            rest.bytes += bytes as u64;
            rest.pieces += 1;
            let piece = Piece { at, bytes };
            if rest.first.len() < KEPT_PIECES {
                rest.first.push(piece);
            } else {
                if rest.last.len() == KEPT_PIECES {
                    rest.last.pop_front();
                }
                rest.last.push_back(piece);
            }
        });
    }

    fn trailers(&self, trailers: &HeaderMap) {
        let fields = trailers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        self.rest(|rest, _| rest.trailers = Some(Fields::of(fields)));
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

    pub(super) fn to_json(&self) -> Value {
        let rest = self.lock();
        let state = match rest.end.as_ref().map(|end| end.outcome) {
            None => "running",
            Some(Outcome::Complete) => "complete",
            Some(Outcome::FailureReported) => "failed",
            Some(Outcome::ClientGone) => "gone",
            Some(_) => "cut",
        };
        let is_truncated =
            self.fields.is_truncated || rest.trailers.as_ref().is_some_and(|trailers| trailers.is_truncated);
        json!({
            "id": self.id,
            "method": self.method.as_str(),
            "protocol": self.protocol,
            "state": state,
            "status": self.status.as_u16(),
            "fields": self.fields.kept,
            "data": {
                "bytes": rest.bytes,
                "pieces": rest.pieces,
                "first": rest.first.iter().copied().map(Piece::to_json).collect::<Value>(),
                "last": rest.last.iter().copied().map(Piece::to_json).collect::<Value>(),
            },
            "trailers": rest.trailers.as_ref().map(|trailers| &trailers.kept),
            "truncated": is_truncated,
            "withheld": rest.withheld.map(|reason| reason.to_string()),
            "durationMs": rest.end.as_ref().map(|end| milliseconds(end.after)),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fields {
    fn of<'f>(section: impl Iterator<Item = (&'f str, &'f [u8])>) -> Self {
        let mut fields = Self::default();
        for (name, value) in section {
            let value = text(value);
            fields.bytes += name.len() + value.len();
            if fields.bytes > KEPT_SECTION {
                fields.is_truncated = true;
                break;
            }
            fields.kept.push((name.to_owned(), value));
        }
        fields
    }
}

impl Piece {
    fn to_json(self) -> Value {
        json!([milliseconds(self.at), self.bytes])
    }
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_section_is_truncated() {
        let value = [b'x'; KEPT_SECTION / 2];
        for (count, kept) in [(1, 1), (2, 1), (3, 1)] {
            let fields = Fields::of(std::iter::repeat_n(("x-large", &value[..]), count));
            assert_eq!((fields.kept.len(), fields.is_truncated), (kept, count > kept));
        }
    }

    #[test]
    fn first_and_last_pieces_are_kept() {
        let recorder = Recorder::new(&Request::new(()), Seen::default());
        recorder.data(1);
        recorder.header_section(StatusCode::OK, &[("x-request-id", b"a")]);
        for bytes in 1..=100 {
            recorder.data(bytes);
        }
        let data = recorder.record.get().expect("a record").to_json()["data"].take();
        assert_eq!((&data["bytes"], &data["pieces"]), (&5050.into(), &100.into()));
        let sizes = |which: &str| -> Vec<_> {
            data[which].as_array().expect("a list").iter().map(|piece| piece[1].as_u64()).collect()
        };
        assert_eq!(sizes("first"), (1..=32).map(Some).collect::<Vec<_>>());
        assert_eq!(sizes("last"), (69..=100).map(Some).collect::<Vec<_>>());
    }
}
