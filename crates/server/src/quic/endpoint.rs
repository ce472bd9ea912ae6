use super::{config::Config, driver::DriverRuntime};
use axum_trailers_quic::quinn::{Endpoint, EndpointConfig};
use std::{
    io,
    net::{SocketAddr, UdpSocket},
    sync::Arc,
};

/// A UDP socket for HTTP/3.
#[derive(Debug)]
pub(crate) struct UdpEndpoint(UdpSocket);

impl UdpEndpoint {
    pub(super) fn new(socket: UdpSocket) -> Self {
        Self(socket)
    }

    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        self.0.local_addr().ok()
    }

    /// The same for another thread.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// Registers the socket with this thread's runtime, which then receives its packets.
    pub(super) fn on_runtime(self, config: &Config) -> io::Result<Endpoint> {
        let server = Some((*config.current()?).clone());
        Endpoint::new(EndpointConfig::default(), server, self.0, Arc::new(DriverRuntime))
    }
}
