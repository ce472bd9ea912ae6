use super::{status::stopped, v1::Row};
use crate::demo::export::registry::{Export, Slot};
use futures_util::Stream;
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    vec,
};
use tokio::sync::mpsc::Receiver;
use tonic::Status;

/// What comes from an export's thread.
pub(super) enum Part {
    Rows(Vec<Row>),
    /// The last one. A status that is `OK` has the trailing metadata of a call that ended well.
    End(Status),
}

/// The messages of an export. A thread that ends without a word ends them with an error.
pub struct Rows {
    parts: Receiver<Part>,
    ready: vec::IntoIter<Row>,
    export: Arc<Export>,
    slot: Option<Arc<Slot>>,
}

impl Rows {
    pub(super) fn new(parts: Receiver<Part>, export: Arc<Export>, slot: Arc<Slot>) -> Self {
        Self { parts, ready: Vec::new().into_iter(), export, slot: Some(slot) }
    }

    pub(super) fn id(&self) -> &str {
        &self.export.id
    }
}

impl Stream for Rows {
    type Item = Result<Row, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(row) = self.ready.next() {
                return Poll::Ready(Some(Ok(row)));
            }
            if self.slot.is_none() {
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
            self.slot = None;
            return Poll::Ready(Some(Err(status)));
        }
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        self.export.dropped();
    }
}
