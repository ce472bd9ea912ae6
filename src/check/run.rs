#[cfg(feature = "serve")]
use super::origin;
use super::{json, junit, text};
use crate::{
    cli::CheckArgs,
    client::{Setup, connector, console},
};
use axum_trailers_client::check::{Check, Conclusion, Report};
use std::{fs, process::ExitCode};
use tokio::runtime::{Builder, Runtime};

pub(crate) fn run(args: &CheckArgs) -> ExitCode {
    let code = check(args).and_then(|report| {
        print(args, &report)?;
        Ok(exit_code(&report))
    });
    ExitCode::from(code.unwrap_or_else(|Setup { code, message }| {
        console::error(format_args!("error: {message}"));
        code
    }))
}

pub(super) fn exit_code(report: &Report) -> u8 {
    match report.conclusion() {
        Conclusion::Passes => 0,
        Conclusion::Loses => 1,
        _ => 3,
    }
}

fn check(args: &CheckArgs) -> Result<Report, Setup> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Setup::local(format!("can't start threads: {error}")))?;
    let report = checked(args, &runtime);
    runtime.shutdown_background();
    report
}

#[cfg(feature = "serve")]
fn checked(args: &CheckArgs, runtime: &Runtime) -> Result<Report, Setup> {
    let check = of(args)?.run();
    if args.serve.is_empty() {
        Ok(runtime.block_on(check))
    } else {
        origin::serve_during(check, &args.serve, runtime)
    }
}

#[cfg(not(feature = "serve"))]
fn checked(args: &CheckArgs, runtime: &Runtime) -> Result<Report, Setup> {
    Ok(runtime.block_on(of(args)?.run()))
}

/// The check that the options describe.
fn of(args: &CheckArgs) -> Result<Check, Setup> {
    let (first, others) = args.urls.split_first().expect("clap requires a URL");
    let mut check = others.iter().fold(Check::new(first.clone()), |check, url| check.hop(url.clone()));
    if !args.only.is_empty() {
        check = check.only(args.only.iter().copied());
    }
    if !args.mode.is_empty() {
        check = check.modes(args.mode.iter().copied());
    }
    let connector = connector(&args.addresses, &args.tls)?;
    Ok(check.connector(connector).allow_upload(args.allow_upload).timeout(args.max_time.0))
}

fn print(args: &CheckArgs, report: &Report) -> Result<(), Setup> {
    if let Some(path) = &args.junit {
        fs::write(path, junit::document(report))
            .map_err(|error| Setup::local(format!("--junit {}: {error}", path.display())))?;
    }
    let text = if args.json {
        json::document(report)
    } else {
        text::text(report, text::Style::of_standard_output(), args.verbose)
    };
    console::print(text).map_err(|error| Setup::local(format!("can't write to standard output: {error}")))
}
