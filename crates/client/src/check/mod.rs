//! Where trailers get lost on a path: a check of proxies between a client and an origin.
//!
//! The origin is the workbench of this project. What the client has sent and received is compared with what the origin has
//! received and sent, so each loss has a direction.

mod answer;
mod blame;
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
