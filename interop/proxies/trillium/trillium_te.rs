use std::io::{Error, Result};
use std::{env, fs};

use trillium_http::KnownHeaderName;
use trillium_proxy::{Client, Proxy};
use trillium_rustls::{RustlsAcceptor, RustlsClientConfig, RustlsConfig};
use trillium_tokio::ClientConfig;

/// The arguments: the address for TLS, that without, and the origin.
fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let mut argument = || arguments.next().ok_or_else(|| Error::other("three arguments are needed"));
    let (tls, plain, origin) = (argument()?, argument()?, argument()?);
    let certificate = fs::read("cert.pem")?;
    let acceptor = RustlsAcceptor::from_single_cert(&certificate, &fs::read("key.pem")?);
    let trusted = RustlsClientConfig::from_root_cert_pem(&certificate)?;
    let client = Client::new(RustlsConfig::new(trusted, ClientConfig::default()))
        .with_default_header(KnownHeaderName::Te, "trailers");
    let proxy = Proxy::new(client, origin.as_str());
    trillium_tokio::config().listeners().bind_tls(tls, acceptor)?.bind_tcp(plain)?.run(proxy);
    Ok(())
}
