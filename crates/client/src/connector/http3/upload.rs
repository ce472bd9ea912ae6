use super::session::Session;
use crate::{
    exchange::{Exchange, OutgoingBody},
    io::Written,
};
use axum_trailers_quic::{
    SendStream, Stopped,
    h3::{
        client::RequestStream,
        error::{Code, StreamError},
    },
};
use bytes::Bytes;
use http_body::Frame;
use http_body_util::BodyExt;
use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    time::Duration,
};
use tokio::time::sleep;

/// Sends the body of a request. It keeps the connection open until the server has all of it.
pub(super) struct Upload {
    sending: RequestStream<SendStream, Bytes>,
    exchange: Exchange,
    written: Written,
    session: Session,
}

/// Why nothing more is sent.
enum End {
    Complete,
    /// Nobody needs the rest.
    Abandoned,
    /// The trouble is on this side.
    Failed,
    /// The server wants no more, which is no failure of its own
    /// ([RFC 9114 §4.1](https://www.rfc-editor.org/rfc/rfc9114#section-4.1)), or the connection is lost.
    Stopped(Stopped),
}

/// The largest `DATA` frame, in bytes. Each one that QUIC accepts is progress.
const CHUNK: usize = 64 * 1024;

/// How often the acknowledgements of the last bytes are looked at.
const SAMPLE: Duration = Duration::from_millis(250);

/// How long the last bytes, or the reset, may take after everything else has ended.
const GRACE: Duration = Duration::from_secs(1);

impl Upload {
    pub(super) fn new(
        sending: RequestStream<SendStream, Bytes>,
        exchange: Exchange,
        written: Written,
        session: Session,
    ) -> Self {
        Self { sending, exchange, written, session }
    }

    /// Sends all of it, unless the response ends before. `stopped` is the end of the stream.
    pub(super) async fn run(mut self, body: OutgoingBody, stopped: impl Future<Output = Stopped>) {
        let _panic = Panic(self.exchange.clone());
        let exchange = self.exchange.clone();
        let mut stopped = pin!(stopped);
        let end = tokio::select! {
            biased;
            stopped = &mut stopped => End::Stopped(stopped),
            () = poll_fn(|cx| exchange.poll_over(cx)) => End::Abandoned,
            end = self.send(body) => end,
        };
        match end {
            End::Complete => self.arrived(stopped).await,
            End::Abandoned => self.reset(Code::H3_REQUEST_CANCELLED).await,
            End::Failed => self.reset(Code::H3_INTERNAL_ERROR).await,
            End::Stopped(Stopped::Stopped { code }) => self.sending.stop_stream(Code::from(code)),
            End::Stopped(_) => {}
        }
        self.written.add_content(u64::MAX);
    }

    async fn send(&mut self, mut body: OutgoingBody) -> End {
        while let Some(frame) = body.frame().await {
            let sent = match frame.map(Frame::into_data) {
                Ok(Ok(data)) => self.send_data(data).await,
                Ok(Err(frame)) => match frame.into_trailers() {
                    Ok(trailers) => self.sending.send_trailers(trailers).await,
                    Err(_unknown) => Ok(()),
                },
                Err(_failure) if self.exchange.failure().is_some() => return End::Failed,
                Err(_abandoned) => return End::Abandoned,
            };
            if let Err(error) = sent {
                return self.not_sent(&error);
            }
        }
        match self.sending.finish().await {
            Ok(()) => End::Complete,
            Err(error) => self.not_sent(&error),
        }
    }

    async fn send_data(&mut self, mut data: Bytes) -> Result<(), StreamError> {
        while !data.is_empty() {
            let part = data.split_to(data.len().min(CHUNK));
            self.sending.send_data(part).await?;
            self.written.progress();
        }
        Ok(())
    }

    fn not_sent(&self, error: &StreamError) -> End {
        match error {
            StreamError::RemoteTerminate { code } => End::Stopped(Stopped::Stopped { code: code.value() }),
            StreamError::HeaderTooBig { actual_size, max_size } => {
                self.exchange.fail(format!(
                    "the trailer section has {actual_size} bytes, and the server accepts {max_size}"
                ));
                End::Failed
            }
            _ => End::Stopped(Stopped::Lost),
        }
    }

    /// Resets the stream, and waits until that is sent: a connection that is closed before never sends it, and while other data
    /// waits for the server's acknowledgements, quinn (0.11.12) does not even send that it is closed.
    async fn reset(&mut self, code: Code) {
        let Self { sending, session, .. } = self;
        let reset = session.until_sent(|stats| stats.frame_tx.reset_stream, || sending.stop_stream(code));
        tokio::select! {
            biased;
            () = reset => {}
            _lost = session.quic().closed() => {}
            () = sleep(GRACE) => {}
        }
    }

    /// Waits until the server has everything. QUIC has accepted it, so acknowledgements are the only progress that shows.
    async fn arrived(&self, mut stopped: Pin<&mut impl Future<Output = Stopped>>) {
        let acknowledgements = || self.session.quic().stats().frame_rx.acks;
        let mut before = acknowledgements();
        let mut grace = pin!(async {
            poll_fn(|cx| self.exchange.poll_over(cx)).await;
            sleep(GRACE).await;
        });
        loop {
            tokio::select! {
                biased;
                _ = &mut stopped => return,
                () = &mut grace => return,
                () = sleep(SAMPLE) => {
                    let now = acknowledgements();
                    if now != before {
                        before = now;
                        self.written.progress();
                    }
                }
            }
        }
    }
}

/// A body that panics is one that fails.
struct Panic(Exchange);

impl Drop for Panic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail("it panicked".to_owned());
        }
    }
}
