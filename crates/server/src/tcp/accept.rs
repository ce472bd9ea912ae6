use super::{
    accepted::{Accepted, Arrival, Arrivals, Seat},
    rejections::Rejections,
};
use crate::connection::Places;
use std::{
    convert::Infallible,
    io, net,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::sleep,
};

/// What connections are given to one thread by.
#[derive(Debug)]
pub(crate) struct Hand {
    given: mpsc::UnboundedSender<Arrival>,
    connections: Arc<AtomicUsize>,
}

pub(crate) fn hand() -> (Hand, Arrivals) {
    let (given, arrivals) = mpsc::unbounded_channel();
    (Hand { given, connections: Arc::default() }, arrivals)
}

/// Accepts connections on one thread, for itself and, where it has more than others, for those.
pub(crate) struct Dealer {
    pub(crate) rejections: Rejections,
    pub(crate) places: Places,
    pub(crate) hands: Arc<[Hand]>,
    /// Which of the hands is this thread's.
    pub(crate) own: usize,
}

/// How long it waits where the system has no connection to give, for want of file descriptors as a rule.
const PAUSE: Duration = Duration::from_millis(50);

/// Makes the runtime of this thread listen.
pub(crate) fn on_runtime(listener: net::TcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

impl Dealer {
    /// Accepts as long as it is polled.
    pub(crate) async fn deal(&self, listener: TcpListener) -> Infallible {
        loop {
            let dealt = listener.accept().await.and_then(|(stream, peer)| self.give(stream, peer));
            if let Err(error) = dealt {
                self.rejections.not_accepted(&error);
                sleep(PAUSE).await;
            }
        }
    }

    fn give(&self, stream: TcpStream, peer: net::SocketAddr) -> io::Result<()> {
        let Some(place) = self.places.take() else {
            self.rejections.too_many(peer, self.places.limit());
            return Ok(());
        };
        let whose = self.whose();
        let stream =
            if whose == self.own { Accepted::Here(stream) } else { Accepted::Elsewhere(stream.into_std()?) };
        if let Some(hand) = self.hands.get(whose) {
            let seat = Seat::new(place, hand.connections.clone());
            // One that ends just now takes none, and the connection is closed.
            let _taken = hand.given.send(Arrival { stream, peer, seat });
        }
        Ok(())
    }

    /// This thread, unless another one has clearly fewer connections. Of a few each one counts; of many a part of a
    /// sixteenth is not worth waking a thread for.
    fn whose(&self) -> usize {
        let connections = |n: usize| match self.hands.get(n) {
            Some(hand) if !hand.given.is_closed() => hand.connections.load(Relaxed),
            // A thread that is gone takes none.
            _ => usize::MAX,
        };
        let own = connections(self.own);
        let least = (0..self.hands.len()).min_by_key(|n| connections(*n)).unwrap_or(self.own);
        if connections(least).saturating_add(own / 16) < own { least } else { self.own }
    }
}
