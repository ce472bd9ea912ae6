use super::{ConnectError, Overrides};
use http::{Uri, uri::InvalidUri};
use hyper_util::client::legacy::connect::{HttpConnector, dns::Name};
use std::{
    error::Error,
    future::Future,
    io::{self, ErrorKind},
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
    let failed = |kind, reason| ConnectError::Failed { to: to.clone(), kind, reason };
    let url: Uri = format!("http://{to}")
        .parse()
        .map_err(|error: InvalidUri| failed(ErrorKind::InvalidInput, error.to_string()))?;
    let given = overrides.of(host, port).map(<[_]>::to_vec);
    let mut connector = HttpConnector::new_with_resolver(Resolver { given });
    connector.set_nodelay(true);
    let tcp =
        connector.call(url).await.map_err(|error| failed(kind(&error), innermost(&error)))?.into_inner();
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

/// That of the operating system.
fn kind(error: &(dyn Error + 'static)) -> ErrorKind {
    let mut errors = std::iter::successors(Some(error), |error| (*error).source());
    let of_io = errors.find_map(|error| error.downcast_ref::<io::Error>());
    of_io.map_or(ErrorKind::Other, io::Error::kind)
}

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
                None => match lookup_host((name.as_str(), 0)).await {
                    Ok(addresses) => addresses.collect(),
                    // It has no kind of its own.
                    Err(error) => return Err(io::Error::new(ErrorKind::NotFound, error)),
                },
            };
            Ok(addresses.into_iter())
        })
    }
}
