use super::{feed::GrpcFeed, rows::Rows};
use crate::export::{
    output::{Output, X_EXPORT_ID},
    registry::{Export, ExportPermit},
};
use std::sync::Arc;
use tokio::sync::mpsc;
use tonic::{Response, metadata::MetadataValue};

/// How many batches the call's channel holds.
const BATCHES: usize = 4;

/// Sends an export as the messages of a call.
pub(super) struct GrpcOutput;

impl Output for GrpcOutput {
    type Response = Response<Rows>;
    type Feed = GrpcFeed;

    fn format(&self) -> &'static str {
        "grpc"
    }

    fn begin(
        &self,
        export: Arc<Export>,
        permit: Arc<ExportPermit>,
        columns: &[String],
    ) -> (Response<Rows>, GrpcFeed) {
        let (parts, received) = mpsc::channel(BATCHES);
        let mut response = Response::new(Rows::new(received, export.clone(), permit));
        let id = MetadataValue::try_from(&export.id).expect("hexadecimal digits make a value");
        response.metadata_mut().insert(X_EXPORT_ID, id);
        (response, GrpcFeed::new(parts, export, columns.len()))
    }
}
