//! What fixes a path, below the sentence.

use super::{style::Style, wrap::wrap};
use crate::check::{
    remedies::{Advice, Certainty},
    remedy::Remedy,
};
use axum_trailers_client::check::Question;
use std::iter;

/// What follows the sentence: how many lines fix it, if that is known.
pub(super) fn promise(advice: &[Advice<'_>], subject: Option<Question>) -> Option<String> {
    let first = advice.first().filter(|advice| is_about(advice, subject))?;
    let [one, many] = match first.certainty {
        Certainty::Fixes => ["fixes it", "fix it"],
        Certainty::Helps => ["helps", "help"],
        Certainty::NeedsVersion | Certainty::Possible => return None,
    };
    match first.remedy.lines.len() {
        0 => None,
        1 => Some(format!("one line {one}")),
        2 => Some(format!("two lines {many}")),
        number => Some(format!("{number} lines {many}")),
    }
}

/// The lines of configuration, or a note that there are none. What fixes the sentence's subject does not name it again.
pub(super) fn lines(
    advice: &Advice<'_>,
    subject: Option<Question>,
    has_hops: bool,
    style: Style,
) -> Vec<String> {
    let remedy = advice.remedy;
    let basis = remedy.basis.as_ref().map_or_else(String::new, |basis| format!(" ({basis})"));
    let heading = heading(advice, subject, has_hops);
    if remedy.lines.is_empty() {
        let heading = if heading.is_empty() { heading } else { format!("{heading}: ") };
        let note = remedy.note.as_deref().unwrap_or_default();
        return vec![wrap("", &format!("{heading}{note}{basis}"))];
    }
    let heading = wrap("", &format!("{heading}{basis}:"));
    let configuration = remedy.lines.iter().map(|line| format!("    {}", style.bold(line)));
    let note = remedy.note.iter().map(|note| wrap("", note));
    iter::once(heading).chain(configuration).chain(note).collect()
}

fn is_about(advice: &Advice<'_>, subject: Option<Question>) -> bool {
    subject.is_some_and(|subject| advice.cures.contains(&subject))
}

fn heading(advice: &Advice<'_>, subject: Option<Question>, has_hops: bool) -> String {
    let Advice { hop, remedy, cures, certainty } = advice;
    let mut parts = Vec::new();
    if !is_about(advice, subject) {
        let ids: Vec<_> = cures.iter().map(|question| question.id()).collect();
        parts.push(format!("for {}", ids.join(", ")));
    }
    if has_hops {
        parts.push(format!("at {}", hop.url));
    }
    match (certainty, remedy.names.first()) {
        (Certainty::NeedsVersion, _) => parts.push(format!("for {}", range(remedy))),
        (Certainty::Possible, Some(name)) => parts.push(format!("if {name} is at fault")),
        _ => {}
    }
    parts.extend(remedy.place.clone());
    let heading = parts.join(", ");
    let mut characters = heading.chars();
    characters.next().into_iter().flat_map(char::to_uppercase).chain(characters).collect()
}

/// The versions that a remedy is for, such as `nginx before 1.27.2`.
fn range(remedy: &Remedy) -> String {
    let from = remedy.from.iter().map(|version| format!(" from {version}"));
    let before = remedy.before.iter().map(|version| format!(" before {version}"));
    remedy.names.iter().take(1).cloned().chain(from).chain(before).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{
        remedies,
        testing::{answer, hop},
    };
    use axum_trailers_client::check::{Outcome, Report};

    fn report(server: Option<&str>, failing: &[(Question, &'static str)]) -> Report {
        let mut hop = hop("https://example.com/");
        hop.server = server.map(str::to_owned);
        let answers = failing.iter().map(|(question, finding)| answer(*question, Outcome::Fail, finding));
        hop.modes[0].answers = answers.collect();
        Report::new(vec![hop])
    }

    fn texts(report: &Report, has_hops: bool) -> Vec<String> {
        let subject = report.worst().map(|(_, answer)| answer.question);
        let lines = |advice| lines(advice, subject, has_hops, Style::PLAIN).join("\n");
        remedies::of(report).iter().map(lines).collect()
    }

    const TRAILERS: (Question, &str) = (Question::Trailers, "dropped");

    #[test]
    fn number_of_lines_is_promised_only_if_they_fix_what_the_sentence_is_about() {
        let promised = |server, failing: &[(Question, &'static str)]| {
            let report = report(server, failing);
            promise(&remedies::of(&report), report.worst().map(|(_, answer)| answer.question))
        };
        for (server, expected) in [
            (Some("nginx/1.22.1"), Some("one line fixes it")),
            (Some("nginx/1.28.0"), Some("3 lines fix it")),
            (Some("nginx/1.30.6"), Some("two lines fix it")),
            // Its version decides.
            (Some("nginx"), None),
            // There is none.
            (Some("squid/5.7"), None),
            (Some("unknown/1.0"), None),
        ] {
            assert_eq!(promised(server, &[TRAILERS]).as_deref(), expected, "{server:?}");
        }
        // It is a guess.
        assert_eq!(promised(None, &[(Question::Trailers, "not-sent")]), None);
        assert_eq!(
            promised(Some("Caddy"), &[(Question::GrpcOk, "refused"), (Question::Te, "stripped")]),
            None
        );
    }

    #[test]
    fn lines_for_other_questions_name_them() {
        let long = (Question::TrailersLong, "broken");
        let report = report(Some("nginx/1.30.6"), &[TRAILERS, long, (Question::RequestTrailers, "stripped")]);
        let texts = texts(&report, false);
        assert!(texts[0].starts_with("Beside `proxy_pass` (changelog of nginx, measured"), "{texts:?}");
        let expected = "\
For trailers-long, beside `proxy_pass` (changelog of nginx, measured with nginx
1.30.6):
    proxy_buffer_size 16k;
    proxy_buffers 8 16k;
The trailer section must fit into one buffer.";
        assert_eq!(texts[1], expected);
        assert!(texts[2].starts_with("For request-trailers: nginx passes no request"), "{texts:?}");
        assert!(
            texts[2].replace('\n', " ").ends_with(" (measured with nginx 1.22.1, 1.26.3 and 1.30.6)"),
            "{texts:?}"
        );
    }

    #[test]
    fn with_several_hops_the_one_at_fault_is_named() {
        let texts = texts(&report(Some("nginx/1.30.6"), &[TRAILERS]), true);
        assert!(texts[0].starts_with("At https://example.com/, beside `proxy_pass` ("), "{texts:?}");
    }

    #[test]
    fn without_a_version_each_range_is_named() {
        let texts = texts(&report(Some("nginx"), &[TRAILERS]), false);
        let first: Vec<_> = texts.iter().map(|text| text.split_once(',').expect("a range").0).collect();
        assert_eq!(
            first,
            [
                "For nginx from 1.13.10 before 1.27.2",
                "For nginx from 1.27.2 before 1.29.7",
                "For nginx from 1.29.7"
            ]
        );
    }
}
