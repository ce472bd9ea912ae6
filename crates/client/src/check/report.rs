use super::{Answer, Mode, Outcome};
use http::Uri;

/// What a check has found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The hops, from the client's side to the origin's. At least one.
    pub hops: Vec<Hop>,
}

/// One URL of a path.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Hop {
    /// The URL.
    pub url: Uri,
    /// `Server` of its responses. `None` if the next hop has the same one, which may have been passed on.
    pub server: Option<String>,
    /// `Via` of its responses. Empty if the next hop has the same, so that this one adds nothing.
    pub via: Vec<String>,

    /// What answers at the end of the path.
    pub origin: Origin,
    /// A report for each mode.
    pub modes: Vec<ModeReport>,
}

/// What answers at the end of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The workbench of this project.
    #[non_exhaustive]
    Workbench {
        /// Its version.
        version: String,
    },
    /// Anything else: only the responses can be checked, not what arrives at the origin.
    Other,
    /// Nothing.
    Unreachable,
}

/// What was found in one mode.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModeReport {
    /// The mode.
    pub mode: Mode,
    /// Why there is no connection in this mode.
    pub unavailable: Option<String>,
    /// The answers, in the order of [`Question::ALL`](super::Question::ALL).
    pub answers: Vec<Answer>,
}

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Conclusion {
    /// Nothing is lost.
    Passes,
    /// Nothing is lost as far as there are answers, but there are too few: none passes, or some have no answer in time, or none
    /// because the origin's record could not be read.
    Inconclusive,
    /// Something is lost or changed.
    Loses,
    /// No mode has a connection.
    Unreachable,
}

impl Origin {
    /// The workbench with this version.
    #[must_use]
    pub fn workbench(version: impl Into<String>) -> Self {
        Self::Workbench { version: version.into() }
    }
}

impl ModeReport {
    /// Creates a report without answers.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self { mode, unavailable: None, answers: Vec::new() }
    }
}

impl Hop {
    /// Creates a hop of which nothing is known.
    #[must_use]
    pub fn new(url: Uri) -> Self {
        Self { url, server: None, via: Vec::new(), origin: Origin::Unreachable, modes: Vec::new() }
    }
}

impl Report {
    /// Creates a report of these hops. There must be at least one.
    #[must_use]
    pub fn new(hops: Vec<Hop>) -> Self {
        Self { hops }
    }

    /// The result. That of the first hop, which is the whole path.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        let modes = self.hops.iter().take(1).flat_map(|hop| &hop.modes);
        let available: Vec<_> = modes.filter(|mode| mode.unavailable.is_none()).collect();
        let mut answers = available.iter().flat_map(|mode| &mode.answers);
        let has = |outcome| answers.clone().any(|answer| answer.outcome == outcome);
        if available.is_empty() {
            Conclusion::Unreachable
        } else if has(Outcome::Fail) {
            Conclusion::Loses
        } else if !has(Outcome::Pass) || answers.any(Answer::is_lacking) {
            Conclusion::Inconclusive
        } else {
            Conclusion::Passes
        }
    }
}
