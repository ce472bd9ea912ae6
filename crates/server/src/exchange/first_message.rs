use super::content_source::ContentError;
use crate::connection::Inbound;
use bytes::Bytes;
use http_body::Frame;
use std::{
    future::pending,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};
use tokio::time::{Instant, sleep_until};

/// Whether a call's first message has arrived. Later messages may take any time.
#[derive(Clone)]
pub(crate) struct FirstMessage(Arc<Mutex<Progress>>);

struct Progress {
    /// Since when the service has been waiting for more of it. It may have other things to do first.
    waiting_since: Option<Instant>,
    /// A flag, and the length of the message in four bytes.
    prefix: Vec<u8>,
    content: usize,
    is_here: bool,
}

impl Default for FirstMessage {
    fn default() -> Self {
        let progress = Progress { waiting_since: None, prefix: Vec::new(), content: 0, is_here: false };
        Self(Arc::new(Mutex::new(progress)))
    }
}

impl FirstMessage {
    /// Notes that nothing has to be awaited.
    pub(super) fn arrived(&self) {
        self.lock().is_here = true;
    }

    /// Notes what a poll of the content returned.
    pub(super) fn polled(&self, frame: &Poll<Option<Result<Frame<Bytes>, ContentError>>>) {
        let mut progress = self.lock();
        progress.waits(frame.is_pending());
        match frame {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    progress.came(data);
                }
            }
            Poll::Ready(None) => progress.is_here = true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
    }

    /// Completes if the service has waited for this long and nothing arrived although the client could send.
    pub(crate) async fn missed(&self, limit: Duration, inbound: &Inbound) {
        loop {
            let (waiting_since, is_here) = {
                let progress = self.lock();
                (progress.waiting_since, progress.is_here)
            };
            if is_here {
                return pending().await;
            }
            let since = waiting_since.unwrap_or_else(Instant::now);
            if since.elapsed() < limit {
                sleep_until(since + limit).await;
            } else if inbound.window_is_open() {
                return;
            } else {
                self.lock().waits_anew();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    fn waits(&mut self, it_does: bool) {
        self.waiting_since = it_does.then(|| self.waiting_since.unwrap_or_else(Instant::now));
    }

    /// Restarts the waiting time.
    fn waits_anew(&mut self) {
        self.waiting_since = self.waiting_since.map(|_| Instant::now());
    }

    /// Takes the data that arrives, up to the end of the message.
    fn came(&mut self, data: &[u8]) {
        const PREFIX: usize = 5;
        if self.is_here {
            return;
        }
        let (prefix, content) = data.split_at((PREFIX - self.prefix.len()).min(data.len()));
        self.prefix.extend_from_slice(prefix);
        self.content += content.len();
        if let [_flag, length @ ..] = &*self.prefix
            && let Ok(length) = <[u8; 4]>::try_from(length)
        {
            self.is_here = self.content >= u32::from_be_bytes(length) as usize;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_is_here_with_its_last_byte_however_it_is_split() {
        let message = b"\0\0\0\0\x03abc";
        for step in 1..=message.len() {
            let first = FirstMessage::default();
            for part in message[..message.len() - 1].chunks(step) {
                first.lock().came(part);
                assert!(!first.lock().is_here, "in steps of {step}");
            }
            first.lock().came(b"c");
            assert!(first.lock().is_here, "in steps of {step}");
        }
        let empty = FirstMessage::default();
        empty.lock().came(b"\0\0\0\0");
        assert!(!empty.lock().is_here);
        empty.lock().came(b"\0");
        assert!(empty.lock().is_here);
    }

    #[tokio::test]
    async fn arriving_message_is_not_missed() {
        const LIMIT: Duration = Duration::from_millis(200);
        let inbound = Inbound::new(Arc::default());
        let (first, began) = (FirstMessage::default(), Instant::now());
        let feeder = first.clone();
        let feed = async move {
            for byte in b"\0\0\0\0" {
                tokio::time::sleep(LIMIT / 2).await;
                feeder.lock().waits(false);
                feeder.lock().came(&[*byte]);
                feeder.lock().waits(true);
            }
        };
        tokio::join!(feed, first.missed(LIMIT, &inbound));
        assert!(began.elapsed() >= LIMIT * 3, "it is missed once nothing has come for so long");

        first.lock().waits(false);
        let busy = tokio::time::timeout(LIMIT * 2, first.missed(LIMIT, &inbound)).await;
        busy.expect_err("the service does not wait for it");
        first.lock().waits(true);
        first.lock().came(b"\0");
        let never = tokio::time::timeout(LIMIT * 2, first.missed(LIMIT, &inbound)).await;
        never.expect_err("it is here");
    }

    #[tokio::test(start_paused = true)]
    async fn message_is_not_missed_while_the_window_is_closed() {
        const LIMIT: Duration = Duration::from_secs(1);
        let (first, inbound) = (FirstMessage::default(), Arc::new(Inbound::new(Arc::default())));
        inbound.note_data(65_535);
        first.lock().waits(true);
        let early = tokio::time::timeout(LIMIT * 10, first.missed(LIMIT, &inbound)).await;
        early.expect_err("the window is closed");
        inbound.note_window_update(1);
        let began = Instant::now();
        first.missed(LIMIT, &inbound).await;
        assert!(began.elapsed() <= LIMIT);
    }
}
