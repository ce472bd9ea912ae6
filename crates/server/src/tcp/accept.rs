use super::{accepted_stream::AcceptedStream, endpoint::OpenEndpoint};
use crate::accept::{Accepted, Balancer};
use std::{convert::Infallible, time::Duration};
use tokio::time::sleep;

/// How long to wait if the system has no connection to give, usually for lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections for this thread, or for threads that have fewer, as long as it is polled.
pub(crate) async fn accept_loop(balancer: &Balancer, endpoint: OpenEndpoint) -> Infallible {
    let (purpose, http3_port) = (endpoint.purpose, endpoint.http3_port);
    loop {
        let accepted = endpoint.accept().await;
        let given = accepted.and_then(|(stream, peer)| {
            balancer.give(peer, purpose, |thread| {
                Ok(Accepted::Tcp(AcceptedStream::new(stream, thread, http3_port)?))
            })
        });
        if let Err(error) = given {
            balancer.rejections.not_accepted(purpose, &error);
            sleep(PAUSE).await;
        }
    }
}
