//! The workbench's command line: parse, build, run, exit code.

mod cli;
mod error;
mod log;
mod server;
mod systemd;

use axum_trailers_server::{Axum06, Server, Tls};
use axum_trailers_workbench::{Workbench, database::Database, files::Folder};
use cli::{Args, OrOff};
use error::Error;
use log::{Filter, Log};
use server::{ServerExt, unix_addresses};
use std::{
    io::{self, Write},
    net::{Ipv4Addr, Ipv6Addr},
    process::ExitCode,
    time::Duration,
};
use tokio::runtime::Runtime;
use tracing::Level;

/// How long tasks and threads may take after the shutdown to clean up.
const LAST_STEPS: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let args = Args::read();
    // It changes the environment, so no other thread may run yet.
    let server = Server::new().inherited().map_err(Error::Inherited);
    let log = match Log::start(args.log_format) {
        Ok(log) => log,
        Err(error) => {
            let message = format!("can't start the thread that writes the log: {error}");
            Log::say_directly(args.log_format, &message);
            return ExitCode::FAILURE;
        }
    };
    match run(&args, server, &log) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log.say(Level::ERROR, &error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args, server: Result<Server, Error>, log: &Log) -> Result<(), Error> {
    log.subscribe(&log_filter(args)?);
    let server = server?;
    // The server's threads have their own runtimes. This one accepts.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Serve)?;
    let (server, workbench) = build(args, server, log, &runtime)?;
    let is_demo = uses_demo_key(args);
    if is_demo {
        warn_of_demo_key(&server, log);
    }
    announce(&server, is_demo);
    let handle = server.handle();
    let serving = systemd::reported(server.serve(Axum06(workbench.router())), handle.shutdown_started());
    let outcome = runtime.block_on(serving).map_err(Error::Serve);
    // A thread that waits for a locked database must not delay the end.
    runtime.shutdown_timeout(LAST_STEPS);
    outcome
}

fn build(args: &Args, server: Server, log: &Log, runtime: &Runtime) -> Result<(Server, Workbench), Error> {
    let _in_runtime = runtime.enter();
    let tls = certificate(args)?;
    outlive_file_size_limit().map_err(Error::Serve)?;
    let server = server
        .tls(tls)
        .limits(args.limits())
        .shutdown_timeout(args.shutdown_timeout.0)
        // Early, because SIGHUP may arrive at any time during the start.
        .reload_certificates()
        .map_err(Error::Serve)?;
    let workbench = workbench(args)?;
    let server = server
        .listen_for_https(args)
        .map_err(Error::bind("--listen or --port"))?
        .listen_for_plain_http(&args.plain)
        .map_err(Error::bind("--plain"))?
        .redirect_from(args.redirect.as_ref())
        .map_err(Error::bind("--redirect"))?
        .behind_proxies(args)
        .threads_or_default(args.threads)
        .metrics_at(args.metrics.as_ref())
        .map_err(Error::bind("--metrics"))?
        .with_metrics_of(&workbench, log)
        .with_grpc_of(&workbench, runtime)
        .shutdown_on_signals()
        .map_err(Error::Serve)?;
    Ok((server, workbench))
}

fn workbench(args: &Args) -> Result<Workbench, Error> {
    let folder = Folder::new(&args.dir).map_err(|source| Error::Folder { path: args.dir.clone(), source })?;
    let database = match &args.database {
        Some(path) => {
            Database::open(path).map_err(|source| Error::Database { path: Some(path.clone()), source })?
        }
        None => Database::sample().map_err(|source| Error::Database { path: None, source })?,
    };
    let workbench = Workbench::new(folder, database).bounds(args.bounds());
    if !args.allow_upload {
        return Ok(workbench);
    }
    workbench.allow_upload().map_err(|source| Error::Uploads { path: args.dir.clone(), source })
}

fn log_filter(args: &Args) -> Result<Filter, Error> {
    match &args.log {
        Some(OrOff::On(filter)) => Ok(filter.clone()),
        Some(OrOff::Off) => Ok(Filter::off()),
        None => Filter::from_env().map_err(Error::Log),
    }
}

/// The demo certificate is built in, so it is available in any working directory.
mod demo_certificate {
    pub(super) const CERTIFICATE: &[u8] = include_bytes!("../self_signed_certs/cert.pem");
    pub(super) const KEY: &[u8] = include_bytes!("../self_signed_certs/key.pem");
}

fn certificate(args: &Args) -> Result<Tls, Error> {
    Ok(match (&args.cert, &args.key) {
        (Some(certificate), Some(key)) => Tls::from_pem_files(certificate, key)?,
        _ => Tls::from_pem(demo_certificate::CERTIFICATE, demo_certificate::KEY)?,
    })
}

fn uses_demo_key(args: &Args) -> bool {
    // Only regular files: a pipe has already been read, and opening it again may block for ever.
    args.key.as_ref().is_none_or(|path| {
        path.is_file() && std::fs::read(path).is_ok_and(|key| key == demo_certificate::KEY)
    })
}

fn warn_of_demo_key(server: &Server, log: &Log) {
    for address in server.local_addrs().into_iter().filter(|address| !address.ip().is_loopback()) {
        let warning = format!(
            "{address} is reachable from other machines, but the demo key is public: anyone on the path can \
             read and change this traffic; use your own key with --cert and --key"
        );
        log.say(Level::WARN, &warning);
    }
}

/// The system kills a process that exceeds its file size limit (`ulimit -f`) unless it handles the signal. If it does,
/// the write fails, and with it only one upload.
#[cfg(unix)]
fn outlive_file_size_limit() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::from_raw(libc::SIGXFSZ)).map(drop)
}

#[cfg(not(unix))]
fn outlive_file_size_limit() -> io::Result<()> {
    Ok(())
}

/// Prints the server's addresses for people and scripts. It is not an error if nobody reads them.
fn announce(server: &Server, is_demo: bool) {
    let (https, plain) = (server.local_addrs(), server.plain_addrs());
    let mut lines: Vec<_> = https.iter().map(|address| format!("https://{address}")).collect();
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
