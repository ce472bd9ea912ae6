use super::{advice, answers, style::Style, table::table, wrap::wrap};
use crate::{check::remedies, client::escape};
use axum_trailers_client::check::{Conclusion, Hop, Mode, ModeReport, Origin, Report};
use std::iter;

/// What is shown of a report.
pub(in crate::check) fn text(report: &Report, style: Style, is_verbose: bool) -> String {
    let mut lines = beginning(report, style);
    for (index, hop) in report.hops.iter().enumerate() {
        lines.push(String::new());
        lines.push(style.bold(&wrap("", &heading(hop, report.at_fault() == Some(index)))));
        lines.extend(of_hop(hop, &report.hops, style, is_verbose));
    }
    if !is_verbose && report.conclusion() == Conclusion::Loses {
        lines.extend([String::new(), "-v shows what both ends have sent and received.".to_owned()]);
    }
    lines.join("\n")
}

/// The sentence, and what fixes it.
fn beginning(report: &Report, style: Style) -> Vec<String> {
    let advice = remedies::of(report);
    let subject = report.worst().map(|(_mode, answer)| answer.question);
    let sentence = escape::line(report.sentence().as_bytes()).to_string();
    let sentence = match advice::promise(&advice, subject) {
        Some(promise) => format!("{sentence}; {promise}"),
        None => sentence,
    };
    let mut lines = vec![style.bold(&wrap("", &sentence))];
    for advice in &advice {
        lines.push(String::new());
        lines.extend(advice::lines(advice, subject, report.hops.len() > 1, style));
    }
    lines
}

/// The URL, and what is behind it.
fn heading(hop: &Hop, is_at_fault: bool) -> String {
    let short = |field: &str, value: &String| format!("{field}{}", escape::short(value));
    let mut parts: Vec<_> = hop.server.iter().map(|server| short("Server: ", server)).collect();
    parts.extend(hop.via.iter().map(|via| short("Via: ", via)));
    parts.push(match &hop.origin {
        Origin::Workbench { version, .. } => short("origin: axum-trailers ", version),
        Origin::Unreachable => "not reachable".to_owned(),
        _ => "origin: not the workbench".to_owned(),
    });
    let fault = if is_at_fault { ", at fault" } else { "" };
    format!("{}{fault} ({})", escape::line(hop.url.to_string().as_bytes()), parts.join("; "))
}

const HALF_THE_PICTURE: &str = "\
What arrives at this origin is unknown, so this is half of the picture. With a workbench behind the path (--serve starts \
one), both directions are checked.";

/// `hops` are those of the whole path.
fn of_hop(hop: &Hop, hops: &[Hop], style: Style, is_verbose: bool) -> Vec<String> {
    let (modes, unavailable): (Vec<_>, Vec<_>) =
        hop.modes.iter().partition(|mode| mode.unavailable.is_none());
    let half = (hop.origin == Origin::Other).then(|| wrap("", HALF_THE_PICTURE));
    let unavailable = reasons(&unavailable).into_iter().map(|(reason, modes)| {
        let verb = if modes.len() == 1 { "is" } else { "are" };
        let modes: Vec<_> = modes.into_iter().map(Mode::as_str).collect();
        wrap("  ", &format!("{} {verb} not available: {}", modes.join(", "), escape::short(reason)))
    });
    let details =
        if is_verbose { answers::evidence(&modes, style) } else { answers::failures(&modes, hops, style) };
    let sections = [table(&modes, style), details].into_iter().filter(|lines| !lines.is_empty());
    let sections = sections.flat_map(|lines| iter::once(String::new()).chain(lines));
    half.into_iter().chain(unavailable).chain(sections).collect()
}

/// Why modes are not available, each reason once.
fn reasons<'r>(unavailable: &[&'r ModeReport]) -> Vec<(&'r str, Vec<Mode>)> {
    let mut reasons: Vec<(&str, Vec<Mode>)> = Vec::new();
    for report in unavailable {
        let reason = report.unavailable.as_deref().unwrap_or_default();
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, modes)) => modes.push(report.mode),
            None => reasons.push((reason, vec![report.mode])),
        }
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{answer, hop};
    use axum_trailers_client::check::{Answer, Direction, Outcome, Question};

    /// A hop with these answers in each mode.
    fn hop_with(url: &str, server: Option<&str>, answers: &[Answer]) -> Hop {
        let mut hop = hop(url);
        hop.server = server.map(str::to_owned);
        hop.modes = Mode::TCP.iter().map(|mode| ModeReport::new(*mode)).collect();
        for mode in &mut hop.modes {
            mode.answers = answers.to_vec();
        }
        hop
    }

    fn dropped() -> Answer {
        let mut answer = answer(Question::Trailers, Outcome::Fail, "dropped");
        answer.direction = Some(Direction::Response);
        answer.evidence = vec!["the origin sent: x-a: 1".to_owned()];
        answer
    }

    fn plain(report: &Report) -> String {
        text(report, Style::PLAIN, false)
    }

    #[test]
    fn sentence_is_followed_by_the_lines_the_table_and_details() {
        let passes = answer(Question::Te, Outcome::Pass, "arrives");
        let mut hop = hop_with("https://a.example/", Some("nginx/1.30.6"), &[passes, dropped()]);
        hop.modes[3].answers[1] = answer(Question::Trailers, Outcome::Unknown, "not-asked");
        let report = Report::new(vec![hop]);
        let expected = "\
nginx/1.30.6 (a.example) does not pass response trailers on; two lines fix it

Beside `proxy_pass` (changelog of nginx, measured with nginx 1.30.6):
    proxy_set_header TE trailers;
    proxy_pass_trailers on;
With it, `trailers-long` fails for HTTP/1.1 without `TE`.

https://a.example/ (Server: nginx/1.30.6; origin: axum-trailers 0.1.0)

Request                             http2-te  http2  http1-te  http1
  TE: trailers arrives                 ✓        ✓       ✓        ✓
Trailers of responses
  trailers of a short response         ✗        ✗       ✗        –

✗ trailers (http2-te, http2, http1-te), to the client: dropped in detail

-v shows what both ends have sent and received.";
        assert_eq!(plain(&report), expected, "{}", plain(&report));
    }

    #[test]
    fn details_that_differ_have_lines_of_their_own() {
        let mut hop = hop_with("https://a.example/", None, &[dropped()]);
        hop.modes[1].answers[0] = answer(Question::Trailers, Outcome::Fail, "changed");
        let text = plain(&Report::new(vec![hop.clone()]));
        assert!(
            text.contains("\n✗ trailers (http2-te, http1-te, http1), to the client: dropped in detail\n"),
            "{text}"
        );
        assert!(text.contains("\n✗ trailers (http2): changed in detail\n"), "{text}");
        hop.modes.remove(1);
        let text = plain(&Report::new(vec![hop]));
        assert!(text.contains("\n✗ trailers (all modes), to the client: dropped in detail\n"), "{text}");
    }

    #[test]
    fn questions_that_fail_in_the_same_way_share_a_line() {
        let mut slow = dropped();
        slow.question = Question::TrailersSlow;
        let mut hop = hop_with("https://a.example/", None, &[dropped(), slow]);
        let text = plain(&Report::new(vec![hop.clone()]));
        assert!(
            text.contains("\n✗ trailers, trailers-slow (all modes), to the client: dropped in detail\n"),
            "{text}"
        );
        hop.modes[0].answers.pop();
        let text = plain(&Report::new(vec![hop]));
        assert!(text.contains("\n✗ trailers (all modes), to the client: dropped in detail\n"), "{text}");
        assert!(
            text.contains("\n✗ trailers-slow (http2, http1-te, http1), to the client: dropped"),
            "{text}"
        );
    }

    #[test]
    fn verbose_text_has_the_evidence_of_each_answer() {
        let passes = answer(Question::Te, Outcome::Pass, "arrives");
        let report = Report::new(vec![hop_with("https://a.example/", None, &[passes, dropped()])]);
        let text = text(&report, Style::PLAIN, true);
        for line in [
            "trailers: trailers of a short response",
            "✗ http1, to the client: dropped in detail (dropped)",
            "      the origin sent: x-a: 1",
            "✓ http1: arrives in detail (arrives)",
        ] {
            assert!(text.lines().any(|other| other == line), "{line}: {text}");
        }
        assert!(!text.contains("-v shows") && !plain(&report).contains("x-a: 1"));
    }

    #[test]
    fn other_origin_is_half_of_the_picture() {
        let mut hop = hop_with("https://a.example/", None, &[dropped()]);
        hop.origin = Origin::Other;
        let text = plain(&Report::new(vec![hop]));
        let expected = "
https://a.example/ (origin: not the workbench)
What arrives at this origin is unknown, so this is half of the picture. With a
workbench behind the path (--serve starts one), both directions are checked.
";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn what_only_the_workbench_answers_is_not_shown() {
        let lacking = answer(Question::Te, Outcome::Unknown, "needs-workbench");
        let mut hop = hop_with("https://a.example/", None, &[lacking, dropped()]);
        hop.origin = Origin::Other;
        for is_verbose in [false, true] {
            let text = text(&Report::new(vec![hop.clone()]), Style::PLAIN, is_verbose);
            assert!(!text.contains("TE: trailers") && text.contains("dropped in detail"), "{text}");
        }
    }

    #[test]
    fn hop_at_fault_is_named() {
        let hops = [("https://a.example/", "nginx/1.22.1"), ("https://b.example/", "Caddy")];
        let mut report =
            Report::new(hops.map(|(url, server)| hop_with(url, Some(server), &[dropped()])).into());
        report.hops[0].modes[0].answers[0].hop = Some(1);
        let text = plain(&report);
        assert!(
            text.contains("\nhttps://a.example/ (Server: nginx/1.22.1; origin: axum-trailers 0.1.0)\n"),
            "{text}"
        );
        assert!(
            text.contains("\nhttps://b.example/, at fault (Server: Caddy; origin: axum-trailers 0.1.0)\n"),
            "{text}"
        );
    }

    #[test]
    fn mode_without_a_connection_has_a_reason_and_no_column() {
        let mut hop = hop_with("https://a.example/", None, &[dropped()]);
        hop.modes[0].unavailable = Some("no HTTP/2".to_owned());
        hop.modes[0].answers.clear();
        let text = plain(&Report::new(vec![hop.clone()]));
        assert!(text.contains("\n  http2-te is not available: no HTTP/2"), "{text}");
        assert!(text.contains("  http2  http1-te  http1\n") && text.contains("(all modes)"), "{text}");
        hop.modes[1].unavailable = hop.modes[0].unavailable.clone();
        let text = plain(&Report::new(vec![hop.clone()]));
        assert!(text.contains("\n  http2-te, http2 are not available: no HTTP/2\n"), "{text}");
        hop.origin = Origin::Unreachable;
        hop.modes.truncate(1);
        let text = plain(&Report::new(vec![hop]));
        assert!(
            text.ends_with("\nhttps://a.example/ (not reachable)\n  http2-te is not available: no HTTP/2"),
            "{text}"
        );
    }

    #[test]
    fn nothing_from_the_network_changes_the_terminal() {
        const HOSTILE: &str = "\u{1b}[2J\n\u{202e}";
        let mut lost = dropped();
        lost.detail = HOSTILE.to_owned();
        lost.evidence = vec![HOSTILE.to_owned()];
        let mut hop = hop_with("https://a.example/", Some(HOSTILE), &[lost]);
        hop.via = vec![HOSTILE.to_owned()];
        hop.modes[0].unavailable = Some(HOSTILE.to_owned());
        let report = Report::new(vec![hop]);
        for is_verbose in [false, true] {
            let text = text(&report, Style::PLAIN, is_verbose);
            let is_harmful = |line: &str| line.contains(axum_trailers_client::is_harmful);
            assert!(!text.lines().any(is_harmful) && text.contains("\\u{1b}[2J\\u{a}\\u{202e}"), "{text:?}");
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        }
    }
}
