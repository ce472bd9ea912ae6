use quinn::{ClientConfig, Connection, Endpoint, ServerConfig, TransportConfig};
use rustls::pki_types::PrivatePkcs8KeyDer;
use std::{net::Ipv4Addr, sync::Arc};

/// A client's connection and the server's, with the endpoints that serve them.
pub(crate) async fn connect() -> (Connection, Connection, [Endpoint; 2]) {
    connect_with(TransportConfig::default()).await
}

/// The same with this configuration of the server.
pub(crate) async fn connect_with(transport: TransportConfig) -> (Connection, Connection, [Endpoint; 2]) {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a pair");
    let certificate = pair.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der());
    let mut server = ServerConfig::with_single_cert(vec![certificate.clone()], key.into()).expect("they fit");
    server.transport_config(Arc::new(transport));
    let any_port = (Ipv4Addr::LOCALHOST, 0).into();
    let server = Endpoint::server(server, any_port).expect("a port is free");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).expect("a certificate");
    let mut client = Endpoint::client(any_port).expect("a port is free");
    client.set_default_client_config(
        ClientConfig::with_root_certificates(Arc::new(roots)).expect("a provider"),
    );
    let address = server.local_addr().expect("it is bound");
    let connecting = client.connect(address, "localhost").expect("a name");
    let accepting = async { server.accept().await.expect("a connection").await };
    let (connected, accepted) = tokio::join!(connecting, accepting);
    (connected.expect("a handshake"), accepted.expect("a handshake"), [client, server])
}
