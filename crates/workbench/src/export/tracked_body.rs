use super::{
    fused_body::FusedBody,
    registry::{Export, ExportPermit},
};
use axum::body::{Bytes, HttpBody};
use http_02::HeaderMap;
use http_body_04::SizeHint;
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

pin_project! {
    /// The body of an export. Only the body can tell when the export ends: when the client has received the end or gone
    /// away.
    pub(super) struct TrackedBody<B> {
        #[pin]
        inner: FusedBody<B>,
        export: Arc<Export>,
        permit: Option<Arc<ExportPermit>>,
    }

    impl<B> PinnedDrop for TrackedBody<B> {
        fn drop(this: Pin<&mut Self>) {
            this.export.dropped();
        }
    }
}

impl<B> TrackedBody<B> {
    pub(super) fn new(inner: B, export: Arc<Export>, permit: Arc<ExportPermit>) -> Self {
        Self { inner: FusedBody::new(inner), export, permit: Some(permit) }
    }
}

impl<B: HttpBody<Data = Bytes>> HttpBody for TrackedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.project();
        let chunk = ready!(this.inner.poll_data(cx));
        if !matches!(chunk, Some(Ok(_))) {
            this.export.taken();
            *this.permit = None;
        }
        Poll::Ready(chunk)
    }

    fn poll_trailers(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, B::Error>> {
        self.project().inner.poll_trailers(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bounds, client::Client, export::registry::Exports, metrics::WorkbenchMetrics};
    use axum_trailers_testing::{
        ScriptedBody,
        Step::{self, Data, Error as Fail, Pending, Trailers},
        fields,
        http_02::read_by_contract,
    };
    use std::time::Instant;

    /// A body that holds the only permit.
    fn watched(exports: &Exports, steps: &[Step]) -> (TrackedBody<ScriptedBody>, Arc<Export>) {
        let permit = Arc::new(exports.admit(Client::UNKNOWN).unwrap_or_else(|_problem| panic!("room")));
        let export = permit.begin("t", "csv", 1, Instant::now());
        (TrackedBody::new(ScriptedBody::new(steps.iter().cloned()), export.clone(), permit), export)
    }

    #[test]
    fn body_is_as_it_was_and_its_end_gives_the_room_back() {
        let exports =
            Exports::new(Bounds { exports: 1, ..Bounds::default() }, WorkbenchMetrics::new().exports_running);
        let (body, export) =
            watched(&exports, &[Pending, Data("a"), Pending, Data("b"), Trailers(&[("x", "1")])]);
        let read = read_by_contract(body);
        assert_eq!((&*read.content, read.trailers), ("ab", Some(fields(&[("x", "1")]))));
        assert_eq!(export.to_json()["state"], "failed", "nobody said how it ends");

        let (body, export) = watched(&exports, &[Data("a"), Fail]);
        assert!(read_by_contract(body).error.is_some());
        assert_eq!(export.to_json()["state"], "failed");

        let (body, export) = watched(&exports, &[Data("a")]);
        assert!(exports.admit(Client::UNKNOWN).is_err(), "it is still there");
        assert_eq!(export.to_json()["state"], "running");
        drop(body);
        assert_eq!(export.to_json()["state"], "cancelled");
        assert!(exports.admit(Client::UNKNOWN).is_ok());
    }

    #[test]
    fn type_facts() {
        fn send<T: Send + 'static>() {}
        send::<TrackedBody<ScriptedBody>>();
    }
}
