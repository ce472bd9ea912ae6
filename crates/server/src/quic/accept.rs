use super::{config::Config, endpoint::UdpEndpoint, handshake::AcceptedHandshake};
use crate::{
    accept::{Accepted, Balancer},
    connection::Purpose,
    shutdown::Shutdown,
};
use axum_trailers_quic::quinn::{Endpoint, Incoming};
use futures_util::future::join_all;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// How many handshakes may be under way before further clients must first prove that they receive at their address
/// ([RFC 9000 §8.1.2](https://www.rfc-editor.org/rfc/rfc9000#section-8.1.2)).
const UNPROVEN_HANDSHAKES: usize = 32;

/// Receives the packets of all connections on this thread, and accepts connections for threads that have few.
///
/// The endpoints have a thread of their own: a handler that blocks its thread must not stop the packets of the others.
pub(crate) fn accept(
    endpoints: Vec<UdpEndpoint>,
    config: &Config,
    balancer: Balancer,
    shutdown: Shutdown,
) -> io::Result<impl Future<Output = ()> + use<>> {
    let endpoints: Vec<_> =
        endpoints.into_iter().map(|endpoint| endpoint.on_runtime(config)).collect::<io::Result<_>>()?;
    let handshakes = Arc::<AtomicUsize>::default();
    Ok(async move {
        let loops = endpoints.iter().map(|endpoint| accept_loop(endpoint, &balancer, &handshakes, &shutdown));
        join_all(loops).await;
    })
}

/// During a shutdown, new connections are refused.
async fn accept_loop(
    endpoint: &Endpoint,
    balancer: &Balancer,
    handshakes: &Arc<AtomicUsize>,
    shutdown: &Shutdown,
) {
    while let Some(incoming) = endpoint.accept().await {
        if shutdown.has_begun() {
            incoming.refuse();
        } else if handshakes.load(Relaxed) >= UNPROVEN_HANDSHAKES && incoming.may_retry() {
            let _its_address_is_not_validated = incoming.retry();
        } else {
            give(incoming, balancer, handshakes);
        }
    }
    // Only a broken socket ends it.
    tracing::error!(
        address = endpoint.local_addr().ok().map(tracing::field::display),
        "HTTP/3 is no longer served"
    );
}

/// If the limit on connections is reached, the client learns that it was refused.
fn give(incoming: Incoming, balancer: &Balancer, handshakes: &Arc<AtomicUsize>) {
    let (peer, handshake) =
        (incoming.remote_address(), Box::new(AcceptedHandshake::new(incoming, handshakes.clone())));
    let given = balancer.give(peer.into(), Purpose::Https, |_thread| Ok(Accepted::Quic(handshake)));
    debug_assert!(given.is_ok(), "a handshake can move to any thread");
}
