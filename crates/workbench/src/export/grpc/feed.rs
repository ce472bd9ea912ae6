use super::{rows::Part, status::lost, v1::Row as RowMessage, value};
use crate::export::{
    format::RowError,
    metadata::{DatabaseLost, status},
    output::Feed,
    reading::{Reading, Sink, Stop},
    registry::{End, Export},
};
use rusqlite::Row;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;
use tonic::{Code, Status, metadata::MetadataMap};

/// The size in memory from which rows are sent together, in bytes.
const BATCH: usize = 16 * 1024;

/// Feeds rows into the messages of a call.
pub(super) struct GrpcFeed {
    parts: Sender<Part>,
    export: Arc<Export>,
    columns: usize,
    /// Rows that are not sent yet.
    rows: Vec<RowMessage>,
    /// Their size in memory, in bytes.
    memory: usize,
    /// The total size of sent and waiting messages, in bytes.
    bytes: u64,
}

impl GrpcFeed {
    pub(super) fn new(parts: Sender<Part>, export: Arc<Export>, columns: usize) -> Self {
        Self { parts, export, columns, rows: Vec::new(), memory: 0, bytes: 0 }
    }
}

impl Sink for GrpcFeed {
    fn take(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let row = value::row(row, self.columns)?;
        self.memory += row.memory;
        self.bytes += row.encoded as u64;
        self.rows.push(row.message);
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.memory >= BATCH
    }

    fn flush(&mut self, reading: &mut Reading) -> Result<(), Stop> {
        self.memory = 0;
        let rows = std::mem::take(&mut self.rows);
        // Before sending: a client that has received the rows may request the progress at once.
        self.export.progressed(reading.rows, self.bytes);
        self.parts.blocking_send(Part::Rows(rows)).map_err(|_unsent| Stop::ClientGone)
    }
}

impl Feed for GrpcFeed {
    type Ending = Status;

    fn complete(&mut self, reading: &mut Reading) -> Result<Status, Stop> {
        self.flush(reading)?;
        let trailers = reading.metadata(None).trailers().expect("digits and tokens make permitted fields");
        let mut sent = MetadataMap::new();
        for (name, value) in trailers.as_map() {
            let name =
                http::HeaderName::from_bytes(name.as_ref()).expect("a name is one in both generations");
            let value = http::HeaderValue::from_bytes(value.as_bytes());
            sent.as_mut().insert(name, value.expect("a value is one in both generations"));
        }
        self.export.ends(End::Complete(trailers));
        Ok(Status::with_metadata(Code::Ok, "", sent))
    }

    fn lost(&mut self, why: DatabaseLost, reading: &mut Reading) -> Result<Status, Stop> {
        self.flush(reading)?;
        let failed = lost(&why);
        let trailers =
            status(failed.code() as u8, failed.message()).expect("printable ASCII makes a field value");
        self.export.ends(End::Failed { reason: why.to_string(), trailers: Some(trailers) });
        Ok(failed)
    }

    fn end(self, ending: Status) {
        drop(self.parts.blocking_send(Part::End(ending)));
    }
}
