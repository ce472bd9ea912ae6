//! A reverse proxy with pingora, as its quick start has it.

use async_trait::async_trait;
use pingora::listeners::tls::TlsSettings;
use pingora::prelude::*;

struct Proxy;

#[async_trait]
impl ProxyHttp for Proxy {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn upstream_peer(&self, _: &mut Session, _: &mut ()) -> Result<Box<HttpPeer>> {
        Ok(Box::new(HttpPeer::new("127.0.0.1:8080", false, String::new())))
    }
}

fn main() -> Result<()> {
    let mut server = Server::new(None)?;
    server.bootstrap();
    let mut proxy = http_proxy_service(&server.configuration, Proxy);
    proxy.add_tcp("127.0.0.1:8081");
    let mut tls = TlsSettings::intermediate("cert.pem", "key.pem")?;
    tls.enable_h2();
    proxy.add_tls_with_settings("127.0.0.1:8443", None, tls);
    server.add_service(proxy);
    server.run_forever()
}
