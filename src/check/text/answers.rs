//! What was found, below the table.

use super::{style::Style, wrap::wrap};
use crate::client::escape;
use axum_trailers_client::check::{Answer, Direction, Hop, Mode, ModeReport, Outcome, Question};

/// The finding of what another origin can't answer.
pub(super) const NEEDS_WORKBENCH: &str = "needs-workbench";

/// The answers of a question in these modes, without those that say that another origin can't answer it.
fn answers<'r>(modes: &[&'r ModeReport], question: Question) -> impl Iterator<Item = (Mode, &'r Answer)> {
    let of_mode = move |mode: &&'r ModeReport| {
        let answer = mode.answers.iter().find(|answer| answer.question == question);
        let answer = answer.filter(|answer| answer.finding != NEEDS_WORKBENCH);
        answer.map(|answer| (mode.mode, answer))
    };
    modes.iter().filter_map(of_mode)
}

/// A line for each way in which questions fail. `hops` are those of the whole path.
pub(super) fn failures(modes: &[&ModeReport], hops: &[Hop], style: Style) -> Vec<String> {
    let mut ways: Vec<Way<'_>> = Vec::new();
    for way in Question::ALL.iter().copied().flat_map(|question| ways_of(modes, question)) {
        match ways.iter_mut().find(|other| other.modes == way.modes && is_same(other.answer, way.answer)) {
            Some(other) => other.questions.extend(way.questions),
            None => ways.push(way),
        }
    }
    let line = |Way { answer, questions, modes: in_modes }: Way<'_>| {
        let questions: Vec<_> = questions.into_iter().map(Question::id).collect();
        let in_modes = if in_modes.len() == modes.len() && modes.len() > 1 {
            "all modes".to_owned()
        } else {
            in_modes.into_iter().map(Mode::as_str).collect::<Vec<_>>().join(", ")
        };
        let at = hops.get(answer.hop.unwrap_or(usize::MAX));
        let at = at.map_or_else(String::new, |hop| format!(", at {}", hop.url));
        let line =
            format!("{} ({in_modes}){}{at}: {}", questions.join(", "), direction(answer), detail(answer));
        marked(&wrap("  ", &line), answer, style)
    };
    ways.into_iter().map(line).collect()
}

/// How questions fail.
struct Way<'r> {
    answer: &'r Answer,
    questions: Vec<Question>,
    modes: Vec<Mode>,
}

/// In which ways a question fails, and in which modes.
fn ways_of<'r>(modes: &[&'r ModeReport], question: Question) -> Vec<Way<'r>> {
    let mut ways: Vec<Way<'_>> = Vec::new();
    for (mode, answer) in answers(modes, question).filter(|(_, answer)| answer.outcome == Outcome::Fail) {
        match ways.iter_mut().find(|way| is_same(way.answer, answer)) {
            Some(way) => way.modes.push(mode),
            None => ways.push(Way { answer, questions: vec![question], modes: vec![mode] }),
        }
    }
    ways
}

/// Each answer with its evidence.
pub(super) fn evidence(modes: &[&ModeReport], style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    for &question in Question::ALL {
        let mut answers = answers(modes, question).peekable();
        if answers.peek().is_some() {
            lines.push(style.bold(&format!("{question}: {}", question.title())));
        }
        for (mode, answer) in answers {
            let line = format!("{mode}{}: {} ({})", direction(answer), detail(answer), answer.finding);
            lines.push(marked(&wrap("  ", &line), answer, style));
            let evidence = answer.evidence.iter().map(|line| wrap("      ", &escape::short(line)));
            lines.extend(evidence);
        }
    }
    lines
}

fn is_same(one: &Answer, other: &Answer) -> bool {
    let different = |answer: &Answer| (answer.finding, answer.direction, answer.hop);
    different(one) == different(other) && one.detail == other.detail
}

fn detail(answer: &Answer) -> String {
    escape::short(&answer.detail)
}

fn direction(answer: &Answer) -> &'static str {
    match answer.direction {
        Some(Direction::Request) => ", to the origin",
        Some(Direction::Response) => ", to the client",
        None => "",
    }
}

/// With its mark in the two columns in front.
fn marked(wrapped: &str, answer: &Answer, style: Style) -> String {
    format!("{} {}", style.mark(answer.outcome), &wrapped[2..])
}
