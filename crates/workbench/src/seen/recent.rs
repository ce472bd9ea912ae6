use super::{
    probe::Probe,
    probes::Probes,
    record::{Record, Recorder},
    token::Token,
};
use crate::client::Client;
use axum::{body::Body, extract::State, middleware::Next, response::Response};
use axum_trailers::{hints::Routine, trailers::server::ResponseObserver};
use http_02::Request;
use serde_json::Value;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The records of the last responses and probes.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// Oldest first.
    responses: Mutex<VecDeque<Arc<Record>>>,
    probes: Mutex<Probes>,
}

impl Seen {
    /// How many responses are kept.
    pub(super) const KEPT: usize = 256;

    pub(super) fn add(&self, record: Arc<Record>) {
        let mut records = self.responses();
        if records.len() == Self::KEPT {
            records.pop_front();
        }
        records.push_back(record);
    }

    /// The record with this id or token. A client's own response comes before the probe of another one, which could
    /// otherwise take its id as a token.
    pub(super) fn find(&self, id: &str, client: Client) -> Option<Value> {
        let own = self.response(id, client);
        if let Some(own) = own.as_ref().filter(|own| !own.is_of_probe()) {
            return Some(own.to_json());
        }
        let probe = Token::new(id).and_then(|token| self.probes().find(&token));
        probe.map(|probe| probe.to_json()).or_else(|| own.map(|own| own.to_json()))
    }

    /// The last response with this id to this client, if possible one whose id is not the token of a probe.
    fn response(&self, id: &str, client: Client) -> Option<Arc<Record>> {
        let responses = self.responses();
        let mut own = responses.iter().rev().filter(|record| record.is(id, client));
        let last = own.next()?;
        Some(
            if last.is_of_probe() { own.find(|record| !record.is_of_probe()).unwrap_or(last) } else { last }
                .clone(),
        )
    }

    /// Begins the record of a request, if it has a token.
    fn begin_probe(&self, request: &Request<Body>) -> Option<Arc<Probe>> {
        Token::of(request).map(|token| self.probes().add(token, request))
    }

    fn responses(&self) -> MutexGuard<'_, VecDeque<Arc<Record>>> {
        self.0.responses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn probes(&self) -> MutexGuard<'_, Probes> {
        self.0.probes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client polls it.
const SEEN: &str = "/seen/";

/// Responses that would soon replace all others: the page has many files.
const UI: &str = "/ui/";

/// Records what the server sends of each response, and what arrives of each request with a token.
pub(crate) async fn observe(
    State(seen): State<Seen>,
    mut request: Request<Body>,
    next: Next<Body>,
) -> Response {
    let path = request.uri().path();
    if path.starts_with(SEEN) {
        return next.run(request).await;
    }
    let is_of_page = path.starts_with(UI);
    let probe = seen.begin_probe(&request);
    if is_of_page && probe.is_none() {
        return next.run(request).await;
    }
    let mut recorder = Recorder::new(&request, seen, probe.clone());
    let is_probe = probe.is_some();
    if let Some(probe) = probe {
        request.extensions_mut().insert(probe);
    }
    let mut response = next.run(request).await;
    recorder.responds();
    if is_probe || response.extensions().get::<Routine>().is_none() {
        response.extensions_mut().insert(ResponseObserver::new(recorder));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum_trailers::trailers::server::Observe;
    use http::StatusCode;

    fn respond(seen: &Seen, id: &str, status: StatusCode) {
        let recorder = Recorder::new(&Request::new(Body::empty()), seen.clone(), None);
        recorder.header_section(status, &[("x-request-id", id.as_bytes())]);
    }

    #[test]
    fn last_responses_are_kept_and_the_last_one_of_an_id_is_found() {
        let seen = Seen::default();
        for n in 0..=Seen::KEPT {
            respond(&seen, &n.to_string(), StatusCode::OK);
        }
        assert!(seen.find("0", Client::UNKNOWN).is_none(), "the oldest is gone");
        assert!(seen.find("1", Client::UNKNOWN).is_some());
        assert_eq!(seen.responses().len(), Seen::KEPT);
        respond(&seen, "7", StatusCode::NOT_FOUND);
        assert_eq!(seen.find("7", Client::UNKNOWN).expect("a record")["status"], 404);
        assert!(seen.find("7", Client::at([192, 0, 2, 1].into())).is_none(), "another client");
    }
    #[test]
    fn token_never_hides_a_response_with_the_same_id() {
        let id = "0123456789abcdef012345";
        let request =
            |token| Request::get("/te").header("x-check-id", token).body(Body::empty()).expect("a request");
        let probe = |seen: &Seen| {
            let request = request(id);
            let recorder = Recorder::new(&request, seen.clone(), seen.begin_probe(&request));
            recorder.header_section(StatusCode::ACCEPTED, &[("x-request-id", id.as_bytes())]);
            recorder
        };
        let (own, other) = (Client::UNKNOWN, Client::at([192, 0, 2, 1].into()));
        let seen = Seen::default();
        respond(&seen, id, StatusCode::OK);
        let _recorder = probe(&seen);
        let found = |client| seen.find(id, client).expect("a record");
        assert_eq!((&found(own)["status"], &found(own)["token"]), (&200.into(), &Value::Null));
        assert_eq!((&found(other)["status"], &found(other)["token"]), (&202.into(), &id.into()));

        let seen = Seen::default();
        let _recorder = probe(&seen);
        assert_eq!(seen.find(id, own).expect("a record")["token"], id, "the client's own probe");
    }
}
