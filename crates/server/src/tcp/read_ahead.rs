use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, ReadBuf};

/// Holds what an HTTP/1.1 client has sent while hyper does not read.
///
/// hyper reads no more of a request's content than the application wants. If an application keeps the content without
/// reading it, nobody would notice that the client is gone.
#[derive(Debug, Default)]
pub(super) struct ReadAhead {
    bytes: Vec<u8>,
    /// Whether hyper has not read since the last check.
    is_on: bool,
    has_ended: bool,
}

/// How much is read ahead, in bytes. An end after more than that is not detected.
const MOST: usize = 16 * 1024;

impl ReadAhead {
    pub(super) fn start(&mut self) {
        self.is_on = true;
    }

    /// Reads what is available, if hyper does not read.
    pub(super) fn poll<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> io::Result<()> {
        if !self.is_on {
            return Ok(());
        }
        let mut chunk = [0; 1024];
        while !self.has_ended && self.bytes.len() < MOST {
            let mut came = ReadBuf::new(&mut chunk);
            match Pin::new(&mut *stream).poll_read(cx, &mut came) {
                Poll::Ready(Ok(())) => {
                    self.bytes.extend_from_slice(came.filled());
                    self.has_ended = came.filled().is_empty();
                }
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => break,
            }
        }
        Ok(())
    }

    /// Gives hyper the bytes that were read ahead, or reports the end. `None` if hyper must read from the stream.
    pub(super) fn take(&mut self, buf: &mut ReadBuf<'_>) -> Option<Taken> {
        self.is_on = false;
        if self.bytes.is_empty() {
            return self.has_ended.then_some(Taken::End);
        }
        let taken = self.bytes.len().min(buf.remaining());
        buf.put_slice(self.bytes.get(..taken).unwrap_or_default());
        self.bytes.drain(..taken);
        Some(Taken::Bytes)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Bytes,
    End,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    fn take(ahead: &mut ReadAhead, room: usize) -> (Option<Taken>, Vec<u8>) {
        let mut room = vec![0; room];
        let mut buf = ReadBuf::new(&mut room);
        let taken = ahead.take(&mut buf);
        (taken, buf.filled().to_vec())
    }

    #[test]
    fn what_is_read_ahead_comes_first_and_then_the_end() {
        let mut nobody = Context::from_waker(Waker::noop());
        let (mut ahead, mut stream) = (ReadAhead::default(), &b"hello"[..]);
        ahead.poll(&mut stream, &mut nobody).expect("no error");
        assert_eq!((stream.len(), take(&mut ahead, 9)), (5, (None, Vec::new())), "hyper reads");
        ahead.start();
        ahead.poll(&mut stream, &mut nobody).expect("no error");
        assert!(stream.is_empty() && ahead.has_ended());
        assert_eq!(take(&mut ahead, 3), (Some(Taken::Bytes), b"hel".to_vec()));
        assert_eq!(take(&mut ahead, 3), (Some(Taken::Bytes), b"lo".to_vec()));
        assert_eq!(take(&mut ahead, 3), (Some(Taken::End), Vec::new()));
    }

    #[test]
    fn read_ahead_is_limited() {
        let mut nobody = Context::from_waker(Waker::noop());
        let content = vec![b'x'; 2 * MOST];
        let (mut ahead, mut stream) = (ReadAhead::default(), &content[..]);
        ahead.start();
        ahead.poll(&mut stream, &mut nobody).expect("no error");
        assert_eq!((stream.len(), ahead.has_ended()), (MOST, false));
    }
}
