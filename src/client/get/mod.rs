//! `get`: downloads, and reports whether what arrived is what was sent.
//!
//! | File | |
//! |---|---|
//! | `get.rs` | all URLs, one after the other |
//! | `download.rs` | one URL: attempts, and what becomes of the content |
//! | `attempt.rs` | one attempt: a request, and another one if its answer can't continue what is there |
//! | `answer.rs` | what a response means for the content: the whole, the rest, or nothing of it |
//! | `judge.rs` | verdicts that only a download has |
//! | `destination.rs`, `name.rs` | where the content goes |
//! | `sink.rs`, `part.rs`, `stream.rs` | writes it: to a `.part` file, or to standard output or a device |
//! | `files.rs` | names beside a file, locks, permissions |
//! | `kept.rs` | what is kept beside a `.part` file to continue it |

mod answer;
mod attempt;
mod destination;
mod download;
mod files;
#[expect(clippy::module_inception, reason = "one file per verb")]
mod get;
mod judge;
mod kept;
mod name;
mod part;
mod sink;
mod stream;

pub(super) use self::get::get;
