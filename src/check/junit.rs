//! The report as XML of `JUnit`, for CI systems: a test suite for each hop and mode, a test case for each question.

use crate::client::escape;
use axum_trailers_client::check::{Answer, Hop, ModeReport, Origin, Outcome, Report};
use std::fmt::{self, Write};

pub(super) fn document(report: &Report) -> String {
    let suites: Vec<_> =
        report.hops.iter().flat_map(|hop| hop.modes.iter().map(move |mode| Suite::of(hop, mode))).collect();
    let counts = suites.iter().fold(Counts::default(), |counts, suite| counts.plus(suite.counts));
    let suites: Vec<_> = suites.iter().map(ToString::to_string).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"axum-trailers check\"{counts}>\n{}</testsuites>\n",
        suites.concat()
    )
}

struct Suite {
    /// Escaped.
    name: String,
    counts: Counts,
    cases: String,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn plus(self, other: Self) -> Self {
        Self {
            tests: self.tests + other.tests,
            failures: self.failures + other.failures,
            errors: self.errors + other.errors,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, counts, cases } = self;
        write!(f, "  <testsuite name=\"{name}\"{counts}>\n{cases}  </testsuite>\n")
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tests, failures, errors, skipped } = self;
        write!(f, " tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
    }
}

impl Suite {
    fn of(hop: &Hop, report: &ModeReport) -> Self {
        let name = escaped(&format!("{} {}", hop.url, report.mode));
        let mut suite = Self { name, counts: Counts::default(), cases: String::new() };
        if let Some(reason) = &report.unavailable {
            let case = if hop.origin == Origin::Unreachable { Case::Error } else { Case::Skipped };
            suite.add("connection", &case(reason));
        }
        for answer in &report.answers {
            suite.add(answer.question.id(), &Case::of(answer));
        }
        suite
    }

    fn add(&mut self, name: &str, case: &Case<'_>) {
        self.counts.tests += 1;
        let content = match case {
            Case::Passed => {
                let _infallible = writeln!(self.cases, "{}/>", self.start(name));
                return;
            }
            Case::Failed(answer) => {
                self.counts.failures += 1;
                failure(answer)
            }
            Case::Error(reason) => {
                self.counts.errors += 1;
                format!("<error message=\"{}\"/>", escaped(reason))
            }
            Case::Skipped(reason) => {
                self.counts.skipped += 1;
                format!("<skipped message=\"{}\"/>", escaped(reason))
            }
        };
        let _infallible = writeln!(self.cases, "{}>\n      {content}\n    </testcase>", self.start(name));
    }

    fn start(&self, name: &str) -> String {
        format!("    <testcase classname=\"{}\" name=\"{name}\"", self.name)
    }
}

/// The findings of questions that were asked and have no answer.
const UNANSWERED: [&str; 4] = ["no-time", "no-answer", "no-record", "no-response"];

enum Case<'r> {
    Passed,
    Failed(&'r Answer),
    /// Nothing can be asked, for this reason.
    Error(&'r str),
    /// With the reason.
    Skipped(&'r str),
}

impl<'r> Case<'r> {
    fn of(answer: &'r Answer) -> Self {
        match answer.outcome {
            Outcome::Pass => Self::Passed,
            Outcome::Fail => Self::Failed(answer),
            _ if UNANSWERED.contains(&answer.finding) => Self::Error(&answer.detail),
            _ => Self::Skipped(&answer.detail),
        }
    }
}

fn failure(answer: &Answer) -> String {
    let way = answer.direction.map_or_else(String::new, |direction| format!("{}: ", direction.as_str()));
    let message = escaped(&format!("{way}{}", answer.detail));
    let evidence: Vec<_> = answer.evidence.iter().map(|line| escaped(line)).collect();
    format!("<failure type=\"{}\" message=\"{message}\">{}</failure>", answer.finding, evidence.join("\n"))
}

/// Text for XML, also in an attribute. What XML cannot contain at all is escaped as for a terminal.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in escape::line(text.as_bytes()).to_string().chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\u{fffe}' | '\u{ffff}' => escaped.extend(character.escape_unicode()),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{answer, hop};
    use axum_trailers_client::check::{Direction, Mode, Question};

    #[test]
    fn each_hop_and_mode_is_a_suite_and_each_question_a_case() {
        let mut hop = hop("https://example.com/?a&b");
        let mut lost = answer(Question::Trailers, Outcome::Fail, "dropped");
        lost.direction = Some(Direction::Response);
        lost.evidence = vec!["sent: x-a: <1>".to_owned(), "received: \u{1b}[2J".to_owned()];
        hop.modes[0].answers = vec![
            answer(Question::Te, Outcome::Pass, "arrives"),
            lost,
            answer(Question::GrpcOk, Outcome::Unknown, "not-http2"),
        ];
        let mut unavailable = ModeReport::new(Mode::Http1);
        unavailable.unavailable = Some("connection \"refused\"".to_owned());
        hop.modes.push(unavailable);
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="axum-trailers check" tests="4" failures="1" errors="0" skipped="2">
  <testsuite name="https://example.com/?a&amp;b http2-te" tests="3" failures="1" errors="0" skipped="1">
    <testcase classname="https://example.com/?a&amp;b http2-te" name="te"/>
    <testcase classname="https://example.com/?a&amp;b http2-te" name="trailers">
      <failure type="dropped" message="response: dropped in detail">sent: x-a: &lt;1&gt;
received: \u{1b}[2J</failure>
    </testcase>
    <testcase classname="https://example.com/?a&amp;b http2-te" name="grpc-ok">
      <skipped message="not-http2 in detail"/>
    </testcase>
  </testsuite>
  <testsuite name="https://example.com/?a&amp;b http1" tests="1" failures="0" errors="0" skipped="1">
    <testcase classname="https://example.com/?a&amp;b http1" name="connection">
      <skipped message="connection &quot;refused&quot;"/>
    </testcase>
  </testsuite>
</testsuites>
"#;
        assert_eq!(document(&Report::new(vec![hop])), expected);
    }

    #[test]
    fn hop_that_is_not_reachable_is_an_error() {
        let mut hop = hop("https://example.com/");
        hop.modes[0].unavailable = Some("no connection".to_owned());
        let is_error = |hop: &Hop| {
            let document = document(&Report::new(vec![hop.clone()]));
            document.contains(" errors=\"1\" ") && document.contains("<error message=\"no connection\"/>")
        };
        assert!(!is_error(&hop));
        hop.origin = Origin::Unreachable;
        assert!(is_error(&hop));
    }

    #[test]
    fn question_without_an_answer_is_an_error_and_one_that_does_not_apply_is_skipped() {
        for (finding, expected) in [("no-time", "<error message="), ("not-asked", "<skipped message=")] {
            let mut hop = hop("https://example.com/");
            hop.modes[0].answers = vec![answer(Question::Te, Outcome::Unknown, finding)];
            assert!(document(&Report::new(vec![hop])).contains(expected), "{finding}");
        }
    }

    #[test]
    fn what_xml_cannot_contain_is_escaped() {
        for (text, expected) in [
            ("plain ä 漢 🙂 'a'", "plain ä 漢 🙂 'a'"),
            ("<a b=\"c\">&amp;]]>", "&lt;a b=&quot;c&quot;&gt;&amp;amp;]]&gt;"),
            ("\0\u{8}\u{b}\r\n\u{7f}\u{85}", "\\u{0}\\u{8}\\u{b}\\u{d}\\u{a}\\u{7f}\\u{85}"),
            ("\u{fffe}\u{ffff}\u{2028}", "\\u{fffe}\\u{ffff}\\u{2028}"),
        ] {
            assert_eq!(escaped(text), expected, "{text:?}");
        }
    }
}
