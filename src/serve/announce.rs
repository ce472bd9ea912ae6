use super::server::unix_addresses;
use axum_trailers_server::Server;
use std::{
    io::{self, Write},
    net::{Ipv4Addr, Ipv6Addr},
};

/// Prints the server's addresses for people and scripts. It is not an error if nobody reads them.
pub(super) fn announce(server: &Server, is_demo: bool) {
    let (https, plain) = (server.local_addrs(), server.plain_addrs());
    let mut lines: Vec<_> = https.iter().map(|address| format!("https://{address}")).collect();
    let udp: Vec<_> = server.http3_addrs().iter().map(ToString::to_string).collect();
    if !udp.is_empty() {
        lines.push(format!("HTTP/3: UDP {}", udp.join(", ")));
    }
    lines.extend(plain.iter().map(|address| format!("http://{address}")));
    lines.extend(unix_addresses(server));
    lines.extend(server.redirect_addrs().iter().map(|address| format!("http://{address}")));
    lines.extend(server.metrics_addrs().iter().map(|address| format!("http://{address}/metrics")));
    let first = https.first().map(|address| ("https", address));
    if let Some((scheme, first)) = first.or(plain.first().map(|address| ("http", address))) {
        let ip = first.ip();
        let is_localhost = ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST || ip.is_unspecified();
        let host = if is_localhost { format!("localhost:{}", first.port()) } else { first.to_string() };
        // curl does not trust the demo certificate.
        let insecure = if is_demo && scheme == "https" { " -k" } else { "" };
        lines.push(format!("curl -v{insecure} --no-buffer {scheme}://{host}/"));
        lines.push(format!("In a browser: {scheme}://{host}/ui"));
        lines.push(format!("All routes: {scheme}://{host}/help"));
    }
    if is_demo && !https.is_empty() {
        lines.push("Demo certificate: self_signed_certs/cert.pem in the source code".to_owned());
    }
    let mut out = io::stdout().lock();
    if let Err(error) = writeln!(out, "{}", lines.join("\n")).and_then(|()| out.flush()) {
        tracing::debug!(%error, "can't write to standard output");
    }
}
