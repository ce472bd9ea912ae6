//! The report as JSON.

use super::{Answer, Conclusion, Direction, Hop, ModeReport, Origin, Report};
use serde_json::{Value, json};

/// The version of the format. New members do not change it.
const FORMAT: u32 = 1;

impl Report {
    /// The report as JSON. Without times and ids: two checks of one path have the same.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "format": FORMAT,
            "conclusion": self.conclusion().as_str(),
            "sentence": self.sentence(),
            "atFault": self.at_fault(),
            "hops": self.hops.iter().map(hop).collect::<Vec<_>>(),
        })
    }
}

impl Conclusion {
    /// `passes`, `inconclusive`, `loses` or `unreachable`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passes => "passes",
            Self::Inconclusive => "inconclusive",
            Self::Loses => "loses",
            Self::Unreachable => "unreachable",
        }
    }
}

fn hop(hop: &Hop) -> Value {
    let (kind, version) = match &hop.origin {
        Origin::Workbench { version } => ("workbench", Some(version)),
        Origin::Other => ("other", None),
        Origin::Unreachable => ("unreachable", None),
    };
    json!({
        "url": hop.url.to_string(),
        "server": hop.server,
        "via": hop.via,
        "origin": { "kind": kind, "version": version },
        "modes": hop.modes.iter().map(mode).collect::<Vec<_>>(),
    })
}

fn mode(report: &ModeReport) -> Value {
    json!({
        "mode": report.mode.as_str(),
        "unavailable": report.unavailable,
        "answers": report.answers.iter().map(answer).collect::<Vec<_>>(),
    })
}

fn answer(answer: &Answer) -> Value {
    json!({
        "question": answer.question.id(),
        "outcome": answer.outcome.as_str(),
        "direction": answer.direction.map(Direction::as_str),
        "finding": answer.finding,
        "detail": answer.detail,
        "evidence": answer.evidence,
        "hop": answer.hop,
    })
}
