use crate::connection::{Connection, LAST_WORDS, LAST_WORDS_AT_MOST, LINGER, LINGER_AT_MOST};
use std::{
    pin::Pin,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// Decides when a connection that is closed for writing is closed completely.
pub(super) struct Closing {
    after_silence: Instant,
    at_the_latest: Instant,
    server_ends: bool,
    timer: Pin<Box<Sleep>>,
}

impl Closing {
    pub(super) fn begin() -> Self {
        let now = Instant::now();
        Self {
            after_silence: now + LINGER,
            at_the_latest: now + LINGER_AT_MOST,
            server_ends: false,
            timer: Box::pin(sleep_until(now + LINGER)),
        }
    }

    /// Reads and discards what the client still sends, until it closes or is silent.
    pub(super) fn poll<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        connection: &Connection,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let now = Instant::now();
        if !self.server_ends && connection.shutdown().has_begun() {
            self.server_ends = true;
            self.after_silence = self.after_silence.min(now + LAST_WORDS);
            self.at_the_latest = self.at_the_latest.min(now + LAST_WORDS_AT_MOST);
        }
        let silence = if self.server_ends { LAST_WORDS } else { LINGER };
        let mut scratch = [0; 1024];
        loop {
            let mut said = ReadBuf::new(&mut scratch);
            match Pin::new(&mut *stream).poll_read(cx, &mut said) {
                Poll::Ready(Ok(())) if !said.filled().is_empty() => self.after_silence = now + silence,
                Poll::Ready(_closed) => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        let deadline = self.after_silence.min(self.at_the_latest);
        if now >= deadline {
            return Poll::Ready(());
        }
        self.timer.as_mut().reset(deadline);
        self.timer.as_mut().poll(cx)
    }
}
