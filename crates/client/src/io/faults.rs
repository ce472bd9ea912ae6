use crate::verdict::Cut;
use rustls::AlertDescription;
use std::{
    io,
    sync::{Arc, OnceLock},
};

/// Why a connection was ended, which the errors of hyper and h2 do not pass on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Arc<Found>);

#[derive(Debug, Default)]
struct Found {
    cut: OnceLock<Cut>,
    alert: OnceLock<AlertDescription>,
}

impl Faults {
    /// Reports a fault of the server, for which this side ends the connection. The first one counts.
    pub(crate) fn report(&self, cut: Cut) {
        // There was one already.
        let _ = self.0.cut.set(cut);
    }

    /// Looks for the server's reason to end TLS. With TLS 1.3 it can follow the handshake, for example if the server
    /// requires a certificate of the client ([RFC 8446 §4.4.2.4](https://www.rfc-editor.org/rfc/rfc8446#section-4.4.2.4)).
    pub(super) fn find_alert(&self, error: &io::Error) {
        let error = error.get_ref().and_then(|error| error.downcast_ref());
        if let Some(rustls::Error::AlertReceived(alert)) = error {
            let _ = self.0.alert.set(*alert);
        }
    }

    /// The fault of the server.
    pub(crate) fn first(&self) -> Option<&Cut> {
        self.0.cut.get()
    }

    /// The TLS alert with which the server ended the connection.
    pub(crate) fn alert(&self) -> Option<AlertDescription> {
        self.0.alert.get().copied()
    }
}
