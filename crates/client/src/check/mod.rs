//! Where trailers get lost on a path: a check of what is between a client and an origin.
//!
//! The origin is the workbench of this project, which is recognised by its answers. What the client has sent and received is
//! compared with what the workbench has received and sent, so each loss has a [`Direction`]. Of any [other](Origin::Other)
//! origin, only what arrives at the client can be checked.
//!
//! Each [`Question`] is asked in each [`Mode`]. Each probe has a connection of its own, and at most 4 s, so a proxy that hangs or
//! ends a connection spoils no other answer. A probe is a request with a token in its query (`probe`) and in its field
//! `X-Check-Id`; the workbench keeps a record of such a request (`GET /seen/{token}`).
//!
//! ```no_run
//! use axum_trailers_client::check::{Check, Conclusion, Outcome};
//!
//! # async fn check() -> Result<(), Box<dyn std::error::Error>> {
//! let edge = "https://edge.example.com/".parse()?;
//! let inner = "http://inner.example.com:8080/".parse()?;
//! let origin = "http://origin.example.com:3000/".parse()?;
//! let report = Check::new(edge).hop(inner).hop(origin).run().await;
//!
//! println!("{}", report.sentence());
//! for mode in &report.hops[0].modes {
//!     for answer in mode.answers.iter().filter(|answer| answer.outcome == Outcome::Fail) {
//!         println!("{}: {}: {}", mode.mode, answer.question.title(), answer.detail);
//!     }
//! }
//! assert_eq!(report.conclusion(), Conclusion::Passes);
//! # Ok(())
//! # }
//! ```

mod answer;
mod blame;
#[expect(clippy::module_inception, reason = "one file per type")]
mod check;
mod fields;
mod hop;
mod json;
mod mode;
mod path;
mod payload;
mod probe;
mod question;
mod questions;
mod record;
mod report;
mod sentence;
mod sighting;
#[cfg(test)]
mod tests;
mod token;

pub use self::{
    answer::{Answer, Direction, Outcome},
    check::Check,
    mode::{Mode, UnknownMode},
    question::{Question, UnknownQuestion},
    report::{Conclusion, Hop, ModeReport, Origin, Report},
};
