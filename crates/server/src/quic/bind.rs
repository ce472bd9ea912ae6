use super::endpoint::UdpEndpoint;
use socket2::SockRef;
use std::{
    io,
    net::{SocketAddr, TcpListener, UdpSocket},
};

/// How often another free port is tried if UDP has not the number that TCP got.
const ATTEMPTS: usize = 64;

/// Listens on an address over TCP, and over UDP on the same port. If the port is 0, both get the same free one.
pub(crate) fn bind_same_port(
    address: SocketAddr,
) -> Result<(TcpListener, UdpEndpoint), (&'static str, io::Error)> {
    let mut attempts = if address.port() == 0 { ATTEMPTS } else { 1 };
    loop {
        attempts -= 1;
        let tcp = TcpListener::bind(address).map_err(|error| ("", error))?;
        let taken = tcp.local_addr().map_err(|error| ("", error))?;
        match UdpSocket::bind(taken) {
            Ok(udp) => {
                enlarge_buffers(&udp);
                return Ok((tcp, UdpEndpoint::new(udp)));
            }
            Err(error) if attempts > 0 && error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(("UDP ", error)),
        }
    }
}

/// The buffers of a UDP socket, in bytes: all connections share it. The system may give less.
const BUFFER: usize = 2 * 1024 * 1024;

fn enlarge_buffers(udp: &UdpSocket) {
    let socket = SockRef::from(udp);
    for enlarged in [socket.set_recv_buffer_size(BUFFER), socket.set_send_buffer_size(BUFFER)] {
        if let Err(error) = enlarged {
            tracing::debug!(%error, "the buffer of a UDP socket keeps its size");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: &str = "127.0.0.1:0";

    #[test]
    fn free_port_is_the_same_for_both() {
        let (tcp, udp) = bind_same_port(ANY.parse().expect("an address")).expect("a port");
        assert_eq!(tcp.local_addr().ok(), udp.local_addr());
    }

    #[test]
    fn taken_udp_port_is_an_error_that_names_udp() {
        let udp = UdpSocket::bind(ANY).expect("a port");
        let (transport, error) = bind_same_port(udp.local_addr().expect("bound")).expect_err("it is taken");
        assert_eq!((transport, error.kind()), ("UDP ", io::ErrorKind::AddrInUse));
    }
}
