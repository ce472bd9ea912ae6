use super::{status::stopped, v1::Row};
use crate::export::registry::{Export, ExportPermit};
use futures_util::Stream;
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    vec,
};
use tokio::sync::mpsc::Receiver;
use tonic::Status;

/// What an export's thread sends.
pub(super) enum Part {
    Rows(Vec<Row>),
    /// The last part. An `OK` status contains the trailing metadata of a successful call.
    End(Status),
}

/// The messages of an export, as a stream. If the thread ends without a status, the stream ends in an error.
pub struct Rows {
    parts: Receiver<Part>,
    ready: vec::IntoIter<Row>,
    export: Arc<Export>,
    permit: Option<Arc<ExportPermit>>,
}

impl Rows {
    pub(super) fn new(parts: Receiver<Part>, export: Arc<Export>, permit: Arc<ExportPermit>) -> Self {
        Self { parts, ready: Vec::new().into_iter(), export, permit: Some(permit) }
    }
}

impl Stream for Rows {
    type Item = Result<Row, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(row) = self.ready.next() {
                return Poll::Ready(Some(Ok(row)));
            }
            if self.permit.is_none() {
                return Poll::Ready(None);
            }
            let status = match ready!(self.parts.poll_recv(cx)) {
                Some(Part::Rows(rows)) => {
                    self.ready = rows.into_iter();
                    continue;
                }
                Some(Part::End(status)) => status,
                None => stopped(),
            };
            self.export.taken();
            self.permit = None;
            return Poll::Ready(Some(Err(status)));
        }
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        self.export.dropped();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bounds, client::Client, export::registry::Exports, metrics::WorkbenchMetrics};
    use futures_util::StreamExt;
    use std::time::Instant;
    use tokio::sync::mpsc;
    use tonic::Code;

    /// Reads a stream of these parts. Returns the number of rows, the status and the export's state.
    async fn read(parts: Vec<Part>) -> (usize, Option<Code>, String) {
        let exports =
            Exports::new(Bounds { exports: 1, ..Bounds::default() }, WorkbenchMetrics::new().exports_running);
        let permit = Arc::new(exports.admit(Client::UNKNOWN).unwrap_or_else(|_problem| panic!("room")));
        let export = permit.begin("t", "grpc", 1, Instant::now());
        let (sender, receiver) = mpsc::channel(parts.len().max(1));
        for part in parts {
            sender.try_send(part).expect("room");
        }
        drop(sender);
        let mut rows = Rows::new(receiver, export.clone(), permit);
        let (mut count, mut status) = (0, None);
        while let Some(row) = rows.next().await {
            match row {
                Ok(_) => count += 1,
                Err(error) => status = Some(error.code()),
            }
        }
        assert!(rows.next().await.is_none(), "its end goes on being the end");
        assert!(exports.admit(Client::UNKNOWN).is_ok(), "there is room again");
        (count, status, export.to_json()["state"].as_str().expect("text").to_owned())
    }

    #[tokio::test]
    async fn thread_that_ends_without_a_status_is_not_a_success() {
        let rows = || Part::Rows(vec![Row::default(), Row::default()]);
        let whole = read(vec![rows(), rows(), Part::End(Status::new(Code::Ok, ""))]).await;
        assert_eq!((whole.0, whole.1), (4, Some(Code::Ok)));
        for parts in [vec![rows()], vec![]] {
            let expected = parts.len() * 2;
            let cut = read(parts).await;
            assert_eq!(cut, (expected, Some(Code::Internal), "failed".to_owned()));
        }
    }
}
