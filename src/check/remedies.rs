//! What fixes a path.

use super::{
    programs::{self, Program},
    remedy::{REMEDIES, Remedy},
};
use axum_trailers_client::check::{Answer, Hop, Mode, Origin, Outcome, Question, Report};
use std::ptr;

/// A remedy for a hop of a report.
#[derive(Debug)]
pub(super) struct Advice<'r> {
    pub(super) hop: &'r Hop,
    pub(super) remedy: &'static Remedy,
    /// The failing questions that it fixes.
    pub(super) cures: Vec<Question>,
    /// How well it is known that it helps.
    pub(super) certainty: Certainty,
}

/// How well it is known that a remedy helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certainty {
    /// It fixes the first of its questions in all modes.
    Fixes,
    /// It fixes the first of its questions in some modes.
    Helps,
    /// The proxy's version decides, and is not known.
    NeedsVersion,
    /// Another program may be at fault, or the origin.
    Possible,
}

/// What fixes the path. What its sentence is about comes first.
pub(super) fn of(report: &Report) -> Vec<Advice<'_>> {
    let subject = report.worst().map(|(_mode, answer)| answer.question);
    let others = Question::ALL.iter().copied().filter(|other| Some(*other) != subject);
    let mut advice: Vec<Advice<'_>> = Vec::new();
    for question in subject.into_iter().chain(others) {
        for (index, hop) in report.hops.iter().enumerate() {
            let failures = failures(report, question, index);
            let programs = programs::programs(hop, report.hops.get(index + 1));
            for (remedy, certainty) in fitting(&programs, &failures) {
                let is_known =
                    |known: &&mut Advice<'_>| known.remedy.says_the_same(remedy) && ptr::eq(known.hop, hop);
                match advice.iter_mut().find(is_known) {
                    Some(known) => known.cures.push(question),
                    None => advice.push(Advice { hop, remedy, cures: vec![question], certainty }),
                }
            }
        }
    }
    if !is_workbench(report) {
        for advice in &mut advice {
            advice.certainty = Certainty::Possible;
        }
    }
    advice
}

fn is_workbench(report: &Report) -> bool {
    report.hops.first().is_some_and(|hop| matches!(hop.origin, Origin::Workbench { .. }))
}

/// An answer that fails, and its mode.
type Failure<'r> = (Mode, &'r Answer);

/// In which ways a question fails at this hop. Without the workbench, only a field that announces what does not come is known
/// to be wrong: a response of another origin may be broken by itself.
fn failures(report: &Report, question: Question, index: usize) -> Vec<Failure<'_>> {
    let modes = report.hops.first().into_iter().flat_map(|hop| &hop.modes);
    let answers = modes.flat_map(|report| report.answers.iter().map(|answer| (report.mode, answer)));
    let only_hop = (report.hops.len() == 1).then_some(0);
    let is_known = |answer: &Answer| is_workbench(report) || answer.finding.starts_with("dropped");
    let is_of_hop = |answer: &Answer| answer.hop.or(only_hop) == Some(index);
    answers
        .filter(|(_, answer)| answer.question == question && answer.outcome == Outcome::Fail)
        .filter(|(_, answer)| is_of_hop(answer) && is_known(answer))
        .collect()
}

/// The first remedy for a program, or one for each range of versions if its version is unknown. Else one for any proxy.
fn fitting(programs: &[Program], failures: &[Failure<'_>]) -> Vec<(&'static Remedy, Certainty)> {
    let all: &'static [Remedy] = &REMEDIES;
    let fixing =
        || all.iter().filter(|remedy| failures.iter().any(|(mode, answer)| remedy.fixes(*mode, answer)));
    let certainty = |remedy: &Remedy| {
        if programs.len() != 1 {
            Certainty::Possible
        } else if failures.iter().all(|(mode, answer)| remedy.fixes(*mode, answer)) {
            Certainty::Fixes
        } else {
            Certainty::Helps
        }
    };
    let mut found = Vec::new();
    for remedy in fixing() {
        let Some(program) = programs.iter().find(|program| remedy.names(program)) else { continue };
        match &program.version {
            Some(version) if remedy.is_for(version) => return vec![(remedy, certainty(remedy))],
            Some(_other) => {}
            None if remedy.has_range() => found.push((remedy, Certainty::NeedsVersion)),
            None => {
                found.push((remedy, certainty(remedy)));
                break;
            }
        }
    }
    if found.is_empty() {
        let is_for_any =
            |remedy: &&Remedy| remedy.names.is_empty() && (programs.is_empty() || !remedy.unnamed);
        found.extend(fixing().find(is_for_any).map(|remedy| (remedy, Certainty::Possible)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{answer, hop};

    fn report(server: Option<&str>, via: &[&str], failing: &[(Question, &'static str)]) -> Report {
        let mut hop = hop("https://example.com/");
        hop.server = server.map(str::to_owned);
        hop.via = via.iter().map(|&value| value.to_owned()).collect();
        let answers = failing.iter().map(|(question, finding)| answer(*question, Outcome::Fail, finding));
        hop.modes[0].answers = answers.collect();
        Report::new(vec![hop])
    }

    /// The lines that fix the trailers of a hop with these fields.
    fn lines(server: Option<&str>, via: &[&str], finding: &'static str) -> Vec<String> {
        let report = report(server, via, &[(Question::Trailers, finding)]);
        of(&report).iter().map(|advice| advice.remedy.lines.join(" ")).collect()
    }

    #[test]
    fn version_in_server_selects_the_lines() {
        for (server, expected) in [
            ("nginx/1.22.1", "grpc_pass grpc://ORIGIN;"),
            ("nginx/1.27.1 (Ubuntu)", "grpc_pass grpc://ORIGIN;"),
            ("nginx/1.27.2", "proxy_http_version 1.1; proxy_set_header TE trailers; proxy_pass_trailers on;"),
            ("nginx/1.30.6", "proxy_set_header TE trailers; proxy_pass_trailers on;"),
            ("NGINX/2.0", "proxy_set_header TE trailers; proxy_pass_trailers on;"),
            ("Caddy", "reverse_proxy h2c://ORIGIN"),
            ("Apache/2.4.62 (Debian)", "ProxyPass / h2://ORIGIN/"),
        ] {
            assert_eq!(lines(Some(server), &[], "not-sent"), [expected], "{server}");
        }
    }

    #[test]
    fn without_a_version_each_range_is_named() {
        let report = |server| report(Some(server), &[], &[(Question::Trailers, "dropped")]);
        let nginx = report("nginx");
        let found = of(&nginx);
        assert_eq!(found.len(), 3);
        assert!(
            found
                .iter()
                .all(|advice| advice.certainty == Certainty::NeedsVersion && advice.remedy.has_range())
        );
        assert_eq!(of(&report("Caddy"))[0].certainty, Certainty::Fixes);
    }

    #[test]
    fn via_names_proxies_that_pass_server_on() {
        for (via, expected) in [
            ("1.1 varnish (Varnish/7.1)", ""),
            ("http/1.1 edge (ApacheTrafficServer/9.2.5)", ""),
            ("2 nghttpx", "backend=HOST,PORT;/;proto=h2"),
            ("1.1 proxy.example (squid/5.7)", ""),
        ] {
            assert_eq!(lines(Some("gunicorn"), &[via], "not-sent"), [expected], "{via}");
        }
    }

    #[test]
    fn among_several_programs_each_is_only_possibly_at_fault() {
        const TRAILERS: [(Question, &str); 1] = [(Question::Trailers, "not-sent")];
        let certainty = |server, via| of(&report(server, via, &TRAILERS))[0].certainty;
        assert_eq!(certainty(Some("nginx/1.30.6"), &[]), Certainty::Fixes);
        assert_eq!(certainty(Some("nginx/1.30.6"), &["1.1 edge"]), Certainty::Possible);
        assert_eq!(certainty(None, &[]), Certainty::Possible);
    }

    #[test]
    fn proxy_without_a_name_is_known_by_what_it_does() {
        assert_eq!(lines(None, &[], "not-sent"), ["http-request set-header TE trailers"]);
        assert!(lines(None, &[], "dropped").is_empty());
        assert!(lines(None, &[], "truncated").is_empty());
        assert!(lines(Some("nginxes/1.0"), &["1.1 my-nginx"], "dropped").is_empty());
        // No lines, only a note.
        assert_eq!(lines(Some("unknown/1.0"), &[], "not-sent"), [""]);
    }

    #[test]
    fn only_findings_that_it_fixes_have_a_remedy() {
        assert!(lines(Some("lighttpd/1.4.69"), &[], "broken")[0].starts_with("setenv"));
        assert!(lines(Some("lighttpd/1.4.85"), &[], "broken").is_empty());
        assert!(lines(Some("squid/5.7"), &[], "dropped").is_empty());
        for finding in ["broken", "changed", "leaked-into-content"] {
            assert!(lines(Some("nginx/1.22.1"), &[], finding).is_empty(), "{finding}");
        }
    }

    #[test]
    fn another_origin_may_be_at_fault_itself() {
        let mut lost = report(Some("nginx/1.22.1"), &[], &[(Question::Trailers, "not-sent")]);
        lost.hops[0].origin = Origin::Other;
        assert!(of(&lost).is_empty());
        lost.hops[0].modes[0].answers[0].finding = "dropped";
        assert_eq!(of(&lost)[0].certainty, Certainty::Possible);
    }

    #[test]
    fn remedy_for_some_modes_only_helps() {
        let mut report = report(Some("Apache/2.4.71"), &[], &[(Question::Trailers, "not-sent")]);
        assert_eq!(of(&report)[0].certainty, Certainty::Fixes);
        let mut http1 = report.hops[0].modes[0].clone();
        http1.mode = Mode::Http1Te;
        report.hops[0].modes.push(http1);
        let found = of(&report);
        assert_eq!((found[0].remedy.lines.len(), found[0].certainty), (1, Certainty::Helps));
        report.hops[0].modes.remove(0);
        assert!(of(&report)[0].remedy.lines.is_empty());
    }

    #[test]
    fn remedy_for_the_worst_answer_comes_first_and_each_once() {
        let failing = [
            (Question::Te, "stripped"),
            (Question::Trailers, "dropped"),
            (Question::RequestTrailers, "breaks-connection"),
        ];
        let lost = report(Some("nginx/1.22.1"), &[], &failing);
        let cured: Vec<_> = of(&lost).into_iter().map(|advice| advice.cures).collect();
        assert_eq!(cured, [vec![Question::Trailers, Question::Te], vec![Question::RequestTrailers]]);
        let harmful = report(Some("nginx/1.22.1"), &[], &[failing[0], (failing[2].0, "merged-into-header")]);
        let cured: Vec<_> = of(&harmful).into_iter().map(|advice| advice.cures).collect();
        assert_eq!(cured, [vec![Question::RequestTrailers], vec![Question::Te]]);
        assert!(of(&report(Some("nginx/1.22.1"), &[], &[])).is_empty());
    }

    #[test]
    fn remedy_is_for_the_hop_at_fault_if_that_is_known() {
        let failing = [(Question::Trailers, "dropped"), (Question::RequestTrailers, "stripped")];
        let mut report = report(Some("Caddy"), &[], &failing);
        let mut next = hop("https://inner.example/");
        next.server = Some("nginx/1.30.6".to_owned());
        report.hops.push(next);
        assert!(of(&report).is_empty());
        report.hops[0].modes[0].answers[0].hop = Some(1);
        report.hops[0].modes[0].answers[1].hop = Some(0);
        let found: Vec<_> =
            of(&report).iter().map(|advice| (&*advice.remedy.names[0], advice.hop.url.host())).collect();
        assert_eq!(found, [("nginx", Some("inner.example")), ("Caddy", Some("example.com"))]);
    }
}
