use super::Question;
use http::StatusCode;

/// The answer to one question in one mode.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The question.
    pub question: Question,
    /// Whether the path passes.
    pub outcome: Outcome,
    /// On which way something is lost or changed. `None` if nothing is, or if it can't be known.
    pub direction: Option<Direction>,
    /// What was found: a stable code, such as `dropped`.
    pub finding: &'static str,
    /// The same for people, in one sentence without a full stop. It may contain text from the network: escape it before you
    /// print it.
    pub detail: String,
    /// What was sent and seen at both ends. It may contain text from the network: escape it before you print it.
    pub evidence: Vec<String>,
    /// With several hops, the index of the one that is at fault.
    pub hop: Option<usize>,
}

/// Whether a path passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// ✓: it passes.
    Pass,
    /// ✗: something is lost or changed.
    Fail,
    /// –: the question does not apply, or there is no answer.
    Unknown,
}

impl Outcome {
    /// `pass`, `fail` or `unknown`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }
}

/// A direction on a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the origin.
    Request,
    /// From the origin to the client.
    Response,
}

impl Direction {
    /// `request` or `response`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }
}

impl Answer {
    /// Creates an answer without a direction and without evidence.
    #[must_use]
    pub fn new(
        question: Question,
        outcome: Outcome,
        finding: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            question,
            outcome,
            direction: None,
            finding,
            detail: detail.into(),
            evidence: Vec::new(),
            hop: None,
        }
    }

    pub(super) fn pass(question: Question, finding: &'static str, detail: impl Into<String>) -> Self {
        Self::new(question, Outcome::Pass, finding, detail)
    }

    pub(super) fn fail(question: Question, finding: &'static str, detail: impl Into<String>) -> Self {
        Self::new(question, Outcome::Fail, finding, detail)
    }

    pub(super) fn unknown(question: Question, finding: &'static str, detail: impl Into<String>) -> Self {
        Self::new(question, Outcome::Unknown, finding, detail)
    }

    /// A proxy has refused the probe.
    pub(super) fn limited(question: Question, status: StatusCode) -> Self {
        let detail = format!("a proxy answers with status {}, and passes no request on", status.as_u16());
        Self::unknown(question, "refused", detail)
    }

    /// Whether there should have been an answer.
    pub(super) fn is_lacking(&self) -> bool {
        self.outcome == Outcome::Unknown && ["no-time", "no-record"].contains(&self.finding)
    }

    pub(super) fn on(mut self, direction: Direction) -> Self {
        self.direction = Some(direction);
        self
    }

    pub(super) fn with(mut self, evidence: impl IntoIterator<Item = String>) -> Self {
        self.evidence.extend(evidence);
        self
    }
}
