//! The process's log, written to standard error.
//!
//! A serving thread never waits for the reader of standard error. It pushes whole lines into a bounded queue, and one
//! thread writes them. If the queue is full, lines are dropped and counted.
//!
//! | File | |
//! |---|---|
//! | `handle.rs` | `Log`: start the log, write to it, and wait for its last lines |
//! | `filter.rs` | `Filter`: which events are logged |
//! | `format.rs` | `LogFormat`: the lines that tracing does not format |
//! | `logfmt.rs` | `Logfmt`: messages and fields as text |
//! | `queue.rs` | `Queue`: waiting lines, and the number of dropped ones |
//! | `writer.rs` | the thread that writes them |

mod filter;
mod format;
mod handle;
mod logfmt;
mod queue;
#[cfg(test)]
mod testing;
mod writer;

pub(crate) use filter::{Filter, FilterError};
pub(crate) use format::LogFormat;
pub(crate) use handle::Log;
