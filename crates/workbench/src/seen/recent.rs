use super::record::{Record, Recorder};
use axum::{body::Body, extract::State, middleware::Next, response::Response};
use axum_trailers::trailers::server::ResponseObserver;
use http::Request;
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

    pub(super) fn find(&self, id: &str) -> Option<Arc<Record>> {
        self.lock().iter().rfind(|record| record.has_id(id)).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Record>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records what the server sends of each response, except of records: a client that polls one must not replace it.
pub(crate) async fn observe(State(seen): State<Seen>, request: Request<Body>, next: Next<Body>) -> Response {
    if request.uri().path().starts_with("/seen/") {
        return next.run(request).await;
    }
    let recorder = Recorder::new(&request, seen);
    let mut response = next.run(request).await;
    response.extensions_mut().insert(ResponseObserver::new(recorder));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum_trailers::trailers::server::Observe;
    use http::StatusCode;

    fn respond(seen: &Seen, id: &str, status: StatusCode) {
        let recorder = Recorder::new(&Request::new(Body::empty()), seen.clone());
        let fields = [("x-request-id", id.as_bytes())];
        recorder.header_section(status, &mut fields.into_iter());
    }

    #[test]
    fn last_responses_are_kept_and_the_last_one_of_an_id_is_found() {
        let seen = Seen::default();
        for n in 0..=Seen::KEPT {
            respond(&seen, &n.to_string(), StatusCode::OK);
        }
        assert!(seen.find("0").is_none(), "the oldest is gone");
        assert!(seen.find("1").is_some());
        assert_eq!(seen.lock().len(), Seen::KEPT);
        respond(&seen, "7", StatusCode::NOT_FOUND);
        assert_eq!(seen.find("7").expect("a record").to_json()["status"], 404);
    }
}
