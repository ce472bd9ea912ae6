//! The way of a probe to the origin and back.

use super::{
    Mode,
    payload::Payload,
    probe::Probe,
    record::{Record, Recorded},
    sighting::{Seen, Sighting},
    token::Token,
};
use crate::{Client, Error, client::Target, connector::Connector};
use http::{HeaderName, HeaderValue, Request, StatusCode, Uri, Version, header, uri::Scheme};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{sleep, timeout};

/// A path in one mode.
#[derive(Clone, Debug)]
pub(super) struct Path {
    base: Uri,
    pub(super) mode: Mode,
    connector: Arc<Connector>,
    /// For what is asked beside the probes.
    aside: Client,
    /// Each wait for one answer.
    patience: Duration,
}

/// A probe, seen from both ends.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) seen: Seen,
    pub(super) recorded: Recorded,
}

impl Sent {
    /// The status of a response that limits the client's requests, and that a proxy has made: it is no answer.
    pub(super) fn limit(&self) -> Option<StatusCode> {
        let status = self.seen.response()?.status;
        let is_limit = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&status);
        (is_limit && self.record().is_none()).then_some(status)
    }

    pub(super) fn record(&self) -> Option<&Record> {
        self.recorded.found()
    }
}

/// The status of a response whose content is still on its way.
type Begun = Arc<Mutex<Option<StatusCode>>>;

const X_CHECK_ID: HeaderName = HeaderName::from_static("x-check-id");

/// How often a record is asked for that is not complete yet, and the pause between.
const TRIES: usize = 12;
const PAUSE: Duration = Duration::from_millis(100);

/// The longest path to which the routes are added, in bytes.
const MOST_BASE: usize = 8 * 1024;

impl Path {
    pub(super) fn new(base: Uri, mode: Mode, connector: Connector, patience: Duration) -> Self {
        let connector = Arc::new(connector.protocol(mode.protocol()));
        let aside = Client::with_shared(connector.clone()).stall_timeout(patience * 2);
        Self { base, mode, connector, aside, patience }
    }

    /// For what is asked one after the other.
    pub(super) fn with_half_the_patience(&self) -> Self {
        Self { patience: self.patience / 2, ..self.clone() }
    }

    /// Whether requests can be sent there at all.
    pub(super) fn check(&self) -> Result<(), Error> {
        Target::of(&self.base)?;
        if self.base.path().len() > MOST_BASE {
            return Err(Error::Request(format!("the path of the URL is longer than {MOST_BASE} bytes")));
        }
        Ok(())
    }

    /// Whether the server must expect HTTP/2.
    pub(super) fn needs_prior_knowledge(&self) -> bool {
        self.mode.is_http2() && self.base.scheme() == Some(&Scheme::HTTP)
    }

    /// A client with connections of its own.
    pub(super) fn client(&self) -> Client {
        // Longer than an exchange may take, so that one that hangs has one result.
        Client::with_shared(self.connector.clone())
            .stall_timeout(self.patience * 2)
            .expect_timeout(self.patience / 2)
    }

    /// Sends the first request: its response identifies the origin. Without TE, as in `look`.
    pub(super) async fn open(&self) -> Sent {
        self.send_over(&self.aside, Probe::get("/te").without_te()).await
    }

    /// Sends a probe over a connection of its own, and asks the origin for its record.
    pub(super) async fn send(&self, probe: Probe) -> Sent {
        self.send_over(&self.client(), probe).await
    }

    pub(super) async fn send_over(&self, client: &Client, probe: Probe) -> Sent {
        let token = Token::random();
        let request = self.request(probe, &token);
        let seen = self.exchange(client, request).await;
        let recorded = self.record(&token).await;
        Sent { seen, recorded }
    }

    /// Sends a probe without a record of it.
    pub(super) async fn ask(&self, probe: Probe) -> Seen {
        self.ask_over(&self.client(), probe).await
    }

    /// Sends a probe to the URL itself, which need not be the workbench.
    pub(super) async fn ask_foreign(&self, probe: Probe) -> Seen {
        self.exchange(&self.client(), self.bare(probe, self.base.clone())).await
    }

    pub(super) async fn ask_over(&self, client: &Client, probe: Probe) -> Seen {
        self.exchange(client, self.request(probe, &Token::random())).await
    }

    /// Sends a probe that its payload aborts, and returns what the origin has of it.
    pub(super) async fn abandon(&self, probe: Probe) -> Recorded {
        let token = Token::random();
        let _aborted = self.exchange(&self.client(), self.request(probe, &token)).await;
        // A proxy may still pass on what it has.
        let mut recorded = Recorded::Absent;
        for _ in 0..TRIES {
            sleep(PAUSE).await;
            recorded = self.record(&token).await;
            if !matches!(recorded, Recorded::Absent) {
                break;
            }
        }
        recorded
    }

    /// Whether content followed that the response must not have. hyper reads no such content over HTTP/1.1, and closes the
    /// connection. A proxy that announces the close, or that closes it behind other responses too, has another reason.
    pub(super) async fn is_closed_by_rest(&self, client: &Client, response: Option<&Sighting>) -> bool {
        let is_kept = |response: &Sighting| {
            let closes = |value: &String| value.to_ascii_lowercase().contains("close");
            response.version == Version::HTTP_11
                && !response.header_values(&header::CONNECTION).iter().any(closes)
        };
        if !response.is_some_and(is_kept) || self.stays_open(client).await {
            return false;
        }
        let other = self.client();
        self.ask_over(&other, Probe::get("/te").without_te()).await;
        self.stays_open(&other).await
    }

    /// Whether the connection behind a response can be used again.
    async fn stays_open(&self, client: &Client) -> bool {
        sleep(PAUSE).await;
        client.has_idle_connection(&self.base).await
    }

    async fn exchange(&self, client: &Client, request: Request<Payload>) -> Seen {
        let begun = Begun::default();
        // It is large, and every question has several.
        let response = Box::pin(async {
            match client.send(request).await {
                Ok(response) => {
                    *begun.lock().unwrap_or_else(PoisonError::into_inner) = Some(response.status());
                    Seen::Response(Box::new(Sighting::read(response).await))
                }
                Err(error) => Seen::Failed(error),
            }
        });
        match timeout(self.patience, response).await {
            Ok(seen) => seen,
            Err(_) => Seen::Hung(*begun.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    fn request(&self, probe: Probe, token: &Token) -> Request<Payload> {
        let separator = if probe.target.contains('?') { '&' } else { '?' };
        let url = self.url(&format!("{}{separator}probe={token}", probe.target));
        let mut request = self.bare(probe, url);
        request.headers_mut().insert(X_CHECK_ID, token.to_value());
        request
    }

    fn bare(&self, probe: Probe, url: Uri) -> Request<Payload> {
        let asks_for_trailers = probe.asks_for_trailers && self.mode.sends_te();
        let mut request = Request::new(probe.payload);
        *request.method_mut() = probe.method;
        *request.uri_mut() = url;
        *request.headers_mut() = probe.headers;
        if let Some(receiver) = probe.receiver {
            request.extensions_mut().insert(receiver);
        }
        if asks_for_trailers {
            request.headers_mut().insert(header::TE, HeaderValue::from_static("trailers"));
        }
        request
    }

    /// The URL of a route of the workbench.
    fn url(&self, target: &str) -> Uri {
        let mut parts = self.base.clone().into_parts();
        let base = self.base.path().trim_end_matches('/');
        parts.path_and_query = Some(format!("{base}{target}").parse().expect("a path and a query"));
        Uri::from_parts(parts).expect("the parts of a URL")
    }

    /// The origin's record of the request with this token, once both of its messages have ended.
    async fn record(&self, token: &Token) -> Recorded {
        let mut recorded = Recorded::Unreadable;
        for _ in 0..TRIES {
            let seen = timeout(self.patience / 2, self.look(&format!("/seen/{token}"))).await;
            let Ok(Seen::Response(response)) = seen else { return Recorded::Unreadable };
            recorded = Recorded::read(response.status, &response.content);
            match &recorded {
                Recorded::Found(record) if record.is_running() => sleep(PAUSE).await,
                _ => return recorded,
            }
        }
        recorded
    }

    /// Asks the origin beside the probes, without TE: over HTTP/1.1 the response then has no trailers that could break it.
    async fn look(&self, target: &str) -> Seen {
        let request = self.request(Probe::get(target).without_te(), &Token::random());
        self.exchange(&self.aside, request).await
    }
}
