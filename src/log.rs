//! What the process says on standard error.

use clap::ValueEnum;
use serde_json::json;
use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::{self, IsTerminal, Write},
    panic::{self, PanicHookInfo},
};
use tracing::Level;
use tracing_subscriber::{
    EnvFilter,
    fmt::{
        format::Writer,
        time::{FormatTime, SystemTime},
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for people
    Text,
    /// A JSON object on each line
    Json,
}

impl LogFormat {
    /// Logs from now on what the filter lets through.
    pub(crate) fn start(self, filter: EnvFilter) {
        let log = tracing_subscriber::fmt().with_writer(io::stderr).with_env_filter(filter);
        // Its own way to tell of a standard error that is closed is to write to it, and to panic.
        let log = log.with_ansi(io::stderr().is_terminal()).log_internal_errors(false);
        match self {
            Self::Text => log.init(),
            Self::Json => {
                log.json().flatten_event(true).with_current_span(false).init();
                panic::set_hook(Box::new(say_panic));
            }
        }
    }

    /// Says a warning or an error that no filter holds back.
    pub(crate) fn say(self, level: Level, message: &str) {
        let line = match self {
            Self::Text => format!("{}: {message}", if level == Level::ERROR { "error" } else { "warning" }),
            Self::Json => json!({
                "timestamp": now(),
                "level": level.as_str(),
                "message": message,
                "target": env!("CARGO_CRATE_NAME"),
            })
            .to_string(),
        };
        // Where nobody reads that, there is nobody to tell.
        let _nobody_reads_it = writeln!(io::stderr(), "{line}");
    }
}

fn say_panic(panic: &PanicHookInfo<'_>) {
    let backtrace = Backtrace::capture();
    let message = match backtrace.status() {
        BacktraceStatus::Captured => format!("{panic}\n{backtrace}"),
        _ => panic.to_string(),
    };
    LogFormat::Json.say(Level::ERROR, &message);
}

/// The time as the log's other lines have it.
fn now() -> String {
    let mut text = String::new();
    // Text takes all that is written.
    let _never_fails = SystemTime.format_time(&mut Writer::new(&mut text));
    text
}
