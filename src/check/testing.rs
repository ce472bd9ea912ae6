//! Reports in tests.

use axum_trailers_client::check::{Answer, Hop, Mode, ModeReport, Origin, Outcome, Question};

/// A hop in front of the workbench, with a mode, `http2-te`, and without answers.
pub(super) fn hop(url: &str) -> Hop {
    let mut hop = Hop::new(url.parse().expect("a URL"));
    hop.origin = Origin::workbench("0.1.0");
    hop.modes = vec![ModeReport::new(Mode::Http2Te)];
    hop
}

pub(super) fn answer(question: Question, outcome: Outcome, finding: &'static str) -> Answer {
    Answer::new(question, outcome, finding, format!("{finding} in detail"))
}
