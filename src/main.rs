//! The command line of the workbench: parse, build, run, exit code.

mod cli;
mod error;
mod log;

use axum_trailers_server::{BindError, Server, Tls};
use axum_trailers_workbench::{
    Workbench,
    database::Database,
    export::grpc::{self, v1::exports_server},
    files::Folder,
};
use cli::{Address, Args, OrOff};
use error::Error;
use log::{Filter, Log};
use std::{
    io::{self, Write},
    net::{Ipv4Addr, Ipv6Addr},
    process::ExitCode,
    time::Duration,
};
use tonic_health::pb::health_server::{self, Health, HealthServer};
use tonic_reflection::pb::{
    v1::server_reflection_server as reflection, v1alpha::server_reflection_server as reflection_v1alpha,
};
use tracing::Level;

const HTTPS_PORT: u16 = 3000;
const HTTP_PORT: u16 = 7878;
const METRICS_PORT: u16 = 9090;

/// How long tasks and threads have after the shutdown, to clear away what they have begun.
const LAST_STEPS: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let args = Args::read();
    let log = match Log::start(args.log_format) {
        Ok(log) => log,
        Err(error) => {
            let message = format!("can't start the thread that writes the log: {error}");
            Log::say_directly(args.log_format, &message);
            return ExitCode::FAILURE;
        }
    };
    match run(&args, &log) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log.say(Level::ERROR, &error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args, log: &Log) -> Result<(), Error> {
    log.subscribe(&log_filter(args)?);
    // The server's threads have runtimes of their own. This one accepts.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Serve)?;
    let server =
        Server::new(certificate(args)?).limits(args.limits()).shutdown_timeout(args.shutdown_timeout.0);
    let server = {
        let _in_runtime = runtime.enter();
        outlive_file_size_limit().map_err(Error::Serve)?;
        // Whoever sends SIGHUP does not know how far the start is.
        server.reload_certificates().map_err(Error::Serve)?
    };
    let folder = Folder::new(&args.dir).map_err(|source| Error::Folder { path: args.dir.clone(), source })?;
    let workbench = workbench(args, folder)?;
    let server = redirect(listen(server, args)?, args.redirect.as_ref())?;
    let server = match args.threads {
        Some(threads) => server.threads(threads.as_usize()),
        None => server,
    };
    let server = match &args.metrics {
        Some(OrOff::On(address)) => bind(server, address, METRICS_PORT, Server::metrics)?,
        Some(OrOff::Off) | None => server,
    };
    workbench.register(server.registry()).expect("there are no metrics yet");
    let lines_dropped = Box::new(log.lines_dropped().clone());
    server.registry().register(lines_dropped).expect("no other metric has its name");
    let (serving, health) = runtime.block_on(grpc::health());
    let server = with_grpc(server, &workbench, health);
    let handle = server.handle();
    runtime.spawn(async move {
        handle.shutdown_started().await;
        serving.end().await;
    });
    let server = {
        let _in_runtime = runtime.enter();
        server.shutdown_on_signals().map_err(Error::Serve)?
    };
    if uses_demo_key(args) {
        warn_of_demo_key(&server, log);
    }
    announce(&server);
    let outcome = runtime.block_on(server.serve(workbench.router())).map_err(Error::Serve);
    // A thread that waits for a database that is locked would hold the end up.
    runtime.shutdown_timeout(LAST_STEPS);
    outcome
}

fn workbench(args: &Args, folder: Folder) -> Result<Workbench, Error> {
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

/// The demo certificate is in the binary, so that it is found whatever the working directory is.
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
    // A pipe has given its key away by now, and who opens one again may wait for ever.
    args.key.as_ref().is_none_or(|path| {
        path.is_file() && std::fs::read(path).is_ok_and(|key| key == demo_certificate::KEY)
    })
}

fn listen(server: Server, args: &Args) -> Result<Server, BindError> {
    if args.listen.is_empty() {
        return on_loopback(server, args.port.unwrap_or(HTTPS_PORT), Server::bind);
    }
    let bind_to = |server, address| bind(server, address, HTTPS_PORT, Server::bind);
    args.listen.iter().try_fold(server, bind_to)
}

fn with_grpc(server: Server, workbench: &Workbench, health: HealthServer<impl Health>) -> Server {
    server
        .grpc(exports_server::SERVICE_NAME, workbench.grpc())
        .grpc(health_server::SERVICE_NAME, health)
        .grpc(reflection::SERVICE_NAME, grpc::reflection())
        .grpc(reflection_v1alpha::SERVICE_NAME, grpc::reflection_v1alpha())
}

fn redirect(server: Server, from: Option<&OrOff<Address>>) -> Result<Server, BindError> {
    match from {
        None => on_loopback(server, HTTP_PORT, Server::redirect),
        Some(OrOff::On(address)) => bind(server, address, HTTP_PORT, Server::redirect),
        Some(OrOff::Off) => Ok(server),
    }
}

fn bind(
    server: Server,
    address: &Address,
    default_port: u16,
    bind: fn(Server, String) -> Result<Server, BindError>,
) -> Result<Server, BindError> {
    match address {
        Address::Loopback(port) => on_loopback(server, port.unwrap_or(default_port), bind),
        Address::Any(port) if has_ipv6() => bind(server, format!("[::]:{port}")),
        Address::Any(port) => bind(server, format!("0.0.0.0:{port}")),
        Address::Host(address) => bind(server, address.clone()),
    }
}

/// Takes both loopback addresses, or IPv4's alone on a machine without IPv6, and where any free port is wanted.
fn on_loopback(
    server: Server,
    port: u16,
    bind: fn(Server, String) -> Result<Server, BindError>,
) -> Result<Server, BindError> {
    let server = bind(server, format!("127.0.0.1:{port}"))?;
    if port != 0 && has_ipv6() { bind(server, format!("[::1]:{port}")) } else { Ok(server) }
}

fn has_ipv6() -> bool {
    std::net::UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

fn warn_of_demo_key(server: &Server, log: &Log) {
    for address in server.local_addrs().into_iter().filter(|address| !address.ip().is_loopback()) {
        let warning = format!(
            "{address} can be reached from other machines, and the demo key is public: everyone has it and can read \
             and change this traffic; give a key of your own with --cert and --key"
        );
        log.say(Level::WARN, &warning);
    }
}

/// The system ends a process that writes past its limit on the size of files (`ulimit -f`), unless somebody listens for
/// the signal. Then the write fails, and with it one upload.
#[cfg(unix)]
fn outlive_file_size_limit() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::from_raw(libc::SIGXFSZ)).map(drop)
}

#[cfg(not(unix))]
fn outlive_file_size_limit() -> io::Result<()> {
    Ok(())
}

/// Prints where the server is, for people and scripts. That nobody reads it is no error.
fn announce(server: &Server) {
    let https = server.local_addrs();
    let mut lines: Vec<_> = https.iter().map(|address| format!("https://{address}")).collect();
    lines.extend(server.redirect_addrs().iter().map(|address| format!("http://{address}")));
    lines.extend(server.metrics_addrs().iter().map(|address| format!("http://{address}/metrics")));
    if let Some(first) = https.first() {
        let ip = first.ip();
        let is_localhost = ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST || ip.is_unspecified();
        let host = if is_localhost { format!("localhost:{}", first.port()) } else { first.to_string() };
        lines.push(format!("curl -v -k --no-buffer https://{host}/"));
        lines.push(format!("In a browser: https://{host}/ui"));
    }
    let mut out = io::stdout().lock();
    if let Err(error) = writeln!(out, "{}", lines.join("\n")).and_then(|()| out.flush()) {
        tracing::debug!(%error, "nobody reads standard output");
    }
}
