use super::{ConnectError, Overrides};
use http::Uri;
use hyper_util::client::legacy::connect::{HttpConnector, dns::Name};
use std::{
    error::Error,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    vec,
};
use tokio::net::{TcpStream, lookup_host};
use tower_service::Service;

/// Connects to the first address of a host that accepts.
pub(super) async fn dial(host: &str, port: u16, overrides: &Overrides) -> Result<TcpStream, ConnectError> {
    let to = format!("{host}:{port}");
    let failed = |reason: String| ConnectError::Failed { to: to.clone(), reason };
    let url: Uri =
        format!("http://{to}").parse().map_err(|error: http::uri::InvalidUri| failed(error.to_string()))?;
    let given = overrides.of(host, port).map(<[_]>::to_vec);
    let mut connector = HttpConnector::new_with_resolver(Resolver { given });
    connector.set_nodelay(true);
    let tcp = connector.call(url).await.map_err(|error| failed(innermost(&error)))?.into_inner();
    limit_unsent(&tcp);
    Ok(tcp)
}

/// Limits what waits in the kernel, so that bytes that it accepts are progress of an upload. Its own limit is several MiB,
/// and it accepts no more before a good part of them has left.
fn limit_unsent(tcp: &TcpStream) {
    // Without it, only the progress is coarser.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = socket2::SockRef::from(tcp).set_tcp_notsent_lowat(MOST_UNSENT);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = tcp;
}

/// In bytes. The kernel accepts more when half of it has left, which is often enough even over a slow link.
#[cfg(any(target_os = "linux", target_os = "android"))]
const MOST_UNSENT: u32 = 128 * 1024;

/// The message of the innermost error. The outer ones only repeat that a connection failed.
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// The addresses of a name: the given ones, else those of the operating system.
#[derive(Clone)]
struct Resolver {
    given: Option<Vec<SocketAddr>>,
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let given = self.given.clone();
        Box::pin(async move {
            let addresses = match given {
                Some(given) => given,
                None => lookup_host((name.as_str(), 0)).await?.collect(),
            };
            Ok(addresses.into_iter())
        })
    }
}
