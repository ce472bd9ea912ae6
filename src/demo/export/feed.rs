//! From the database into the channel.

use super::{
    format::Writer,
    job::Job,
    metadata::{Lost, Metadata, status},
    options::Told,
    presentation::Presentation,
    registry::{End, Export},
    selection::Selection,
};
use crate::{
    body::Sender,
    demo::grpc_status,
    digest::Hashers,
    trailers::{TrailerError, Trailers},
};
use std::{
    fmt::Display,
    sync::Arc,
    time::{Duration, Instant},
};

/// An index that does not fit its table may count other rows than there are.
const MISCOUNTED: &str = "there are other rows than were counted";

/// How many bytes of rows go out together.
const CHUNK: usize = 16 * 1024;

/// Rows on their way into the channel.
pub(super) struct Feed<'j> {
    job: &'j Job,
    sender: Sender,
    export: Arc<Export>,
    hashers: Hashers,
    /// Rows that are not sent yet.
    content: Vec<u8>,
    rows: u64,
    bytes: u64,
    db: Duration,
    render: Duration,
}

enum Stop {
    /// Which its body has told the table of exports.
    ClientGone,
    Lost(Lost),
}

/// What is left to say once all rows are sent that can be.
pub(super) struct LastWord {
    sender: Sender,
    word: Word,
}

enum Word {
    Nothing,
    Finish(Trailers),
    FailWithTrailers(Trailers),
    Fail(Lost),
}

impl LastWord {
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
    /// `opening` is the time that the database has taken so far.
    pub(super) fn new(job: &'j Job, sender: Sender, export: Arc<Export>, opening: Duration) -> Self {
        Self {
            job,
            sender,
            export,
            hashers: Hashers::new(job.options.digest),
            content: Vec::with_capacity(CHUNK),
            rows: 0,
            bytes: 0,
            db: opening,
            render: Duration::ZERO,
        }
    }

    /// Sends all rows, up to the first that can't be read.
    pub(super) fn all(mut self, selection: Selection<'_>) -> LastWord {
        let mut writer = Writer::new(self.job.options.format, &selection.columns);
        let ended = match self.read(selection, &mut writer) {
            Ok(()) => self.complete(&writer),
            Err(Stop::Lost(lost)) => self.lost(lost, &writer),
            Err(Stop::ClientGone) => Err(Stop::ClientGone),
        };
        LastWord { sender: self.sender, word: ended.unwrap_or(Word::Nothing) }
    }

    fn read(&mut self, mut selection: Selection<'_>, writer: &mut Writer) -> Result<(), Stop> {
        self.send(self.job.options.presentation.opening(&self.export.id))?;
        writer.begin(&mut self.content);
        let mut mark = Instant::now();
        let total = selection.total;
        let mut rows = selection.rows().map_err(|error| self.lost_here(&error))?;
        loop {
            let row = rows.next();
            let read = Instant::now();
            self.db += read - mark;
            let Some(row) = row.map_err(|error| self.lost_here(&error))? else {
                return if self.rows == total { Ok(()) } else { Err(self.lost_here(&MISCOUNTED)) };
            };
            if self.job.options.fail_at == Some(self.rows + 1) {
                return Err(Stop::Lost(Lost { row: self.rows + 1, cause: None }));
            }
            writer.row(row, &mut self.content).map_err(|error| self.lost_here(&error))?;
            self.rows += 1;
            mark = Instant::now();
            self.render += mark - read;
            if self.content.len() >= CHUNK {
                self.flush()?;
                self.in_time()?;
                mark = Instant::now();
            }
        }
    }

    fn lost_here(&self, cause: &dyn Display) -> Stop {
        Stop::Lost(Lost { row: self.rows + 1, cause: Some(cause.to_string()) })
    }

    /// A client that takes its time holds a thread and, where it is not in WAL mode, the database.
    fn in_time(&self) -> Result<(), Stop> {
        let most = self.job.slot.bounds().export_time;
        if self.job.began.elapsed() <= most {
            return Ok(());
        }
        Err(self.lost_here(&format_args!("it took more than the {most:?} that an export may take")))
    }

    /// Sends the rows that were written.
    fn flush(&mut self) -> Result<(), Stop> {
        if self.content.is_empty() {
            return Ok(());
        }
        let next = Vec::with_capacity(CHUNK * 5 / 4);
        let content = std::mem::replace(&mut self.content, next);
        let hashing = Instant::now();
        self.hashers.update(&content);
        self.render += hashing.elapsed();
        self.bytes += content.len() as u64;
        let progress = self.export.progress(self.rows, self.bytes);
        self.send(self.job.options.presentation.rows(content, &progress))?;
        self.export.progressed(self.rows, self.bytes);
        Ok(())
    }

    fn send(&mut self, chunk: Vec<u8>) -> Result<(), Stop> {
        self.job.runtime.block_on(self.sender.send(chunk)).map_err(|_unsent| Stop::ClientGone)
    }

    fn complete(&mut self, writer: &Writer) -> Result<Word, Stop> {
        writer.end(&mut self.content);
        self.flush()?;
        let metadata = Metadata {
            rows: self.rows,
            digest: self.hashers.clone().finish().pop(),
            db: self.db,
            render: self.render,
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
        if self.job.options.told == Told::ByTrailers {
            for (name, value) in status(grpc_status::OK, "OK")?.as_map() {
                trailers.insert(name, value)?;
            }
        }
        Ok(trailers)
    }

    /// The rows before the failure are sent.
    fn lost(&mut self, lost: Lost, writer: &Writer) -> Result<Word, Stop> {
        let reason = lost.to_string();
        tracing::warn!(table = self.job.table, id = self.export.id, reason, "export failed");
        let presentation = self.job.options.presentation;
        let is_told = self.job.options.told == Told::ByTrailers;
        if is_told && presentation == Presentation::Document {
            writer.end(&mut self.content);
        }
        self.flush()?;
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
