use crate::connector::{Connection, Transport};
use http::{
    Uri,
    uri::{Authority, Scheme},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// One idle connection for each origin.
#[derive(Clone, Default)]
pub(super) struct Pool(Arc<Mutex<HashMap<Origin, Connection>>>);

pub(super) type Origin = (Scheme, Authority);

/// A connection in use.
pub(crate) struct Lease {
    pool: Pool,
    origin: Origin,
    pub(super) connection: Connection,
}

impl Pool {
    pub(super) fn origin(uri: &Uri) -> Option<Origin> {
        Some((uri.scheme()?.clone(), uri.authority()?.clone()))
    }

    pub(super) fn take(&self, origin: &Origin) -> Option<Lease> {
        let connection = self.lock().remove(origin)?;
        Some(self.lease(origin.clone(), connection))
    }

    pub(super) fn lease(&self, origin: Origin, connection: Connection) -> Lease {
        Lease { pool: self.clone(), origin, connection }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Origin, Connection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    pub(crate) fn transport(&self) -> Transport {
        self.connection.transport
    }

    pub(crate) fn give_back(self) {
        self.pool.lock().insert(self.origin, self.connection);
    }
}
