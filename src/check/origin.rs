//! The workbench of `--serve`: the origin that a path leads to, while it is checked.

use crate::{
    cli::ServeUrl,
    client::Setup,
    serve::{CERTIFICATE, Error, KEY, ServerExt},
};
use axum_trailers_client::check::Report;
use axum_trailers_server::{Axum06, Server, Tls};
use axum_trailers_workbench::{Workbench, database::Database, files::Folder};
use std::{
    env, fs, io, process,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::runtime::Runtime;

/// Runs a check while the workbench serves at these URLs.
pub(super) fn serve_during(
    check: impl Future<Output = Report>,
    urls: &[ServeUrl],
    runtime: &Runtime,
) -> Result<Report, Setup> {
    let _in_runtime = runtime.enter();
    let workbench = workbench().map_err(Setup::local)?;
    let server = server(urls).map_err(Setup::local)?.with_grpc_of(&workbench, runtime);
    let serving = server.serve(Axum06(workbench.router()));
    runtime.block_on(async {
        tokio::select! {
            report = check => Ok(report),
            ended = serving => {
                let reason = ended.err().unwrap_or_else(|| io::Error::other("it has ended"));
                Err(Setup::local(Error::Serve(reason)))
            }
        }
    })
}

fn server(urls: &[ServeUrl]) -> Result<Server, Error> {
    let tls = Tls::from_pem(CERTIFICATE, KEY)?;
    urls.iter().try_fold(Server::new().tls(tls), |server, url| {
        let server = match url {
            ServeUrl::Https(address) => server.listen_for_https_at(std::slice::from_ref(address)),
            ServeUrl::Http(address) => server.listen_for_plain_http(std::slice::from_ref(address)),
        };
        server.map_err(Error::bind("--serve"))
    })
}

fn workbench() -> Result<Workbench, Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let path = env::temp_dir().join(format!("axum-trailers-check-{}-{now}", process::id()));
    let folder = empty_folder(&path).map_err(|source| Error::Folder { path, source })?;
    let database = Database::sample().map_err(|source| Error::Database { path: None, source })?;
    Ok(Workbench::new(folder, database))
}

/// No check needs a file, and others who reach the workbench must not get any.
fn empty_folder(path: &std::path::Path) -> io::Result<Folder> {
    fs::create_dir(path)?;
    let folder = Folder::new(path);
    fs::remove_dir(path)?;
    folder
}
