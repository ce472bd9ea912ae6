//! From the database into the channel.

use super::{
    format::{RowError, Writer},
    job::Job,
    metadata::{DatabaseLost, Metadata, status},
    options::FailureMode,
    presentation::Presentation,
    reading::{Reading, Sink, Stop},
    registry::{End, Export},
    selection::Selection,
};
use crate::grpc_status;
use axum_trailers::{
    body::Sender,
    digest::Hashers,
    trailers::{TrailerError, Trailers},
};
use rusqlite::Row;
use std::{sync::Arc, time::Instant};

/// How many bytes of rows go out together.
const CHUNK: usize = 16 * 1024;

/// Rows on their way into the channel.
pub(super) struct Feed<'j> {
    job: &'j Job,
    sender: Sender,
    export: Arc<Export>,
    hashers: Hashers,
    writer: Writer,
    /// Rows that are not sent yet.
    content: Vec<u8>,
    bytes: u64,
}

/// What is left to say once all rows are sent that can be.
pub(super) struct Outcome {
    sender: Sender,
    word: Word,
}

enum Word {
    Nothing,
    Finish(Trailers),
    FailWithTrailers(Trailers),
    Fail(DatabaseLost),
}

impl Outcome {
    pub(super) fn tell(self) {
        let told = match self.word {
            Word::Nothing => Ok(()),
            Word::Finish(trailers) => self.sender.finish(trailers),
            Word::FailWithTrailers(trailers) => self.sender.fail_with_trailers(trailers),
            Word::Fail(lost) => {
                self.sender.fail(lost);
                Ok(())
            }
        };
        if let Err(error) = told {
            tracing::debug!(%error, "the end of the export reached nobody");
        }
    }
}

impl<'j> Feed<'j> {
    pub(super) fn new(job: &'j Job, sender: Sender, export: Arc<Export>, columns: &[String]) -> Self {
        Self {
            job,
            sender,
            export,
            hashers: Hashers::new(job.options.digest),
            writer: Writer::new(job.options.format, columns),
            content: Vec::with_capacity(CHUNK),
            bytes: 0,
        }
    }

    /// Sends all rows, up to the first that can't be read.
    pub(super) fn all(mut self, selection: Selection<'_>, mut reading: Reading) -> Outcome {
        let read = self.begin().and_then(|()| reading.all(selection, &mut self));
        let ended = match read {
            Ok(()) => self.complete(&mut reading),
            Err(Stop::DatabaseLost(lost)) => self.lost(lost, &mut reading),
            Err(Stop::ClientGone) => Err(Stop::ClientGone),
        };
        Outcome { sender: self.sender, word: ended.unwrap_or(Word::Nothing) }
    }

    fn begin(&mut self) -> Result<(), Stop> {
        self.send(self.job.options.presentation.opening(&self.export.id))?;
        self.writer.begin(&mut self.content);
        Ok(())
    }

    fn send(&mut self, chunk: Vec<u8>) -> Result<(), Stop> {
        self.job.runtime.block_on(self.sender.send(chunk)).map_err(|_unsent| Stop::ClientGone)
    }

    fn complete(&mut self, reading: &mut Reading) -> Result<Word, Stop> {
        self.writer.end(&mut self.content);
        self.flush(reading)?;
        let metadata = Metadata {
            rows: reading.rows,
            digest: self.hashers.clone().finish().pop(),
            db: reading.db,
            render: reading.render,
            total: self.job.began.elapsed(),
        };
        let trailers = metadata.trailers().and_then(|trailers| self.with_status(trailers));
        let trailers = trailers.expect("digits, base64 and tokens make permitted fields");
        let presentation = self.job.options.presentation;
        self.send(presentation.complete(&metadata, &trailers))?;
        self.export.ends(End::Complete(trailers.clone()));
        Ok(Word::Finish(match presentation {
            Presentation::Content => trailers,
            Presentation::Document | Presentation::Events => Trailers::new(),
        }))
    }

    /// Where a failure would be told by trailers, so is that there was none.
    fn with_status(&self, mut trailers: Trailers) -> Result<Trailers, TrailerError> {
        if self.job.options.told == FailureMode::ByTrailers {
            for (name, value) in status(grpc_status::OK, "OK")?.as_map() {
                trailers.insert(name, value)?;
            }
        }
        Ok(trailers)
    }

    /// The rows before the failure are sent.
    fn lost(&mut self, lost: DatabaseLost, reading: &mut Reading) -> Result<Word, Stop> {
        let reason = lost.to_string();
        lost.log(&self.job.query.table, &self.export.id);
        let presentation = self.job.options.presentation;
        let is_told = self.job.options.told == FailureMode::ByTrailers;
        if is_told && presentation == Presentation::Document {
            self.writer.end(&mut self.content);
        }
        self.flush(reading)?;
        if !is_told {
            self.export.ends(End::Failed { reason, trailers: None });
            return Ok(Word::Fail(lost));
        }
        let trailers = lost.trailers().expect("printable ASCII makes a field value");
        self.send(presentation.failed(&lost, &trailers, self.job.began.elapsed()))?;
        self.export.ends(End::Failed { reason, trailers: Some(trailers.clone()) });
        Ok(match presentation {
            Presentation::Content => Word::FailWithTrailers(trailers),
            Presentation::Document | Presentation::Events => Word::Finish(Trailers::new()),
        })
    }
}

impl Sink for Feed<'_> {
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
        // Before it is sent: a client that has it may ask at once.
        self.export.progressed(reading.rows, self.bytes);
        self.send(self.job.options.presentation.rows(content, &progress))
    }
}
