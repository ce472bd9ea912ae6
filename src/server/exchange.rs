use super::connection::{Connection, Cut};
use crate::trailers::{Acceptance, WithheldReason};
use http::{HeaderMap, HeaderName, Method, StatusCode, Uri, Version};
use std::{
    error::Error,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

/// One request and its response, from the last byte of the request's header section to the end of the response.
/// Its end is one line in the log, whatever ended it.
pub(super) struct Exchange {
    connection: Arc<Connection>,
    began: Instant,
    method: Method,
    uri: Uri,
    version: Version,
    acceptance: Acceptance,
    status: Option<StatusCode>,
    bytes: u64,
    trailers: Trailers,
    ending: Option<Ending>,
}

/// What became of the response's trailers.
enum Trailers {
    None,
    Sent(Vec<HeaderName>),
    Withheld(WithheldReason),
}

/// How a response ended.
enum Ending {
    Complete,
    Failed(String),
    FailedInTrailers,
    Cut(Cut),
    ClientGone,
}

impl Exchange {
    pub(super) fn begin<B>(connection: Arc<Connection>, request: &http::Request<B>) -> Self {
        connection.request_begins();
        let acceptance = Acceptance::of(request);
        Self {
            connection,
            began: Instant::now(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            acceptance,
            status: None,
            bytes: 0,
            trailers: Trailers::None,
            ending: None,
        }
    }

    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    pub(super) fn method(&self) -> &Method {
        &self.method
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    pub(super) fn acceptance(&self) -> Acceptance {
        self.acceptance
    }

    pub(super) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    pub(super) fn sent_data(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn withheld_trailers(&mut self) {
        if let Acceptance::Withheld(reason) = self.acceptance {
            self.trailers = Trailers::Withheld(reason);
        }
    }

    pub(super) fn sent_trailers(&mut self, trailers: &HeaderMap) {
        self.trailers = Trailers::Sent(trailers.keys().cloned().collect());
    }

    /// Notes that the response has no length and no chunks where the protocol is HTTP/1.0.
    pub(super) fn runs_to_close(&self) {
        if self.version < Version::HTTP_11 {
            self.connection.set_close_delimited(true);
        }
    }

    pub(super) fn complete(&mut self) {
        self.connection.set_close_delimited(false);
        self.ending = Some(Ending::Complete);
    }

    pub(super) fn failed(&mut self, error: &(dyn Error + 'static)) {
        self.ending = Some(Ending::Failed(with_sources(error)));
    }

    /// Notes that the response is complete for the client, and its trailers say that it failed.
    pub(super) fn failed_in_trailers(&mut self) {
        self.ending = Some(Ending::FailedInTrailers);
    }

    pub(super) fn given_up(&mut self) {
        self.ending = Some(Ending::Cut(Cut::StalledReader));
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.connection.request_ends();
        let unfinished = || self.connection.cut().map_or(Ending::ClientGone, Ending::Cut);
        let ending = self.ending.take().unwrap_or_else(unfinished);
        tracing::info!(
            target: "axum_trailers::request",
            peer = %self.connection.peer,
            method = %self.method,
            path = self.uri.path(),
            status = self.status.map(|status| status.as_u16()),
            protocol = ?self.version,
            bytes = self.bytes,
            duration = %Millis(self.began.elapsed()),
            trailers = %self.trailers,
            ended = %ending,
        );
    }
}

impl fmt::Display for Trailers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Withheld(reason) => write!(f, "withheld ({reason})"),
            Self::Sent(names) => {
                for (n, name) in names.iter().enumerate() {
                    let comma = if n == 0 { "" } else { "," };
                    write!(f, "{comma}{name}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("complete"),
            Self::Failed(why) => write!(f, "failed: {why}"),
            Self::FailedInTrailers => f.write_str("failed, as its trailers say"),
            Self::Cut(cut) => write!(f, "cut: {cut}"),
            Self::ClientGone => f.write_str("client gone"),
        }
    }
}

struct Millis(Duration);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}ms", self.0.as_secs_f64() * 1e3)
    }
}

fn with_sources(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        // A wrapper often says its source's words as its own.
        let words = error.to_string();
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[derive(Debug, thiserror::Error)]
    #[error("no row")]
    struct NoRow(#[source] io::Error);

    #[test]
    fn error_is_told_with_its_sources_once_each() {
        let full = || io::Error::other("disk full");
        assert_eq!(with_sources(&axum::Error::new(full())), "disk full");
        assert_eq!(with_sources(&NoRow(full())), "no row: disk full");
    }

    #[test]
    fn trailers_are_told_by_name() {
        let names = ["x-a", "x-b"].map(HeaderName::from_static).to_vec();
        assert_eq!(Trailers::Sent(names).to_string(), "x-a,x-b");
        assert_eq!(Trailers::Withheld(WithheldReason::NotAsked).to_string(), "withheld (no `TE: trailers`)");
    }
}
