use super::record::{Record, Recorder};
use crate::client::Client;
use axum::{body::Body, extract::State, middleware::Next, response::Response};
use axum_trailers::{hints::Routine, trailers::server::ResponseObserver};
use http_02::Request;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The records of the last responses, oldest first.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<VecDeque<Arc<Record>>>>);

impl Seen {
    /// How many responses are kept.
    pub(super) const KEPT: usize = 256;

    pub(super) fn add(&self, record: Arc<Record>) {
        let mut records = self.lock();
        if records.len() == Self::KEPT {
            records.pop_front();
        }
        records.push_back(record);
    }

    /// Finds the last response with this id to this client.
    pub(super) fn find(&self, id: &str, client: Client) -> Option<Arc<Record>> {
        self.lock().iter().rfind(|record| record.is(id, client)).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Record>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Responses that would soon replace all others: a client polls a record, and the page has many files.
const UNRECORDED: [&str; 2] = ["/seen/", "/ui/"];

/// Records what the server sends of each response.
pub(crate) async fn observe(State(seen): State<Seen>, request: Request<Body>, next: Next<Body>) -> Response {
    if UNRECORDED.iter().any(|prefix| request.uri().path().starts_with(prefix)) {
        return next.run(request).await;
    }
    let recorder = Recorder::new(&request, seen);
    let mut response = next.run(request).await;
    if response.extensions().get::<Routine>().is_none() {
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
        let recorder = Recorder::new(&Request::new(Body::empty()), seen.clone());
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
        assert_eq!(seen.lock().len(), Seen::KEPT);
        respond(&seen, "7", StatusCode::NOT_FOUND);
        assert_eq!(seen.find("7", Client::UNKNOWN).expect("a record").to_json()["status"], 404);
        assert!(seen.find("7", Client::at([192, 0, 2, 1].into())).is_none(), "another client");
    }
}
