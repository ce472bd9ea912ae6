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

    /// Finds the last response with this id to this client.
    pub(super) fn find(&self, id: &str, client: Client) -> Option<Arc<Record>> {
        self.responses().iter().rfind(|record| record.is(id, client)).cloned()
    }

    /// Finds the last request with this token.
    pub(super) fn find_probe(&self, token: &Token) -> Option<Arc<Probe>> {
        self.probes().find(token)
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
        assert_eq!(seen.find("7", Client::UNKNOWN).expect("a record").to_json()["status"], 404);
        assert!(seen.find("7", Client::at([192, 0, 2, 1].into())).is_none(), "another client");
    }
}
