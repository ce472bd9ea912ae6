use crate::connection::SharedBody;
use axum::BoxError;
use bytes::Bytes;
use std::{
    mem,
    task::{Context, Poll, ready},
};

/// The largest piece that hyper is given at once, in bytes: a `DATA` frame that fits into one TLS record, and that its
/// receiver takes where it asks for no more (RFC 9113 §4.2, RFC 8446 §5.1). With 16 KiB of content its head of 9 bytes would
/// make each frame two records.
///
/// hyper takes a chunk as a whole, and a body of known length is then over for it. In pieces a stalled reader holds
/// little, a slow one that still moves is seen to move, and the end is near when the body ends.
const PIECE: usize = 16 * 1024 - 9;

/// Up to this size, in bytes, chunks that are ready together go out together, in one piece: a `DATA` frame costs more than
/// to copy them does.
const SMALL: usize = 4 * 1024;

/// What a body says of its data: a chunk, that it failed, or that it is over.
type Said = Option<Result<Bytes, BoxError>>;

/// The data of a response in the pieces that hyper is given.
#[derive(Default)]
pub(super) struct Pieces {
    /// What is left of a chunk that went out in part.
    rest: Bytes,
    /// What the body said behind the chunk that was given out last.
    ahead: Option<Said>,
}

impl Pieces {
    /// The next piece. Where nobody sees which chunks the body was sent in, it may be a part of one, or some of them.
    pub(super) fn poll_next(
        &mut self,
        body: &SharedBody,
        framed_freely: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Said> {
        Poll::Ready(match ready!(self.poll_chunk(body, cx)) {
            Some(Ok(chunk)) if framed_freely => {
                let mut piece = self.with_those_ready(chunk, body, cx);
                if piece.len() > PIECE {
                    self.rest = piece.split_off(PIECE);
                }
                Some(Ok(piece))
            }
            said => said,
        })
    }

    /// The next chunk that has something in it. An empty one would be an empty `DATA` frame, of which clients take only so
    /// many: h2 closes the connection.
    #[inline]
    fn poll_chunk(&mut self, body: &SharedBody, cx: &mut Context<'_>) -> Poll<Said> {
        if self.has_rest() {
            return Poll::Ready(Some(Ok(mem::take(&mut self.rest))));
        }
        loop {
            let said = match self.ahead.take() {
                Some(said) => said,
                None => ready!(body.poll_data(cx)),
            };
            match said {
                Some(Ok(chunk)) if chunk.is_empty() => {}
                said => return Poll::Ready(said),
            }
        }
    }

    /// What the body says behind its last piece, if it is ready.
    pub(super) fn take_end(&mut self, body: &SharedBody, cx: &mut Context<'_>) -> Said {
        match self.poll_chunk(body, cx) {
            Poll::Ready(said) => said,
            Poll::Pending => None,
        }
    }

    pub(super) fn has_rest(&self) -> bool {
        !self.rest.is_empty()
    }

    /// A small chunk together with those behind it that the body has ready.
    fn with_those_ready(&mut self, chunk: Bytes, body: &SharedBody, cx: &mut Context<'_>) -> Bytes {
        if chunk.len() > SMALL || self.ahead.is_some() {
            return chunk;
        }
        let mut together = None;
        // The end is not asked for before the reader wants it: some bodies take that for a sign that all was read.
        while let more @ 1.. = body.ready_bytes()
            && let Poll::Ready(said) = body.poll_data(cx)
        {
            let len = together.as_ref().map_or(chunk.len(), Vec::len);
            match said {
                Some(Ok(next)) if (1..=SMALL).contains(&next.len()) && len + next.len() <= PIECE => {
                    let together = together.get_or_insert_with(|| {
                        let mut together = Vec::with_capacity(len + more.min(SMALL));
                        together.extend_from_slice(&chunk);
                        together
                    });
                    together.extend_from_slice(&next);
                }
                said => {
                    self.ahead = Some(said);
                    break;
                }
            }
        }
        together.map_or(chunk, Bytes::from)
    }
}
