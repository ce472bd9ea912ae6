use bytes::{BufMut, Bytes, BytesMut};
use http::HeaderMap;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The trailer sections of the chunked requests on an HTTP/1.1 connection, in their order. One for each request, which is
/// often empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrailerLines(Arc<Mutex<VecDeque<Bytes>>>);

impl TrailerLines {
    /// Adds the trailer section of the request whose last chunk follows.
    pub(crate) fn push(&self, trailers: &HeaderMap) {
        let mut lines = BytesMut::new();
        for (name, value) in trailers {
            lines.put_slice(name.as_str().as_bytes());
            lines.put_slice(b": ");
            lines.put_slice(value.as_bytes());
            lines.put_slice(b"\r\n");
        }
        self.lock().push_back(lines.freeze());
    }

    /// Whether there are lines to write at the next end of a request.
    pub(super) fn has_next(&self) -> bool {
        self.lock().front().is_some_and(|lines| !lines.is_empty())
    }

    pub(super) fn take_next(&self) -> Bytes {
        self.lock().pop_front().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Bytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
