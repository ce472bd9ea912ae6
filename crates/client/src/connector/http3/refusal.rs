//! Whether nobody listens on a UDP port. quinn's sockets are not connected, so the operating system does not tell them.

use std::{io, net::SocketAddr};

/// Waits until the operating system reports that nobody listens there, or that there is no way. A server that has not answered for a short time
/// gets a packet of one byte for this, which QUIC ignores.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) async fn refused(address: SocketAddr) -> io::Error {
    tokio::time::sleep(SILENCE).await;
    match report(address).await {
        Ok(Some(error)) | Err(error) if REFUSALS.contains(&error.kind()) => {
            // Reports can be forged, so a handshake that is under way gets time to succeed.
            tokio::time::sleep(GRACE).await;
            error
        }
        // Only time will tell.
        _ => std::future::pending().await,
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) async fn refused(_address: SocketAddr) -> io::Error {
    std::future::pending().await
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const SILENCE: std::time::Duration = std::time::Duration::from_millis(100);

#[cfg(any(target_os = "linux", target_os = "android"))]
const GRACE: std::time::Duration = std::time::Duration::from_secs(1);

/// What a firewall of this machine reports about one packet is not among these.
#[cfg(any(target_os = "linux", target_os = "android"))]
const REFUSALS: [io::ErrorKind; 3] =
    [io::ErrorKind::ConnectionRefused, io::ErrorKind::HostUnreachable, io::ErrorKind::NetworkUnreachable];

/// Without the bit that each QUIC packet has ([RFC 9000 §17.3](https://www.rfc-editor.org/rfc/rfc9000#section-17.3)).
#[cfg(any(target_os = "linux", target_os = "android"))]
const NO_PACKET: [u8; 1] = [0];

#[cfg(any(target_os = "linux", target_os = "android"))]
async fn report(address: SocketAddr) -> io::Result<Option<io::Error>> {
    let socket = tokio::net::UdpSocket::bind(super::dial::any_port(address)).await?;
    socket.connect(address).await?;
    socket.send(&NO_PACKET).await?;
    socket.ready(tokio::io::Interest::ERROR).await?;
    socket.take_error()
}
