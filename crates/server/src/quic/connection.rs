use super::{
    driver::Driver,
    request::{self, Requests},
    unacknowledged::Unacknowledged,
};
use crate::{
    accept::Rejections,
    app::ConnectionService,
    connection::{CloseReason, Connection, ConnectionPermit, LAST_WORDS, Protocol, Step, Watchdog},
    limits::Limits,
};
use axum_trailers_quic::{
    Bounds, Connection as H3Transport, Fault,
    h3::{
        self,
        error::{Code, ConnectionError},
        quic::ConnectionErrorIncoming,
    },
    quinn,
};
use bytes::Bytes;
use std::{sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};

/// What a client may send of a frame of an unknown type, which is ignored, in bytes.
const MOST_OF_UNKNOWN_FRAMES: u64 = 4 * 1024;

/// How many responses of a connection may be reset before it drains: quinn keeps about 100 bytes of each until it ends.
const MOST_KEPT: usize = 16 * 1024;

/// Sections between the server's limits and this factor of them are rejected by the server itself, with a status. Larger
/// ones end their stream.
const MARGIN: u64 = 4;

/// Serves a connection until it has ended, for whatever reason.
pub(super) async fn serve(
    quic: quinn::Connection,
    driver: Option<Driver>,
    service: ConnectionService,
    rejections: Rejections,
    _permit: ConnectionPermit,
) {
    let connection = service.connection().clone();
    let mut traffic = Traffic::default();
    let section = section_bound(&connection.limits);
    let bounds = Bounds::new(section, MOST_OF_UNKNOWN_FRAMES);
    let (transport, streams) = H3Transport::new(quic.clone(), bounds);
    // Boxed, because the task would contain it several times.
    let built = tokio::select! {
        built = timeout(connection.limits.handshake, Box::pin(build(transport, section))) => built,
        () = connection.shutdown().begun() => return streams.close(Code::H3_NO_ERROR, b"the server shuts down"),
    };
    let Ok(built) = built else {
        streams.close(Code::H3_NO_ERROR, b"no room for the control stream");
        return tracing::debug!(peer = %connection.peer, "connection closed: its client grants no control stream");
    };
    match built {
        Ok(http) => {
            let unacknowledged = Unacknowledged::none(connection.clone());
            let requests = Arc::new(Requests::new(service, streams, driver, unacknowledged, rejections));
            drive(http, requests, &mut traffic).await;
        }
        Err(error) => tracing::debug!(peer = %connection.peer, %error, "connection ended"),
    }
    traffic.count(&connection, &quic);
}

async fn build(transport: H3Transport, section: u64) -> Result<Box<Http>, ConnectionError> {
    let mut builder = h3::server::builder();
    builder.max_field_section_size(section).send_grease(false);
    builder.build(transport).await.map(Box::new)
}

/// What h3 refuses of a decoded section.
fn section_bound(limits: &Limits) -> u64 {
    MARGIN * u64::from(limits.header_section.max(limits.trailer_section))
}

type Http = h3::server::Connection<H3Transport, Bytes>;

/// Accepts requests until the connection ends, exceeds a limit, or the server aborts it. h3 closes the connection once
/// `http` is dropped.
async fn drive(mut http: Box<Http>, requests: Arc<Requests>, traffic: &mut Traffic) {
    let (connection, quic) = (requests.service.connection().clone(), requests.streams.quic().clone());
    let mut watchdog = Watchdog::new(&connection, Protocol::Http3);
    loop {
        let step = tokio::select! {
            biased;
            accepted = http.accept() => match accepted {
                Ok(Some(request)) => {
                    tokio::spawn(request::serve(request, requests.clone()));
                    if requests.streams.kept() < MOST_KEPT {
                        continue;
                    }
                    connection.activity().ends_when_idle();
                    Ok(Step::Drain)
                }
                // h3 has heard a client's `GOAWAY`. The adapter keeps that from it.
                Ok(None) => return,
                Err(error) => return report(&error, &requests),
            },
            step = watchdog.next() => step,
        };
        traffic.count(&connection, &quic);
        match step {
            Ok(Step::Poll) => {}
            Ok(Step::Drain) => {
                requests.streams.reject_new();
                // With 0, GOAWAY would disown the last request that was accepted. A client whose window is closed gets none.
                tokio::select! {
                    sent = timeout(LAST_WORDS, http.shutdown(1)) => if let Ok(Err(error)) = sent {
                        return report(&error, &requests);
                    },
                    () = connection.shutdown().aborted() => {}
                }
            }
            Err(reason) => return close(&requests, reason).await,
        }
    }
}

/// The code tells a client whose response is not complete that it is not, if it does not count the ends of its streams.
async fn close(requests: &Requests, reason: CloseReason) {
    let code = match requests.unacknowledged.count() {
        0 => Code::H3_NO_ERROR,
        open => {
            reset_responses(requests, open as u64).await;
            Code::H3_INTERNAL_ERROR
        }
    };
    requests.streams.close(code, reason.to_string().as_bytes());
}

/// Resets the responses that the client has not acknowledged to their end, and waits until that is sent, for [`LAST_WORDS`] at
/// most. While data waits for a client that does not acknowledge, quinn (0.11.12) sends no `CONNECTION_CLOSE`, and forgets the
/// connection: the client would wait for the idle timeout.
async fn reset_responses(requests: &Requests, open: u64) {
    let resets = || requests.streams.quic().stats().frame_tx.reset_stream;
    let before = resets();
    requests.cut.notify_waiters();
    let all_sent = async {
        while resets() < before + open {
            sleep(TICK).await;
        }
    };
    let _in_time = timeout(LAST_WORDS, all_sent).await;
}

const TICK: Duration = Duration::from_millis(5);

/// Reports why h3 or the adapter has ended the connection, unless the client or the network has.
fn report(error: &ConnectionError, requests: &Requests) {
    let connection = requests.service.connection();
    tracing::debug!(peer = %connection.peer, %error, "connection ended");
    match error {
        _ if error.is_h3_no_error() => {}
        ConnectionError::Local { error, .. } => {
            requests.rejections.malformed(connection, &format_args!("{error:?}"));
        }
        ConnectionError::Remote(ConnectionErrorIncoming::Undefined(error)) => {
            if let Some(fault) = error.downcast_ref::<Fault>() {
                requests.rejections.malformed(connection, fault);
            }
        }
        _ => {}
    }
}

/// The bytes of a connection that were counted already. quinn counts them itself.
#[derive(Default)]
struct Traffic {
    received: u64,
    sent: u64,
}

impl Traffic {
    fn count(&mut self, connection: &Connection, quic: &quinn::Connection) {
        let stats = quic.stats();
        let (received, sent) = (stats.udp_rx.bytes, stats.udp_tx.bytes);
        if let more @ 1.. = added(&mut self.received, received) {
            connection.note_read(more);
        }
        if let more @ 1.. = added(&mut self.sent, sent) {
            connection.note_write(more);
        }
    }
}

fn added(before: &mut u64, now: u64) -> usize {
    usize::try_from(now - std::mem::replace(before, now)).unwrap_or(usize::MAX)
}
