use super::{
    arrival::{Arrival, Arrivals, Seat},
    place::Places,
};
use crate::server::listen::Purpose;
use std::{
    convert::Infallible,
    io, net,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{net::TcpListener, sync::mpsc, time::sleep};

/// What connections are given to one thread by.
#[derive(Clone, Debug)]
pub(in crate::server) struct Hand {
    given: mpsc::UnboundedSender<(net::TcpStream, Arrival)>,
    connections: Arc<AtomicUsize>,
}

pub(in crate::server) fn hand() -> (Hand, Arrivals) {
    let (given, arrivals) = mpsc::unbounded_channel();
    (Hand { given, connections: Arc::default() }, Arrivals::new(arrivals))
}

/// How long it waits where the system has no connection to give, for want of file descriptors as a rule.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections as long as it is polled, and gives each to the thread that has fewest.
pub(in crate::server) async fn deal(
    listener: net::TcpListener,
    purpose: Purpose,
    places: &Places,
    hands: &[Hand],
) -> io::Result<Infallible> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let mut next = 0;
    loop {
        let accepted = listener.accept().await.and_then(|(stream, peer)| Ok((stream.into_std()?, peer)));
        match accepted {
            Ok((stream, peer)) => {
                let Some(place) = places.take() else {
                    let (listener, limit) = (purpose.name(), places.limit());
                    tracing::warn!(%peer, listener, limit, "connection refused: too many are open");
                    continue;
                };
                next = fewest(hands, next);
                if let Some(hand) = hands.get(next) {
                    let seat = Arc::new(Seat::new(place, hand.connections.clone()));
                    // A thread that has ended takes none, and the connection is closed.
                    let _taken = hand.given.send((stream, Arrival { peer, seat }));
                }
            }
            Err(error) => {
                tracing::debug!(%error, "can't accept a connection");
                sleep(PAUSE).await;
            }
        }
    }
}

/// The thread with the fewest connections, the first of them after the last one.
fn fewest(hands: &[Hand], last: usize) -> usize {
    let in_turn = (0..hands.len()).map(|n| (last + 1 + n) % hands.len());
    in_turn.min_by_key(|n| hands.get(*n).map(|hand| hand.connections.load(Relaxed))).unwrap_or_default()
}
