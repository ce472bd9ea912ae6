//! The client that the options describe.

use super::{session::Setup, verbose};
use crate::cli::{AddressOptions, ClientOptions, ConnectionOptions, HttpVersion, ProxyChoice, TlsOptions};
use axum_trailers_client::{Client, Connector, Protocol, Proxy, Tls};
use std::{fmt::Display, fs, path::Path};

pub(super) fn client(options: &ClientOptions) -> Result<Client, Setup> {
    let ConnectionOptions { addresses, connect_timeout, speed_time, .. } = &options.connection;
    let protocol = match options.connection.http_version() {
        HttpVersion::Any => Protocol::Negotiated,
        HttpVersion::Http1 => Protocol::Http1,
        HttpVersion::Http2 | HttpVersion::Http2PriorKnowledge => Protocol::Http2,
        HttpVersion::Http3 => Protocol::Http3,
    };
    let mut connector = connector(addresses, &options.tls)?
        .protocol(protocol)
        .alt_svc(options.connection.follows_alt_svc())
        .timeout(connect_timeout.0);
    if options.report.verbose {
        connector = connector.on_fallback(verbose::fallback);
    }
    Ok(Client::with(connector).stall_timeout(speed_time.0))
}

pub(crate) fn connector(addresses: &AddressOptions, tls_options: &TlsOptions) -> Result<Connector, Setup> {
    let mut connector = Connector::new().tls(tls(tls_options)?);
    for given in &addresses.resolve {
        connector = connector.resolve(&given.host, given.port, given.addresses.iter().copied());
    }
    Ok(connector.proxy(proxy(addresses)?))
}

/// Each part comes from its option, else from the environment.
fn proxy(addresses: &AddressOptions) -> Result<Proxy, Setup> {
    let proxy = match &addresses.proxy {
        None => Proxy::from_env(),
        Some(ProxyChoice::Direct) => Proxy::none(),
        Some(ProxyChoice::Http(uri)) => Proxy::new(&uri.to_string()).map_err(Setup::usage)?.except_env(),
    };
    Ok(match &addresses.noproxy {
        None => proxy,
        Some(hosts) => proxy.except(hosts),
    })
}

fn tls(options: &TlsOptions) -> Result<Tls, Setup> {
    let failed = |option: &str, path: &Path, error: &dyn Display| {
        Setup::local(format!("{option} {}: {error}", path.display()))
    };
    let read = |option, path: &Path| fs::read(path).map_err(|error| failed(option, path, &error));
    let tls = if options.insecure {
        Tls::insecure()
    } else if let Some(path) = &options.cacert {
        Tls::trusting_pem(&read("--cacert", path)?)
    } else {
        Tls::system()
    };
    let mut tls =
        tls.map_err(|error| Setup::local(format!("can't read the trusted certificates: {error}")))?;
    if let Some(path) = &options.cert {
        let key = options.key.as_ref().unwrap_or(path);
        let certified = tls.client_certificate(&read("--cert", path)?, &read("--key", key)?);
        tls = certified.map_err(|error| failed("--cert", path, &error))?;
    }
    Ok(tls.key_log_from_env())
}
