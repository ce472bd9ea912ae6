use super::{
    format::{RowError, Writer},
    metadata::{DatabaseLost, status},
    options::{FailureMode, Options},
    output::Feed,
    presentation::Presentation,
    reading::{Reading, Sink, Stop},
    registry::{End, Export},
};
use crate::grpc_status;
use axum_trailers::{
    body::Sender,
    digest::Hashers,
    trailers::{TrailerError, Trailers},
};
use rusqlite::Row;
use std::{sync::Arc, time::Instant};
use tokio::runtime::Handle;

/// The size from which rows are sent, in bytes.
const CHUNK: usize = 16 * 1024;

/// Feeds rows into the body of an HTTP response.
pub(super) struct HttpFeed {
    options: Options,
    runtime: Handle,
    sender: Sender,
    export: Arc<Export>,
    hashers: Hashers,
    writer: Writer,
    /// Rows that are not sent yet.
    content: Vec<u8>,
    bytes: u64,
}

/// How the body ends.
pub(super) enum HttpEnding {
    Finish(Trailers),
    FailWithTrailers(Trailers),
    Fail(DatabaseLost),
}

impl HttpFeed {
    pub(super) fn new(
        options: Options,
        runtime: Handle,
        sender: Sender,
        export: Arc<Export>,
        columns: &[String],
    ) -> Self {
        Self {
            options,
            runtime,
            sender,
            export,
            hashers: Hashers::new(options.digest),
            writer: Writer::new(options.format, columns),
            content: Vec::with_capacity(CHUNK),
            bytes: 0,
        }
    }

    fn send(&mut self, chunk: Vec<u8>) -> Result<(), Stop> {
        self.runtime.block_on(self.sender.send(chunk)).map_err(|_unsent| Stop::ClientGone)
    }

    /// If trailers report failures, they also report success.
    fn with_status(&self, mut trailers: Trailers) -> Result<Trailers, TrailerError> {
        if self.options.failure_mode == FailureMode::ByTrailers {
            for (name, value) in status(grpc_status::OK, "OK")?.as_map() {
                trailers.insert(name, value)?;
            }
        }
        Ok(trailers)
    }
}

impl Sink for HttpFeed {
    fn take(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        self.writer.row(row, &mut self.content)
    }

    fn is_full(&self) -> bool {
        self.content.len() >= CHUNK
    }

    fn flush(&mut self, reading: &mut Reading) -> Result<(), Stop> {
        if self.content.is_empty() {
            return Ok(());
        }
        let next = Vec::with_capacity(CHUNK * 5 / 4);
        let content = std::mem::replace(&mut self.content, next);
        let hashing = Instant::now();
        self.hashers.update(&content);
        reading.render += hashing.elapsed();
        self.bytes += content.len() as u64;
        let progress = self.export.progress(reading.rows, self.bytes);
        // Before sending: a client that has received the rows may request the progress at once.
        self.export.progressed(reading.rows, self.bytes);
        self.send(self.options.presentation.rows(content, &progress))
    }
}

impl Feed for HttpFeed {
    type Ending = HttpEnding;

    fn begin(&mut self) -> Result<(), Stop> {
        self.send(self.options.presentation.opening(&self.export.id))?;
        self.writer.begin(&mut self.content);
        Ok(())
    }

    fn complete(&mut self, reading: &mut Reading) -> Result<HttpEnding, Stop> {
        self.writer.end(&mut self.content);
        self.flush(reading)?;
        let metadata = reading.metadata(self.hashers.clone().finish().pop());
        let trailers = metadata.trailers().and_then(|trailers| self.with_status(trailers));
        let trailers = trailers.expect("digits, base64 and tokens make permitted fields");
        let presentation = self.options.presentation;
        self.send(presentation.complete(&metadata, &trailers))?;
        self.export.ends(End::Complete(trailers.clone()));
        let mut sent = match presentation {
            Presentation::Content => trailers,
            Presentation::Document | Presentation::Events => Trailers::new(),
        };
        self.options.faults.add_to(&mut sent);
        Ok(HttpEnding::Finish(sent))
    }

    fn lost(&mut self, lost: DatabaseLost, reading: &mut Reading) -> Result<HttpEnding, Stop> {
        let reason = lost.to_string();
        let presentation = self.options.presentation;
        let in_trailers = self.options.failure_mode == FailureMode::ByTrailers;
        if in_trailers && presentation == Presentation::Document {
            self.writer.end(&mut self.content);
        }
        self.flush(reading)?;
        if !in_trailers {
            self.export.ends(End::Failed { reason, trailers: None });
            return Ok(HttpEnding::Fail(lost));
        }
        let trailers = lost.trailers().expect("printable ASCII makes a field value");
        self.send(presentation.failed(&lost, &trailers, reading.elapsed()))?;
        self.export.ends(End::Failed { reason, trailers: Some(trailers.clone()) });
        Ok(match presentation {
            Presentation::Content => HttpEnding::FailWithTrailers(trailers),
            Presentation::Document | Presentation::Events => HttpEnding::Finish(Trailers::new()),
        })
    }

    fn end(self, ending: HttpEnding) {
        let sent = match ending {
            HttpEnding::Finish(trailers) => self.sender.finish(trailers),
            HttpEnding::FailWithTrailers(trailers) => self.sender.fail_with_trailers(trailers),
            HttpEnding::Fail(lost) => {
                self.sender.fail(lost);
                Ok(())
            }
        };
        if let Err(error) = sent {
            tracing::debug!(%error, "the client left before the end of the export");
        }
    }
}
