use super::{record::Record, section::Section, token::Token};
use crate::{
    pieces::Pieces,
    request_summary::{connection, forbidden_trailers, framing},
};
use axum::body::HttpBody;
use axum_trailers::{
    syntax::protocol_name,
    trailers::server::{ConnectionInfo, Outcome},
};
use http::HeaderMap;
use http_02::{Method, Request, Version};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Instant,
};

/// How much of a target is kept, in bytes.
const KEPT_TARGET: usize = 4 * 1024;

/// A request with a token: what arrived, and what was sent.
pub(crate) struct Probe {
    token: Token,
    /// How many requests with this token have arrived, including this one.
    requests: u64,
    pub(super) began: Instant,
    request: Head,
    received: Mutex<Received>,
    response: OnceLock<Response>,
}

/// The header section of the request.
struct Head {
    method: Method,
    version: Version,
    target: String,
    fields: Section,
    /// Whether the target or the fields are longer than what is kept.
    is_truncated: bool,
    has_content: bool,
    /// `None` if the server reports nothing.
    connection: Option<ConnectionInfo>,
}

/// What follows the header section of the request.
#[derive(Default)]
struct Received {
    content: Pieces,
    trailers: Option<Section>,
    reading: Reading,
}

/// How far the handler has read the request's content.
#[derive(Default)]
enum Reading {
    #[default]
    NotBegun,
    Running,
    Dropped,
    Complete {
        failure: Option<String>,
    },
    Cut {
        failure: String,
    },
}

enum Response {
    Sent(Arc<Record>),
    /// The client left before the header section was sent.
    Gone,
    /// The server cut the connection before.
    Cut,
}

impl Probe {
    /// `earlier` is the number of earlier requests with this token.
    pub(super) fn new<B: HttpBody>(token: Token, request: &Request<B>, earlier: u64) -> Self {
        Self {
            token,
            requests: earlier + 1,
            began: Instant::now(),
            request: Head::of(request),
            received: Mutex::default(),
            response: OnceLock::new(),
        }
    }

    pub(super) fn token(&self) -> &Token {
        &self.token
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests
    }

    /// The handler begins to read the content.
    pub(super) fn reads(&self) {
        self.lock().reading = Reading::Running;
    }

    pub(super) fn data(&self, bytes: usize) {
        let at = self.began.elapsed();
        self.lock().content.add(at, bytes);
    }

    /// All content has arrived. `failure` is why it was rejected then.
    pub(super) fn complete(&self, failure: Option<String>) {
        self.lock().reading = Reading::Complete { failure };
    }

    pub(super) fn trailers(&self, trailers: &HeaderMap) {
        if !trailers.is_empty() {
            let fields = trailers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
            self.lock().trailers = Some(Section::of(fields));
        }
    }

    /// The content has ended early.
    pub(super) fn cut(&self, failure: String) {
        self.lock().reading = Reading::Cut { failure };
    }

    /// The handler reads no further.
    pub(super) fn dropped(&self) {
        let mut received = self.lock();
        if matches!(received.reading, Reading::Running) {
            received.reading = Reading::Dropped;
        }
    }

    pub(super) fn responds(&self, response: Arc<Record>) {
        let _the_first = self.response.set(Response::Sent(response));
    }

    /// No header section will be sent. `is_cut` is whether that is up to the server.
    pub(super) fn stays_without_response(&self, is_cut: bool) {
        let _the_first = self.response.set(if is_cut { Response::Cut } else { Response::Gone });
    }

    pub(super) fn to_json(&self) -> Value {
        let mut json = match self.response.get() {
            Some(Response::Sent(response)) => response.to_json(),
            Some(Response::Gone) => self.without_response("gone"),
            Some(Response::Cut) => self.without_response("cut"),
            None => self.without_response("running"),
        };
        json["token"] = self.token.as_str().into();
        json["requests"] = self.requests.into();
        json["request"] = self.request_to_json();
        json["connection"] = self.request.connection.as_ref().map(connection).into();
        json
    }

    fn without_response(&self, state: &str) -> Value {
        json!({
            "id": null,
            "method": self.request.method.as_str(),
            "protocol": protocol_name(self.request.version),
            "state": state,
            "status": null,
            "fields": null,
            "data": null,
            "trailers": null,
            "truncated": null,
            "withheld": null,
            "durationMs": null,
        })
    }

    fn request_to_json(&self) -> Value {
        let received = self.lock();
        let (state, failure) = self.state(&received.reading);
        let mut json = self.request.to_json();
        let trailers = received.trailers.as_ref();
        let is_truncated = self.request.is_truncated || trailers.is_some_and(Section::is_truncated);
        json["content"] = received.content.to_json("bytes");
        json["trailers"] = trailers.map(Section::to_objects).into();
        json["truncated"] = is_truncated.into();
        json["state"] = state.into();
        json["failure"] = failure.into();
        json
    }

    /// The state of the request's content, and why it has failed.
    fn state<'r>(&self, reading: &'r Reading) -> (&'static str, Option<&'r str>) {
        match reading {
            Reading::Complete { failure } => ("complete", failure.as_deref()),
            Reading::Cut { failure } => ("cut", Some(failure)),
            _ if !self.request.has_content => ("complete", None),
            Reading::Running => ("running", None),
            Reading::Dropped if self.client_has_left() => ("cut", Some("the client left")),
            Reading::NotBegun | Reading::Dropped => ("unread", None),
        }
    }

    fn client_has_left(&self) -> bool {
        self.response.get().is_some_and(|response| match response {
            Response::Sent(record) => record.outcome() == Some(Outcome::ClientGone),
            Response::Gone => true,
            Response::Cut => false,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Head {
    fn of<B: HttpBody>(request: &Request<B>) -> Self {
        let headers = request.headers();
        let target = request.uri().path_and_query().map_or("*", |target| target.as_str());
        let kept = target.len().min(KEPT_TARGET);
        let fields = Section::of(headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        Self {
            method: request.method().clone(),
            version: request.version(),
            target: String::from_utf8_lossy(&target.as_bytes()[..kept]).into_owned(),
            is_truncated: kept < target.len() || fields.is_truncated(),
            fields,
            has_content: !request.body().is_end_stream(),
            connection: request.extensions().get().cloned(),
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "method": self.method.as_str(),
            "protocol": protocol_name(self.version),
            "target": self.target,
            "te": self.fields.values("te"),
            "trailer": self.fields.values("trailer"),
            "headers": self.fields.to_objects(),
            "framing": self.connection.as_ref().and_then(framing),
            "forbiddenTrailers": self.connection.as_ref().map(forbidden_trailers),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seen::{recent::Seen, record::Recorder};
    use axum::body::Body;

    fn probe(content: &'static str) -> (Arc<Probe>, Recorder) {
        let request = Request::new(Body::from(content));
        let probe = Arc::new(Probe::new(Token::new("0123456789abcdef012345").expect("a token"), &request, 0));
        let recorder = Recorder::new(&request, Seen::default(), Some(probe.clone()));
        (probe, recorder)
    }

    fn states(probe: &Probe) -> [Value; 2] {
        let mut json = probe.to_json();
        [json["state"].take(), json["request"]["state"].take()]
    }

    #[test]
    fn request_that_is_dropped_before_its_response_is_gone_and_its_content_cut() {
        let (probe, recorder) = probe("hello");
        assert_eq!(states(&probe), ["running", "unread"]);
        probe.reads();
        probe.data(2);
        assert_eq!(states(&probe), ["running", "running"]);
        probe.dropped();
        drop(recorder);
        assert_eq!(states(&probe), ["gone", "cut"]);
        assert_eq!(probe.to_json()["request"]["failure"], "the client left");
    }

    #[test]
    fn response_of_a_route_that_is_not_sent_is_cut() {
        let (probe, mut recorder) = probe("hello");
        recorder.responds();
        assert_eq!(states(&probe), ["running", "unread"]);
        drop(recorder);
        assert_eq!(states(&probe), ["cut", "unread"]);
    }

    #[test]
    fn content_that_is_whole_stays_so_and_an_empty_one_is_whole() {
        let (whole, recorder) = probe("hello");
        whole.reads();
        whole.complete(None);
        whole.dropped();
        drop(recorder);
        assert_eq!(states(&whole), ["gone", "complete"]);
        let (empty, _recorder) = probe("");
        assert_eq!(states(&empty), ["running", "complete"]);
    }
}
