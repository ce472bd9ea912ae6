use super::{
    announce::announce,
    demo_certificate::{self, uses_demo_key, warn_of_demo_key},
    error::Error,
    server::ServerExt,
    systemd,
};
use crate::{
    cli::{OrOff, ServeArgs},
    file_size_limit,
    log::{Filter, Log},
};
use axum_trailers_server::{Axum06, Server, Tls};
use axum_trailers_workbench::{Workbench, database::Database, files::Folder};
use std::{process::ExitCode, time::Duration};
use tokio::runtime::Runtime;
use tracing::Level;

/// How long tasks and threads may take after the shutdown to clean up.
const LAST_STEPS: Duration = Duration::from_millis(500);

/// Serves until a signal ends it, or reports why it can't.
pub(crate) fn run(args: &ServeArgs) -> ExitCode {
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
    match serve(args, server, &log) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log.say(Level::ERROR, &error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn serve(args: &ServeArgs, server: Result<Server, Error>, log: &Log) -> Result<(), Error> {
    log.subscribe(&log_filter(args)?);
    let server = server?;
    // The server's threads have their own runtimes. This one accepts.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Serve)?;
    let (server, workbench) = build(args, server, log, &runtime)?;
    let is_demo = uses_demo_key(args);
    if is_demo {
        warn_of_demo_key(&server, log);
    }
    if args.http3_is_asked() && server.http3_addrs().is_empty() {
        log.say(
            Level::WARN,
            "--http3 on has no effect: it needs --listen or --port, and no inherited HTTPS socket has it",
        );
    }
    announce(&server, is_demo);
    let handle = server.handle();
    let serving = systemd::reported(server.serve(Axum06(workbench.router())), handle.shutdown_started());
    let outcome = runtime.block_on(serving).map_err(Error::Serve);
    // A thread that waits for a locked database must not delay the end.
    runtime.shutdown_timeout(LAST_STEPS);
    outcome
}

fn build(
    args: &ServeArgs,
    server: Server,
    log: &Log,
    runtime: &Runtime,
) -> Result<(Server, Workbench), Error> {
    let _in_runtime = runtime.enter();
    let tls = certificate(args)?;
    file_size_limit::outlive().map_err(Error::Serve)?;
    let server = server
        .tls(tls)
        .limits(args.limits())
        .shutdown_timeout(args.shutdown_timeout.0)
        // Early, because SIGHUP may arrive at any time during the start.
        .reload_certificates()
        .map_err(Error::Serve)?;
    let workbench = workbench(args)?;
    let server = server
        .http3(args.http3())
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

fn workbench(args: &ServeArgs) -> Result<Workbench, Error> {
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

fn log_filter(args: &ServeArgs) -> Result<Filter, Error> {
    match &args.log {
        Some(OrOff::On(filter)) => Ok(filter.clone()),
        Some(OrOff::Off) => Ok(Filter::off()),
        None => Filter::from_env().map_err(Error::Log),
    }
}

fn certificate(args: &ServeArgs) -> Result<Tls, Error> {
    Ok(match (&args.cert, &args.key) {
        (Some(certificate), Some(key)) => Tls::from_pem_files(certificate, key)?,
        _ => Tls::from_pem(demo_certificate::CERTIFICATE, demo_certificate::KEY)?,
    })
}
