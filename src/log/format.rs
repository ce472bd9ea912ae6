use clap::ValueEnum;
use serde_json::{Map, Value};
use std::{
    backtrace::{Backtrace, BacktraceStatus},
    panic::PanicHookInfo,
    thread,
};
use tracing::Level;
use tracing_subscriber::fmt::{
    format::Writer,
    time::{FormatTime, SystemTime},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Plain text
    Text,
    /// A JSON object on each line
    Json,
}

impl LogFormat {
    /// A warning or an error that bypasses the filter.
    pub(super) fn message(self, level: Level, message: &str) -> String {
        match self {
            Self::Text => format!("{}: {message}\n", if level == Level::ERROR { "error" } else { "warning" }),
            Self::Json => object(level, message, None),
        }
    }

    /// The line that replaces the dropped ones.
    pub(super) fn dropped(self, lines: u64) -> String {
        let noun = if lines == 1 { "line" } else { "lines" };
        let message = format!("{lines} log {noun} dropped: standard error was read too slowly");
        match self {
            Self::Text => format!("{}  WARN {TARGET}: {message} lines_dropped={lines}\n", now()),
            Self::Json => object(Level::WARN, &message, Some(("lines_dropped", lines.into()))),
        }
    }

    /// A panic of the current thread, in the words of the standard library's own hook.
    pub(super) fn panic(self, panic: &PanicHookInfo<'_>) -> String {
        let (thread, backtrace) = (thread::current(), Backtrace::capture());
        let thread = thread.name().unwrap_or("<unnamed>");
        let is_captured = backtrace.status() == BacktraceStatus::Captured;
        match self {
            Self::Text if is_captured => {
                format!("\nthread '{thread}' {panic}\nstack backtrace:\n{backtrace}\n")
            }
            Self::Text => format!("\nthread '{thread}' {panic}\n{HOW_TO_GET_A_BACKTRACE}\n"),
            Self::Json => {
                let backtrace = if is_captured { format!("\n{backtrace}") } else { String::new() };
                let message = format!("{panic}{backtrace}");
                object(Level::ERROR, &message, Some(("thread", thread.into())))
            }
        }
    }
}

/// A JSON line with the same members as tracing's lines, and at most one more.
fn object(level: Level, message: &str, field: Option<(&str, Value)>) -> String {
    let members = [
        ("timestamp", now().into()),
        ("level", level.as_str().into()),
        ("message", message.into()),
        ("target", TARGET.into()),
    ];
    let members = members.into_iter().chain(field);
    let object: Map<_, _> = members.map(|(name, value)| (name.to_owned(), value)).collect();
    format!("{}\n", Value::Object(object))
}

/// The current time, in the format of the other lines.
fn now() -> String {
    let mut text = String::new();
    // Writing to a string never fails.
    let _never_fails = SystemTime.format_time(&mut Writer::new(&mut text));
    text
}

const TARGET: &str = env!("CARGO_CRATE_NAME");

const HOW_TO_GET_A_BACKTRACE: &str =
    "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_of_dropped_lines_is_in_the_message_and_a_field() {
        let text = LogFormat::Text.dropped(1);
        let (_time, rest) = text.split_once(' ').expect("a time");
        let expected = " WARN axum_trailers: 1 log line dropped: standard error was read too slowly";
        assert_eq!(rest, format!("{expected} lines_dropped=1\n"));

        let json = LogFormat::Json.dropped(37);
        let object: Map<String, Value> = serde_json::from_str(&json).expect("an object");
        assert_eq!(object["lines_dropped"], 37);
        assert_eq!(object["level"], "WARN");
        assert!(object["message"].as_str().is_some_and(|text| text.starts_with("37 log lines dropped")));
        assert!(json.ends_with("}\n"));
    }
}
