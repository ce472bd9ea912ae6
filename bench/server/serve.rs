//! The server of the benchmark.

use axum_trailers_server::{Application, Limits, Server, Tls};
use std::{error::Error, net::SocketAddr, path::PathBuf};

struct Arguments {
    listen: SocketAddr,
    certificate: PathBuf,
    key: PathBuf,
}

impl Arguments {
    fn read() -> Result<Self, Box<dyn Error>> {
        let (mut listen, mut certificate, mut key) = (None, None, None);
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} has no value"))?;
            match name.as_str() {
                "--listen" => listen = Some(value.parse()?),
                "--cert" => certificate = Some(value.into()),
                "--key" => key = Some(value.into()),
                _ => return Err(format!("unknown: {name}").into()),
            }
        }
        Ok(Self {
            listen: listen.ok_or("no --listen")?,
            certificate: certificate.ok_or("no --cert")?,
            key: key.ok_or("no --key")?,
        })
    }
}

pub(super) async fn serve(app: impl Application) -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::read()?;
    let tls = Tls::from_pem_files(arguments.certificate, arguments.key)?;
    // Enough for the connections that are held open; the peers have no limit.
    let mut limits = Limits::default();
    limits.connections = 4096;
    Server::new().tls(tls).limits(limits).http3(true).bind(arguments.listen)?.run(app).await?;
    Ok(())
}
