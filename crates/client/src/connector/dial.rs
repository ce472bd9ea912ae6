use super::{ConnectError, Overrides};
use http::Uri;
use hyper_util::{
    client::legacy::connect::{HttpConnector, dns::Name},
    rt::TokioIo,
};
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
    connector.call(url).await.map(TokioIo::into_inner).map_err(|error| failed(innermost(&error)))
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
                None => lookup_host((name.as_str(), 0)).await?.collect(),
            };
            Ok(addresses.into_iter())
        })
    }
}
