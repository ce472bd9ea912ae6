use crate::connection::SharedBody;
use axum_trailers::BoxError;
use bytes::Bytes;
use std::{
    mem,
    task::{Context, Poll, ready},
};

/// The largest piece that hyper gets at once, in bytes: a `DATA` frame that fits into one TLS record, and that every
/// receiver accepts (RFC 9113 §4.2, RFC 8446 §5.1). With 16 KiB of content, the frame's head of 9 bytes would require a
/// second record.
///
/// hyper takes a chunk as a whole, and then a body of known length is complete for it. In pieces, a stalled reader
/// holds little memory, a slow one shows progress, and little is left to send when the body ends.
const PIECE: usize = 16 * 1024 - 9;

/// Chunks of up to this size, in bytes, that are ready together are sent as one piece: a `DATA` frame costs more than
/// copying them.
const SMALL: usize = 4 * 1024;

/// The next item of a body's data: a chunk, a failure, or the end.
type Said = Option<Result<Bytes, BoxError>>;

/// The data of a response in the pieces that hyper gets.
#[derive(Default)]
pub(super) struct Pieces {
    /// The rest of a chunk that was sent in part.
    rest: Bytes,
    /// What the body returned after the last chunk that was sent.
    ahead: Option<Said>,
}

impl Pieces {
    /// Returns the next piece. If the client can't see the body's chunks, it may be a part of one, or several of them.
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

    /// Returns the next chunk that is not empty. An empty one would be an empty `DATA` frame, of which clients accept a
    /// limited number: h2 then closes the connection.
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

    /// What follows the last piece, if it is ready.
    pub(super) fn take_end(&mut self, body: &SharedBody, cx: &mut Context<'_>) -> Said {
        match self.poll_chunk(body, cx) {
            Poll::Ready(said) => said,
            Poll::Pending => None,
        }
    }

    pub(super) fn has_rest(&self) -> bool {
        !self.rest.is_empty()
    }

    /// Joins a small chunk with the following ones that are ready.
    fn with_those_ready(&mut self, chunk: Bytes, body: &SharedBody, cx: &mut Context<'_>) -> Bytes {
        if chunk.len() > SMALL || self.ahead.is_some() {
            return chunk;
        }
        let mut together = None;
        // The end is not polled before the reader wants it: some bodies take that as a sign that everything was read.
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
