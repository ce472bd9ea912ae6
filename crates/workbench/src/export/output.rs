use super::{
    metadata::DatabaseLost,
    reading::{Reading, Sink, Stop},
    registry::{Export, ExportPermit},
};
use std::sync::Arc;

/// Names an export for `GET /exports/{id}`.
pub(super) const X_EXPORT_ID: &str = "x-export-id";

/// Where the rows of an export go: into the body of an HTTP response, or into the messages of a gRPC call.
pub(super) trait Output: Send + 'static {
    /// What the client gets once the export has begun.
    type Response: Send + 'static;
    /// What sends the rows.
    type Feed: Feed;

    /// The name of the rows' format, for the table of exports.
    fn format(&self) -> &'static str;

    /// The whole response to a request that asks for no rows, such as `HEAD`.
    fn without_rows(&self) -> Option<Self::Response> {
        None
    }

    /// Makes the response, and what feeds it. The response holds the permit until its client has taken its end.
    fn begin(
        &self,
        export: Arc<Export>,
        permit: Arc<ExportPermit>,
        columns: &[String],
    ) -> (Self::Response, Self::Feed);
}

/// Rows on their way into the channel that a response reads.
pub(super) trait Feed: Sink {
    /// What is left to send once all rows are sent that can be.
    type Ending;

    /// Sends what comes before all rows.
    fn begin(&mut self) -> Result<(), Stop> {
        Ok(())
    }

    /// Sends what is left, after all rows were read.
    fn complete(&mut self, reading: &mut Reading) -> Result<Self::Ending, Stop>;

    /// Sends the rows before a failure, and where the message is to be whole, what closes it.
    fn lost(&mut self, lost: DatabaseLost, reading: &mut Reading) -> Result<Self::Ending, Stop>;

    /// Sends the ending. A feed that is dropped without it leaves a response that looks cut off.
    fn end(self, ending: Self::Ending);
}
