use std::env;

use async_trait::async_trait;
use pingora::http::RequestHeader;
use pingora::listeners::tls::TlsSettings;
use pingora::prelude::*;

struct Proxy {
    origin: String,
}

#[async_trait]
impl ProxyHttp for Proxy {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn upstream_peer(&self, _session: &mut Session, _context: &mut ()) -> Result<Box<HttpPeer>> {
        Ok(Box::new(HttpPeer::new(&self.origin, false, String::new())))
    }

    async fn upstream_request_filter(
        &self,
        _session: &mut Session,
        request: &mut RequestHeader,
        _context: &mut (),
    ) -> Result<()> {
        request.insert_header("TE", "trailers")
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
