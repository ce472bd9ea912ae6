#[cfg(feature = "serve")]
use super::origin;
use super::{json, junit, text};
use crate::{
    cli::CheckArgs,
    client::{Setup, connector, console},
};
#[cfg(feature = "serve")]
use axum_trailers_client::check::Origin;
use axum_trailers_client::check::{Check, Conclusion, Report};
use std::{fs, process::ExitCode};
use tokio::runtime::{Builder, Runtime};

pub(crate) fn run(args: &CheckArgs) -> ExitCode {
    let code = check(args).and_then(|report| {
        let code = exit_code(&report, args);
        print(args, &report, code)?;
        if leads_elsewhere(&report, args) {
            let url = &report.hops[0].url;
            console::error(format_args!("error: {url} does not lead to the workbench of --serve"));
        }
        Ok(code)
    });
    ExitCode::from(code.unwrap_or_else(|Setup { code, message }| {
        console::error(format_args!("error: {message}"));
        code
    }))
}

/// A mode without a connection is a failure only if the command line asks for it.
fn exit_code(report: &Report, args: &CheckArgs) -> u8 {
    let modes = report.hops.first().into_iter().flat_map(|hop| &hop.modes);
    let mut unavailable = modes.filter(|mode| mode.unavailable.is_some());
    match report.conclusion() {
        _ if leads_elsewhere(report, args) => 3,
        Conclusion::Loses => 1,
        Conclusion::Passes if !unavailable.any(|mode| args.modes().contains(&mode.mode)) => 0,
        _ => 3,
    }
}

/// Whether another origin answers than the workbench that was started for this.
#[cfg(feature = "serve")]
fn leads_elsewhere(report: &Report, args: &CheckArgs) -> bool {
    !args.serve.is_empty() && report.hops.first().is_some_and(|hop| hop.origin == Origin::Other)
}

#[cfg(not(feature = "serve"))]
fn leads_elsewhere(_report: &Report, _args: &CheckArgs) -> bool {
    false
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
    if !args.modes().is_empty() {
        check = check.modes(args.modes().iter().copied());
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
    use crate::{
        check::testing::{answer, hop},
        cli::testing as cli_testing,
    };
    use axum_trailers_client::check::{Mode, ModeReport, Outcome, Question};

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
        for (outcome, options, expected) in [
            (Outcome::Pass, &[][..], 0),
            (Outcome::Pass, &["--mode", "http2-te"], 0),
            (Outcome::Pass, &["--mode", "http2-te,http1"], 3),
            (Outcome::Fail, &["--mode", "http1"], 1),
            (Outcome::Unknown, &[], 3),
        ] {
            let args = cli_testing::check(&[&["https://example.com/"], options].concat());
            assert_eq!(exit_code(&with(outcome), &args), expected, "{outcome:?} {options:?}");
        }
    }

    #[cfg(feature = "serve")]
    #[test]
    fn path_to_another_origin_than_that_of_serve_is_an_error() {
        let args = cli_testing::check(&["https://example.com/", "--serve", "http://localhost:8080"]);
        for outcome in [Outcome::Pass, Outcome::Fail] {
            let mut hop = hop("https://example.com/");
            hop.modes[0].answers = vec![answer(Question::Trailers, outcome, "finding")];
            assert_ne!(exit_code(&Report::new(vec![hop.clone()]), &args), 3);
            hop.origin = Origin::Other;
            assert_eq!(exit_code(&Report::new(vec![hop]), &args), 3);
        }
    }
}
