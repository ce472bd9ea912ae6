//! Sends requests through a layer, and compares what arrives.

use crate::handlers::{CONTENT, FIELD, GZIPPED, Rows, VALUE, complete, cut, gunzipped, gzipped, receipt_of};
use bytes::Bytes;

/// One of the two axums.
pub(crate) trait Generation {
    type Router: Clone;

    /// Sends a request that accepts trailers and gzip: `PUT` if it has a body, otherwise `GET`.
    async fn send(router: Self::Router, path: &str, fields: &[(&str, &str)], body: Option<Rows>) -> Answer;
}

/// A response that was read to its end.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The values of `Trailer`.
    pub(crate) announced: Vec<String>,
    /// The value of `Content-Encoding`.
    pub(crate) encoding: Option<String>,
    /// As received.
    pub(crate) content: Vec<u8>,
    /// The value of the trailer field.
    pub(crate) trailer: Option<String>,
    /// The value of the trailer field `Content-Digest`.
    pub(crate) digest: Option<String>,
    /// Whether the body ended in an error.
    pub(crate) is_cut: bool,
}

impl Answer {
    fn decoded(&self) -> Option<Vec<u8>> {
        match self.encoding {
            Some(_) => gunzipped(&self.content).ok(),
            None => Some(self.content.clone()),
        }
    }

    fn is_complete(&self) -> bool {
        !self.is_cut
            && self.decoded().is_some_and(|content| content.is_empty() || content == CONTENT.as_bytes())
    }

    /// Whether the client notices that the handler's body has failed.
    fn has_failed(&self) -> bool {
        self.is_cut || self.status == 500
    }

    pub(crate) fn is_receipt(&self, bytes: usize, trailer: Option<&str>) -> bool {
        self.decoded().is_some_and(|content| content == receipt_of(bytes, trailer).as_bytes())
    }

    fn is_receipt_with(&self, trailer: Option<&str>) -> bool {
        [0, CONTENT.len(), gzipped().len()].into_iter().any(|bytes| self.is_receipt(bytes, trailer))
    }
}

/// Which trailers a layer passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passes {
    pub(crate) of_responses: bool,
    pub(crate) of_requests: bool,
}

/// Sends content in both directions: none, plain and gzipped; complete and cut.
///
/// Panics if the layer removes `Trailer`, or makes a cut body look complete.
pub(crate) async fn measure<G: Generation>(name: &str, router: &G::Router) -> Passes {
    let responses = responses::<G>(router).await;
    assert!(responses.iter().all(Answer::is_complete), "{name}: {responses:?}");
    assert!(responses.iter().all(|answer| answer.announced == [FIELD]), "{name}: {responses:?}");
    let receipts = receipts::<G>(router).await;
    let is_receipt = |answer: &Answer| answer.is_receipt_with(None) || answer.is_receipt_with(Some(VALUE));
    assert!(receipts.iter().all(is_receipt), "{name}: {receipts:?}");

    for path in ["/cut", "/cut-gzipped"] {
        let cut = G::send(router.clone(), path, &[], None).await;
        assert!(cut.has_failed(), "{name}: {cut:?}");
    }
    for (fields, content) in [(&[] as &[_], CONTENT.into()), (&[GZIPPED], gzipped())] {
        let refused = G::send(router.clone(), "/upload", fields, Some(cut(&content))).await;
        let problem = refused.decoded().expect("complete");
        assert!(problem.starts_with(b"{"), "{name}: {refused:?}");
    }

    Passes {
        of_responses: responses.iter().all(|answer| answer.trailer.as_deref() == Some(VALUE)),
        of_requests: receipts.iter().all(|answer| answer.is_receipt_with(Some(VALUE))),
    }
}

async fn responses<G: Generation>(router: &G::Router) -> [Answer; 3] {
    let get = async |path| G::send(router.clone(), path, &[], None).await;
    [get("/empty").await, get("/rows").await, get("/gzipped").await]
}

async fn receipts<G: Generation>(router: &G::Router) -> [Answer; 3] {
    let put = async |fields: &[_], content| {
        G::send(router.clone(), "/upload", fields, Some(complete(&content))).await
    };
    [put(&[], Bytes::new()).await, put(&[], CONTENT.into()).await, put(&[GZIPPED], gzipped()).await]
}
