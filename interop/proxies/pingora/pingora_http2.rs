use std::env;

use async_trait::async_trait;
use pingora::listeners::tls::TlsSettings;
use pingora::prelude::*;
use pingora::protocols::ALPN;

struct Proxy {
    origin: String,
}

#[async_trait]
impl ProxyHttp for Proxy {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn upstream_peer(&self, _session: &mut Session, _context: &mut ()) -> Result<Box<HttpPeer>> {
        let mut peer = HttpPeer::new(&self.origin, true, "localhost".to_owned());
        peer.options.alpn = ALPN::H2;
        Ok(Box::new(peer))
    }
}

/// The arguments: the address for TLS, that without, and that of the origin.
fn main() -> Result<()> {
    let [tls, plain, origin] = env::args().skip(1).collect::<Vec<_>>().try_into().expect("three arguments");
    let mut server = Server::new(None)?;
    server.bootstrap();
    let mut proxy = http_proxy_service(&server.configuration, Proxy { origin });
    proxy.add_tcp(&plain);
    let mut settings = TlsSettings::intermediate("cert.pem", "key.pem")?;
    settings.enable_h2();
    proxy.add_tls_with_settings(&tls, None, settings);
    server.add_service(proxy);
    server.run_forever()
}
