//! The options of `serve`, in both of its forms.

use super::{
    args::ServeArgs,
    limits::LIMITS,
    values::{Address, OrOff},
};
use crate::cli::{Invocation, invocation::command, testing};
use axum_trailers_server::{ForwardedHeader, Limits, Server};
use axum_trailers_workbench::Bounds;
use clap::{Arg, Error};
use std::{ffi::OsStr, time::Duration};

/// The table rows of a document that begin with one of these options. Each option must have one row, with its
/// default in this column.
fn rows_of<'d>(document: &'d str, options: &[&Arg], column: usize) -> Vec<&'d str> {
    let row_of = |option: &&Arg| {
        let flag = format!("| `--{}", option.get_long().expect("a long name"));
        let is_of_it =
            |line: &&str| line.strip_prefix(&flag).is_some_and(|rest| rest.starts_with([' ', '`', '[']));
        let row = document.lines().find(is_of_it).expect(&flag);
        let takes_value = option.get_action().takes_values();
        for default in option.get_default_values().iter().filter(|_| takes_value) {
            let cell = row.split(" | ").nth(column).expect("a default");
            assert_eq!(cell.trim_matches('`'), default.to_str().expect("text"), "{row}");
        }
        row
    };
    let rows: Vec<_> = options.iter().map(row_of).collect();
    assert_eq!(document.lines().filter(|line| line.starts_with("| `--")).count(), rows.len());
    rows
}

#[test]
fn options_page_has_each_option_with_its_variable_and_default() {
    let command = command();
    let options: Vec<_> = command.get_arguments().filter(|option| option.get_env().is_some()).collect();
    for (option, row) in options.iter().zip(rows_of(include_str!("../../../docs/options.md"), &options, 2)) {
        let variable = option.get_env().and_then(|name| name.to_str()).expect("a variable");
        assert!(row.contains(&format!("`{variable}`")), "{row}");
    }
}

#[test]
fn security_policy_has_each_limit_with_its_default() {
    let policy = include_str!("../../../SECURITY.md");
    let command = command();
    let options: Vec<_> =
        command.get_arguments().filter(|option| option.get_help_heading() == Some(LIMITS)).collect();
    assert!(!options.is_empty());
    rows_of(policy, &options, 1);
    // The output of `Debug` contains the names of the fields.
    for (of, fields) in
        [("Limits", format!("{:?}", Limits::default())), ("Bounds", format!("{:?}", Bounds::default()))]
    {
        for field in fields.split_whitespace().filter_map(|word| word.strip_suffix(':')) {
            assert!(policy.contains(&format!("`{of}::{field}`")), "{of}::{field}");
        }
    }
}

#[test]
fn defaults_are_those_of_the_library() {
    let args = read(&[]).expect("valid");
    assert_eq!(args.limits(), Limits::default());
    assert_eq!(args.bounds(), Bounds::default());
    assert_eq!(args.shutdown_timeout.0, Server::DEFAULT_SHUTDOWN_TIMEOUT);
}

#[test]
fn each_limit_is_set_by_its_option() {
    let command = command();
    let limits = command.get_arguments().filter(|option| option.get_help_heading() == Some(LIMITS));
    let default = (Limits::default(), Bounds::default());
    for option in limits {
        let flag = format!("--{}", option.get_long().expect("a long name"));
        let is_set =
            |value: &&str| read(&[&flag, value]).is_ok_and(|args| (args.limits(), args.bounds()) != default);
        assert!(["7", "7s", "9KiB"].iter().any(is_set), "{flag}");
    }
}

#[test]
fn values_that_make_no_sense_are_refused() {
    for wrong in [
        ["--listen", "localhost:70000"],
        ["--listen", "127.0.0.1"],
        ["--port", "70000"],
        ["--redirect", "on"],
        ["--idle-timeout", "0"],
        ["--idle-timeout", "soon"],
        ["--idle-timeout", "1e19"],
        ["--idle-timeout", "inf"],
        ["--max-header-size", "100"],
        ["--max-connections", "0"],
        ["--threads", "0"],
        ["--threads", "2000"],
        ["--max-exports", "0"],
        ["--max-uploads-per-client", "0"],
        ["--max-upload-size", "1G"],
        ["--max-trailer-size", "2MiB"],
        ["--min-body-rate", "slow"],
        ["--log", "nonsense"],
        ["--log", "axum_trailers=loud"],
        ["--log-format", "yaml"],
        ["--trust-proxy", "localhost"],
        ["--trust-proxy", "10.1.2.3/8"],
        ["--forwarded-header", "via"],
        ["--cert", "alone.pem"],
    ] {
        let error = read(&wrong).expect_err(wrong[1]);
        assert_eq!(error.exit_code(), 2, "{wrong:?}");
        assert!(error.to_string().contains(wrong[0]), "{error}");
    }
    for wrong in ["abc", "70000", "+80", ""] {
        let error = read(&["--port", wrong]).expect_err(wrong).to_string();
        assert!(error.contains("expected a port from 0 to 65535"), "{error}");
    }
}

fn read(line: &[&str]) -> Result<ServeArgs, Error> {
    read_with(&[], line)
}

/// Parses the options without a verb and with `serve`, which must be the same.
fn read_with(variables: &[(&str, &str)], line: &[&str]) -> Result<ServeArgs, Error> {
    let of = |line: &[&str]| testing::read(variables, line);
    match (of(line), of(&[&["serve"], line].concat())) {
        (Ok(Invocation::Serve(args)), Ok(Invocation::Serve(explicit))) => {
            assert_eq!(format!("{args:?}"), format!("{explicit:?}"));
            Ok(*args)
        }
        (Err(error), Err(explicit)) => {
            let message = |error: &Error| error.to_string().lines().next().map(str::to_owned);
            assert_eq!(error.kind(), explicit.kind());
            assert!(!error.use_stderr() || message(&error) == message(&explicit), "{error}{explicit}");
            Err(error)
        }
        different => panic!("{line:?} differs with `serve`: {different:?}"),
    }
}

#[test]
fn help_names_no_variable_s_value() {
    for flag in ["-h", "--help"] {
        let variable = [("AXUM_TRAILERS_DIR", "/a/variable's/value")];
        let help = read_with(&variable, &[flag]).expect_err("help").to_string();
        assert!(!help.contains("[env") && !help.contains(variable[0].1), "{help}");
    }
}

#[test]
fn times_sizes_and_off_are_taken_in_each_form() {
    let line = ["--idle-timeout", "2m", "--max-upload-size", "10MB", "--max-header-size", "64KiB"];
    let args = read(&line).expect("valid");
    assert_eq!(args.limits().idle, Duration::from_secs(120));
    assert_eq!((args.bounds().upload_size, args.limits().header_section), (10_000_000, 65_536));
    assert_eq!(
        read(&["--max-rows", "10M", "--max-connections", "1k"]).expect("valid").bounds().rows,
        10_000_000
    );
    for off in ["off", "none", "false", "0"] {
        assert_eq!(read(&["--min-body-rate", off]).expect("valid").limits().min_body_rate, 0);
    }
    for off in ["off", "none", "False", "no"] {
        let args = read(&["--redirect", off, "--metrics", off, "--log", off]).expect("valid");
        assert!(matches!(args.log, Some(OrOff::Off)), "{off}");
        assert_eq!((args.redirect, args.metrics), (Some(OrOff::Off), Some(OrOff::Off)));
    }
}

#[test]
fn uploads_are_switched_by_each_word_from_either_source() {
    const VARIABLE: &str = "AXUM_TRAILERS_ALLOW_UPLOAD";
    for (value, expected) in [
        ("on", true),
        ("true", true),
        ("True", true),
        ("yes", true),
        ("1", true),
        ("off", false),
        ("none", false),
        ("false", false),
        ("FALSE", false),
        ("no", false),
        ("0", false),
    ] {
        assert_eq!(read_with(&[(VARIABLE, value)], &[]).expect(value).allow_upload, expected, "{value}");
        let option = format!("--allow-upload={value}");
        assert_eq!(read(&[&option]).expect(value).allow_upload, expected, "{value}");
    }
    assert!(!read(&[]).expect("valid").allow_upload);
    assert!(read(&["--allow-upload"]).expect("valid").allow_upload);
    assert!(!read_with(&[(VARIABLE, "on")], &["--allow-upload=off"]).expect("valid").allow_upload);
    assert!(read_with(&[(VARIABLE, "maybe")], &[]).expect_err("wrong").to_string().contains(VARIABLE));
    for wrong in ["--allow-upload=maybe", "--allow-upload="] {
        assert!(read(&[wrong]).expect_err(wrong).to_string().contains("--allow-upload"));
    }
}

#[test]
fn port_and_listen_exclude_each_other_and_the_command_line_comes_first() {
    const PORT: (&str, &str) = ("AXUM_TRAILERS_PORT", "1");
    const LISTEN: (&str, &str) = ("AXUM_TRAILERS_LISTEN", "2");
    let listen = |args: ServeArgs| (args.port, args.listen);
    let two = vec![Address::Loopback(Some(2))];
    for (variables, line, expected) in [
        (&[][..], &["--port", "0"][..], (Some(0), vec![])),
        (&[PORT], &[], (Some(1), vec![])),
        (&[PORT], &["--listen", "2"], (None, two.clone())),
        (&[LISTEN], &["--port", "1"], (Some(1), vec![])),
        (&[LISTEN, PORT], &["--port", "3"], (Some(3), vec![])),
        (&[LISTEN, PORT], &["--listen=2"], (None, two)),
        (&[("AXUM_TRAILERS_PORT", "nonsense")], &["--listen", "2"], (None, vec![Address::Loopback(Some(2))])),
    ] {
        let args =
            read_with(variables, line).unwrap_or_else(|error| panic!("{variables:?} {line:?}: {error}"));
        assert_eq!(listen(args), expected, "{variables:?} {line:?}");
    }
    for (variables, line, names) in [
        (&[][..], &["--port", "1", "--listen", "2"][..], ["--port", "--listen"]),
        (&[PORT, LISTEN], &[], [PORT.0, LISTEN.0]),
    ] {
        let error = read_with(variables, line).expect_err("both").to_string();
        assert!(names.iter().all(|name| error.contains(name)), "{error}");
    }
}

#[test]
fn empty_variable_counts_as_not_set_and_an_empty_value_on_the_command_line_is_refused() {
    let defaults = format!("{:?}", read(&[]).expect("valid"));
    let command = command();
    for option in command.get_arguments().filter(|option| option.get_env().is_some()) {
        let variable = option.get_env().and_then(OsStr::to_str).expect("text");
        let args = read_with(&[(variable, "")], &[]).unwrap_or_else(|error| panic!("{variable}: {error}"));
        assert_eq!(format!("{args:?}"), defaults, "{variable}");
        let flag = format!("--{}", option.get_long().expect("a long name"));
        let error = read(&[&format!("{flag}=")]).expect_err(&flag).to_string();
        assert!(error.contains(&flag), "{error}");
    }
    let args = read_with(&[("AXUM_TRAILERS_PORT", ""), ("AXUM_TRAILERS_LISTEN", "2")], &[]).expect("valid");
    assert_eq!((args.port, args.listen), (None, vec![Address::Loopback(Some(2))]));
}

#[test]
fn command_line_overrides_variables_even_if_they_are_wrong() {
    let wrong = [("AXUM_TRAILERS_MAX_ROWS", "many"), ("AXUM_TRAILERS_LISTEN", "nowhere")];
    let args = read_with(&wrong, &["--max-rows", "5", "--listen", "1"]).expect("valid");
    assert_eq!((args.bounds().rows, args.listen), (5, vec![Address::Loopback(Some(1))]));
    let args = read_with(&[("AXUM_TRAILERS_LISTEN", "1,:2")], &[]).expect("valid");
    assert_eq!(args.listen, [Address::Loopback(Some(1)), Address::Any(2)]);
}

#[test]
fn certificate_and_key_come_in_pairs_from_either_source() {
    const CERT: (&str, &str) = ("AXUM_TRAILERS_CERT", "x.pem");
    const KEY: (&str, &str) = ("AXUM_TRAILERS_KEY", "y.pem");
    for (variables, line) in
        [(&[CERT, KEY][..], &[][..]), (&[KEY], &["--cert", "x.pem"]), (&[CERT], &["--key", "y.pem"])]
    {
        let args = read_with(variables, line).expect("valid");
        assert_eq!((args.cert, args.key), (Some("x.pem".into()), Some("y.pem".into())));
    }
    for (variables, line) in
        [(&[CERT][..], &[][..]), (&[KEY], &[]), (&[], &["--cert", "x.pem"]), (&[], &["--key", "y.pem"])]
    {
        let error = read_with(variables, line).expect_err("half a pair").to_string();
        assert!(["--cert", CERT.0, "--key", KEY.0].iter().all(|name| error.contains(name)), "{error}");
    }
}

#[test]
fn proxies_are_trusted_from_either_source() {
    let texts = |args: &ServeArgs| args.trusted_proxies().iter().map(ToString::to_string).collect::<Vec<_>>();
    let args = read(&["--trust-proxy", "10.0.0.0/8", "--trust-proxy", "unix"]).expect("valid");
    assert_eq!(texts(&args), ["10.0.0.0/8", "unix"]);
    assert_eq!((args.forwarded_header(), args.proxy_protocol()), (ForwardedHeader::XForwarded, false));
    let variables = [
        ("AXUM_TRAILERS_TRUST_PROXY", "::1,192.0.2.1"),
        ("AXUM_TRAILERS_FORWARDED_HEADER", "forwarded"),
        ("AXUM_TRAILERS_PROXY_PROTOCOL", "on"),
    ];
    let args = read_with(&variables, &[]).expect("valid");
    assert_eq!(texts(&args), ["::1", "192.0.2.1"]);
    assert_eq!((args.forwarded_header(), args.proxy_protocol()), (ForwardedHeader::Forwarded, true));
    let args = read_with(&variables, &["--proxy-protocol=off"]).expect("valid");
    assert!(!args.proxy_protocol());
    let wrong =
        read_with(&[("AXUM_TRAILERS_TRUST_PROXY", "::1,nobody")], &[]).expect_err("wrong").to_string();
    assert!(wrong.contains("AXUM_TRAILERS_TRUST_PROXY") && wrong.contains("nobody"), "{wrong}");
}

#[test]
fn options_about_proxies_need_one_that_is_trusted() {
    for (variables, line) in [
        (&[][..], &["--proxy-protocol"][..]),
        (&[], &["--forwarded-header", "x-forwarded"]),
        (&[("AXUM_TRAILERS_PROXY_PROTOCOL", "on")], &[]),
        (&[("AXUM_TRAILERS_FORWARDED_HEADER", "forwarded")], &[]),
    ] {
        let error = read_with(variables, line).expect_err("nobody is trusted");
        assert_eq!(error.exit_code(), 2);
        let names = ["--proxy-protocol", "--forwarded-header", "--trust-proxy", "AXUM_TRAILERS_TRUST_PROXY"];
        assert!(names.iter().all(|name| error.to_string().contains(name)), "{error}");
    }
    assert!(read(&["--proxy-protocol=off"]).is_ok());
}

#[test]
fn listen_may_be_repeated_and_fractions_of_seconds_are_taken() {
    let args =
        read(&["--listen", "127.0.0.1:1", "--listen", "[::1]:2", "--idle-timeout", "0.5"]).expect("valid");
    assert_eq!(args.listen.len(), 2);
    assert_eq!(args.limits().idle, Duration::from_millis(500));
}
