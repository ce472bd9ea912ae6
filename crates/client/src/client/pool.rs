use super::target::Origin;
use crate::{
    connector::{Connection, TlsError, Transport},
    exchange::Error,
    verdict::Cut,
};
use http::Version;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Open connections for later requests, at most one for each origin. The last one was used last.
#[derive(Clone, Default)]
pub(super) struct Pool(Arc<Mutex<VecDeque<(Origin, Connection)>>>);

/// A connection in use.
pub(crate) struct Lease {
    pool: Pool,
    origin: Origin,
    pub(super) connection: Connection,
}

/// The maximum number of open connections that no request uses.
const MOST_IDLE: usize = 16;

impl Pool {
    /// A connection to this origin, which may have been closed meanwhile. One of HTTP/2 can be taken several times.
    pub(super) fn take(&self, origin: &Origin) -> Option<Lease> {
        self.take_if(origin, |_| true)
    }

    /// The same, if it is one over HTTP/3.
    #[cfg(feature = "http3")]
    pub(super) fn take_http3(&self, origin: &Origin) -> Option<Lease> {
        self.take_if(origin, is_http3)
    }

    fn take_if(&self, origin: &Origin, is_wanted: impl Fn(&Connection) -> bool) -> Option<Lease> {
        let mut idle = self.lock();
        let position = idle.iter().position(|(other, open)| other == origin && is_wanted(open))?;
        let (_, connection) = idle.remove(position)?;
        if let Some(shared) = connection.share() {
            idle.push_back((origin.clone(), shared));
        }
        Some(self.lease(origin, connection))
    }

    /// A new connection to this origin. One of HTTP/2 can be used by other requests at once.
    pub(super) fn add(&self, origin: &Origin, connection: Connection) -> Lease {
        if let Some(shared) = connection.share() {
            self.put(origin.clone(), shared);
        }
        self.lease(origin, connection)
    }

    /// Removes all connections.
    pub(super) fn take_all(&self) -> VecDeque<(Origin, Connection)> {
        std::mem::take(&mut *self.lock())
    }

    fn lease(&self, origin: &Origin, connection: Connection) -> Lease {
        Lease { pool: self.clone(), origin: origin.clone(), connection }
    }

    fn put(&self, origin: Origin, connection: Connection) {
        let mut idle = self.lock();
        // A request that began over TCP may end after another one has changed to the alternative.
        if !is_http3(&connection) && idle.iter().any(|(other, open)| *other == origin && is_http3(open)) {
            return;
        }
        idle.retain(|(other, _)| *other != origin);
        if idle.len() == MOST_IDLE {
            idle.pop_front();
        }
        idle.push_back((origin, connection));
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Origin, Connection)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_http3(connection: &Connection) -> bool {
    connection.transport.version == Version::HTTP_3
}

impl Lease {
    pub(crate) fn transport(&self) -> Transport {
        self.connection.transport
    }

    /// Why this side has ended the connection.
    pub(crate) fn fault(&self) -> Option<Cut> {
        self.connection.fault()
    }

    /// Why a request over it has no response, as far as this side knows.
    pub(crate) fn failure(&self) -> Option<Error> {
        let alert = self.connection.alert().map(|alert| Error::Tls(TlsError::of_alert(alert)));
        alert.or_else(|| self.fault().map(Error::NoResponse))
    }

    /// Keeps later requests from using the connection, which is closed, about to be, or stalls.
    pub(crate) fn discard(&self) {
        self.pool.lock().retain(|(_, idle)| !idle.is(&self.connection));
    }

    /// Lets other requests use the connection.
    pub(crate) fn give_back(self) {
        if self.connection.is_exclusive() && self.connection.has_written_all() {
            self.pool.put(self.origin, self.connection);
        }
    }
}
