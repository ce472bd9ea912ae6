use super::{
    Filter, LogFormat,
    logfmt::Logfmt,
    queue::Queue,
    writer::{self, write_or_discard},
};
use prometheus::IntCounter;
use std::{
    io::{self, IsTerminal},
    panic,
    sync::Arc,
    time::Duration,
};
use tracing::Level;
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

/// How long the process waits at its end until its last lines are read. Connections without a request delay the
/// server's end by about 0.7 s, so the process still ends within a second.
const LAST_LINES: Duration = Duration::from_millis(150);

/// How long a panic waits for its line to be written. If the reader has stopped, the panic waits no longer than this.
const LAST_PANIC: Duration = Duration::from_millis(20);

/// The process's log. Dropping it waits briefly until its lines are written.
#[derive(Debug)]
pub(crate) struct Log {
    format: LogFormat,
    queue: Arc<Queue>,
}

impl Log {
    /// Starts the thread that writes the log, and starts to log panics.
    pub(crate) fn start(format: LogFormat) -> io::Result<Self> {
        let queue = Arc::new(Queue::new());
        writer::start(queue.clone(), format)?;
        let panics = queue.clone();
        panic::set_hook(Box::new(move |panic| {
            panics.try_push(format.panic(panic).into_bytes());
            // This panic may end the process at once.
            panics.wait_until_written(LAST_PANIC);
        }));
        Ok(Self { format, queue })
    }

    /// Starts to log events that pass the filter.
    pub(crate) fn subscribe(&self, filter: &Filter) {
        // By default, an event that can't be formatted would be reported as text, whatever the format.
        let log = tracing_subscriber::fmt().with_writer(self.queue.clone()).log_internal_errors(false);
        let log = log.with_env_filter(filter.env_filter()).with_ansi(io::stderr().is_terminal());
        let rustls = filter.rustls_filter();
        match self.format {
            LogFormat::Text => log.fmt_fields(Logfmt).finish().with(rustls).init(),
            LogFormat::Json => {
                log.json().flatten_event(true).with_current_span(false).finish().with(rustls).init();
            }
        }
    }

    /// Logs a warning or an error that bypasses the filter and is never dropped.
    pub(crate) fn say(&self, level: Level, message: &str) {
        self.queue.push(self.format.message(level, message).into_bytes());
    }

    /// Writes an error without the log's thread, for a process that failed to start it.
    pub(crate) fn say_directly(format: LogFormat, message: &str) {
        write_or_discard(&mut io::stderr(), format.message(Level::ERROR, message).as_bytes());
    }

    /// How many lines have been dropped.
    pub(crate) fn lines_dropped(&self) -> &IntCounter {
        self.queue.lines_dropped()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.queue.wait_until_written(LAST_LINES);
    }
}
