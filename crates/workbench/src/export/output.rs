use super::{
    metadata::DatabaseLost,
    reading::{Reading, Sink, Stop},
    registry::{Export, ExportPermit},
};
use std::sync::Arc;

/// The field with an export's id for `GET /exports/{id}`.
pub(super) const X_EXPORT_ID: &str = "x-export-id";

/// The destination of an export's rows: the body of an HTTP response, or the messages of a gRPC call.
pub(super) trait Output: Send + 'static {
    /// The response that the client gets once the export has begun.
    type Response: Send + 'static;
    /// Sends the rows.
    type Feed: Feed;

    /// The name of the rows' format, for the registry.
    fn format(&self) -> &'static str;

    /// The whole response to a request that needs no rows, such as `HEAD`.
    fn without_rows(&self) -> Option<Self::Response> {
        None
    }

    /// Creates the response and its feed. The response holds the permit until the client has received its end.
    fn begin(
        &self,
        export: Arc<Export>,
        permit: Arc<ExportPermit>,
        columns: &[String],
    ) -> (Self::Response, Self::Feed);
}

/// Feeds rows into the channel that a response reads from.
pub(super) trait Feed: Sink {
    /// How the response ends.
    type Ending;

    /// Sends what precedes the rows.
    fn begin(&mut self) -> Result<(), Stop> {
        Ok(())
    }

    /// Sends the rest after all rows were read.
    fn complete(&mut self, reading: &mut Reading) -> Result<Self::Ending, Stop>;

    /// Sends the rows before a failure. If the message stays whole, also sends what closes it.
    fn lost(&mut self, lost: DatabaseLost, reading: &mut Reading) -> Result<Self::Ending, Stop>;

    /// Ends the response. If a feed is dropped without this, the response is cut.
    fn end(self, ending: Self::Ending);
}
