#[cfg(feature = "serve")]
use super::origin;
use super::{json, junit, text};
use crate::{
    cli::CheckArgs,
    client::{Setup, connector, console},
};
use axum_trailers_client::check::{Check, Conclusion, Mode, Report};
use std::{fs, process::ExitCode};
use tokio::runtime::{Builder, Runtime};

pub(crate) fn run(args: &CheckArgs) -> ExitCode {
    let code = check(args).and_then(|report| {
        let code = exit_code(&report, &args.mode);
        print(args, &report, code)?;
        Ok(code)
    });
    ExitCode::from(code.unwrap_or_else(|Setup { code, message }| {
        console::error(format_args!("error: {message}"));
        code
    }))
}

/// A mode without a connection is a failure only if the command line asks for it.
fn exit_code(report: &Report, asked_for: &[Mode]) -> u8 {
    let modes = report.hops.first().into_iter().flat_map(|hop| &hop.modes);
    let mut unavailable = modes.filter(|mode| mode.unavailable.is_some());
    match report.conclusion() {
        Conclusion::Loses => 1,
        Conclusion::Passes if !unavailable.any(|mode| asked_for.contains(&mode.mode)) => 0,
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

fn print(args: &CheckArgs, report: &Report, code: u8) -> Result<(), Setup> {
    if let Some(path) = &args.junit {
        fs::write(path, junit::document(report))
            .map_err(|error| Setup::local(format!("--junit {}: {error}", path.display())))?;
    }
    let text = if args.json {
        json::document(report, code)
    } else {
        text::text(report, text::Style::of_standard_output(), args.verbose)
    };
    console::print(text).map_err(|error| Setup::local(format!("can't write to standard output: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{answer, hop};
    use axum_trailers_client::check::{ModeReport, Outcome, Question};

    #[test]
    fn code_is_that_of_the_conclusion_unless_a_mode_that_was_asked_for_is_missing() {
        let with = |outcome| {
            let mut hop = hop("https://example.com/");
            hop.modes[0].answers = vec![answer(Question::Te, outcome, "finding")];
            let mut http1 = ModeReport::new(Mode::Http1);
            http1.unavailable = Some("no connection".to_owned());
            hop.modes.push(http1);
            Report::new(vec![hop])
        };
        for (outcome, asked_for, expected) in [
            (Outcome::Pass, &[][..], 0),
            (Outcome::Pass, &[Mode::Http2Te], 0),
            (Outcome::Pass, &[Mode::Http2Te, Mode::Http1], 3),
            (Outcome::Fail, &[Mode::Http1], 1),
            (Outcome::Unknown, &[], 3),
        ] {
            assert_eq!(exit_code(&with(outcome), asked_for), expected, "{outcome:?} {asked_for:?}");
        }
    }
}
