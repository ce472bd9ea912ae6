use std::{env, fs};

use trillium_proxy::Proxy;
use trillium_rustls::{RustlsAcceptor, RustlsConfig};
use trillium_tokio::ClientConfig;

fn main() {
    trillium_tokio::run(Proxy::new(RustlsConfig::<ClientConfig>::default(), "http://127.0.0.1:8080"));
}
