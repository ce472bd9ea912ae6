//! What fixes a path: lines of configuration, from a file with measured ones.

use axum_trailers_client::check::{Answer, Hop, Mode, Outcome, Question, Report};
use serde::Deserialize;
use std::{ptr, sync::LazyLock};

static ALL: LazyLock<Vec<Remedy>> =
    LazyLock::new(|| serde_json::from_str(include_str!("remedies.json")).expect("a test reads it"));

/// What fixes some answers of a proxy.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Remedy {
    /// The proxy's names in `Server` and `Via`. Empty: any proxy, also one without a name.
    pub(super) names: Vec<String>,
    /// The first version that it is for.
    pub(super) from: Option<String>,
    /// The first version that it is no longer for.
    pub(super) before: Option<String>,
    /// The ids of the questions whose answers it fixes.
    cures: Vec<String>,
    /// The findings that it fixes. Empty: all.
    #[serde(default)]
    findings: Vec<String>,
    /// The modes in which it fixes them. Empty: all.
    #[serde(default)]
    modes: Vec<String>,
    /// Whether it is only for proxies without a name.
    #[serde(default)]
    unnamed: bool,
    /// Where the lines belong.
    pub(super) place: Option<String>,
    /// The configuration. Empty: there is none that helps.
    #[serde(default)]
    pub(super) lines: Vec<String>,
    pub(super) note: Option<String>,
    /// What it is known from.
    pub(super) basis: Option<String>,
}

/// A remedy for a hop of a report.
#[derive(Debug)]
pub(super) struct Advice<'r> {
    pub(super) hop: &'r Hop,
    pub(super) remedy: &'static Remedy,
    /// The failing questions that it fixes.
    pub(super) cures: Vec<Question>,
    /// Whether the proxy's name is known, but not its version, and other versions need another remedy.
    pub(super) needs_version: bool,
    /// Whether it fixes the first of these questions in all modes.
    pub(super) is_whole: bool,
}

/// What fixes the path. What its sentence is about comes first.
pub(super) fn of(report: &Report) -> Vec<Advice<'_>> {
    let subject = report.worst().map(|(_mode, answer)| answer.question);
    let others = Question::ALL.iter().copied().filter(|other| Some(*other) != subject);
    let mut advice: Vec<Advice<'_>> = Vec::new();
    for question in subject.into_iter().chain(others) {
        for (hop, failures) in failures(report, question) {
            for (remedy, needs_version) in fitting(hop, question, &failures) {
                let is_known =
                    |known: &&mut Advice<'_>| ptr::eq(known.remedy, remedy) && ptr::eq(known.hop, hop);
                if let Some(known) = advice.iter_mut().find(is_known) {
                    known.cures.push(question);
                    continue;
                }
                let is_whole = failures.iter().all(|failure| remedy.fixes(failure));
                advice.push(Advice { hop, remedy, cures: vec![question], needs_version, is_whole });
            }
        }
    }
    advice
}

/// An answer that fails, and its mode.
type Failure<'r> = (Mode, &'r Answer);

/// What fails on the path, by the hop at fault.
fn failures(report: &Report, question: Question) -> impl Iterator<Item = (&Hop, Vec<Failure<'_>>)> {
    let modes = report.hops.first().into_iter().flat_map(|hop| &hop.modes);
    let failures = modes
        .flat_map(|report| report.answers.iter().map(|answer| (report.mode, answer)))
        .filter(move |(_, answer)| answer.question == question && answer.outcome == Outcome::Fail);
    let failures: Vec<_> = failures.collect();
    let of_hop = move |(index, hop)| {
        let is_of_hop = |(_, answer): &Failure<'_>| answer.hop.unwrap_or_default() == index;
        let failures: Vec<_> = failures.iter().copied().filter(is_of_hop).collect();
        (!failures.is_empty()).then_some((hop, failures))
    };
    report.hops.iter().enumerate().filter_map(of_hop)
}

/// The first remedy for the proxy, or one for each range of versions if its version is unknown. Else one for any proxy.
fn fitting(hop: &Hop, question: Question, failures: &[Failure<'_>]) -> Vec<(&'static Remedy, bool)> {
    let products = products(hop);
    let all: &'static [Remedy] = &ALL;
    let mut found = Vec::new();
    for remedy in all.iter().filter(|remedy| remedy.cures(question, failures)) {
        let Some(product) = products.iter().find(|product| remedy.names(product)) else { continue };
        match &product.version {
            Some(version) if remedy.is_for(version) => return vec![(remedy, false)],
            Some(_other) => {}
            None if remedy.has_range() => found.push((remedy, true)),
            None => {
                found.push((remedy, false));
                break;
            }
        }
    }
    if found.is_empty() {
        let is_for_any = |remedy: &&Remedy| {
            remedy.names.is_empty()
                && (products.is_empty() || !remedy.unnamed)
                && remedy.cures(question, failures)
        };
        found.extend(all.iter().find(is_for_any).map(|remedy| (remedy, false)));
    }
    found
}

impl Remedy {
    fn cures(&self, question: Question, failures: &[Failure<'_>]) -> bool {
        self.cures.iter().any(|id| id == question.id()) && failures.iter().any(|failure| self.fixes(failure))
    }

    fn fixes(&self, (mode, answer): &Failure<'_>) -> bool {
        let is_in = |list: &[String], name: &str| list.is_empty() || list.iter().any(|other| other == name);
        is_in(&self.findings, answer.finding) && is_in(&self.modes, mode.as_str())
    }

    fn names(&self, product: &Product) -> bool {
        self.names.iter().any(|name| name.eq_ignore_ascii_case(&product.name))
    }

    fn is_for(&self, version: &[u32]) -> bool {
        let bound = |text: &Option<String>| text.as_deref().map(numbers);
        bound(&self.from).is_none_or(|from| version >= &*from)
            && bound(&self.before).is_none_or(|before| version < &*before)
    }

    fn has_range(&self) -> bool {
        self.from.is_some() || self.before.is_some()
    }
}

/// A program that a response names.
#[derive(Debug, PartialEq, Eq)]
struct Product {
    name: String,
    version: Option<Vec<u32>>,
}

/// The programs in `Server` and `Via`, such as those of `nginx/1.22.1` and `1.1 varnish (Varnish/7.1)`.
fn products(hop: &Hop) -> Vec<Product> {
    let fields = hop.server.iter().chain(&hop.via);
    let words = fields.flat_map(|value| value.split([' ', '(', ')', ',']));
    let products = words.filter(|word| !word.is_empty()).map(|word| {
        let (name, version) = word.split_once('/').unwrap_or((word, ""));
        let version = numbers(version);
        Product { name: name.to_owned(), version: Some(version).filter(|version| !version.is_empty()) }
    });
    let mut products: Vec<_> = products.collect();
    // The same name may follow with its version.
    products.sort_by_key(|product| product.version.is_none());
    products
}

/// The numbers that a version begins with: 2, 4 and 62 of `2.4.62-dev`.
fn numbers(version: &str) -> Vec<u32> {
    let digits = version.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
    digits.split('.').map_while(|number| number.parse().ok()).collect()
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
    fn each_remedy_is_for_questions_that_exist_and_says_something() {
        for remedy in ALL.iter() {
            assert!(!remedy.cures.is_empty(), "{remedy:?}");
            for id in &remedy.cures {
                assert!(id.parse::<Question>().is_ok(), "{id}");
            }
            assert!(!remedy.lines.is_empty() || remedy.note.is_some(), "{remedy:?}");
            assert!(remedy.basis.is_some() || remedy.names.is_empty(), "{remedy:?}");
            for mode in &remedy.modes {
                assert!(mode.parse::<Mode>().is_ok(), "{mode}");
            }
            for bound in [&remedy.from, &remedy.before].into_iter().flatten() {
                assert!(numbers(bound).len() >= 2, "{bound}");
            }
        }
    }

    #[test]
    fn version_in_server_selects_the_lines() {
        for (server, expected) in [
            ("nginx/1.22.1", "grpc_pass grpc://ORIGIN;"),
            ("nginx/1.27.1 (Ubuntu)", "grpc_pass grpc://ORIGIN;"),
            ("nginx/1.27.2", "proxy_http_version 1.1; proxy_set_header TE trailers; proxy_pass_trailers on;"),
            ("nginx/1.30.6", "proxy_set_header TE trailers; proxy_pass_trailers on;"),
            ("NGINX/2.0", "proxy_set_header TE trailers; proxy_pass_trailers on;"),
            ("Caddy", "header_up TE trailers"),
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
        assert!(found.iter().all(|advice| advice.needs_version && advice.remedy.has_range()));
        assert!(!of(&report("squid"))[0].needs_version);
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
    fn proxy_without_a_name_is_known_by_what_it_does() {
        assert_eq!(lines(None, &[], "not-sent"), ["http-request set-header TE trailers"]);
        assert!(lines(None, &[], "dropped").is_empty());
        assert!(lines(Some("nginxes/1.0"), &["1.1 my-nginx"], "dropped").is_empty());
        // No lines, only a note.
        assert_eq!(lines(Some("unknown/1.0"), &[], "not-sent"), [""]);
    }

    #[test]
    fn finding_selects_among_remedies_of_a_proxy() {
        assert!(lines(Some("lighttpd/1.4.69"), &[], "merged-into-header")[0].starts_with("setenv"));
        assert_eq!(lines(Some("lighttpd/1.4.69"), &[], "not-sent"), [""]);
        assert_eq!(lines(Some("Caddy"), &[], "not-sent"), ["header_up TE trailers"]);
        assert!(lines(Some("Caddy"), &[], "dropped").is_empty());
    }

    #[test]
    fn remedy_for_some_modes_is_not_a_whole_one() {
        let mut report = report(Some("Apache/2.4.71"), &[], &[(Question::Trailers, "not-sent")]);
        assert!(of(&report)[0].is_whole);
        let mut http1 = report.hops[0].modes[0].clone();
        http1.mode = Mode::Http1Te;
        report.hops[0].modes.push(http1);
        let found = of(&report);
        assert_eq!((found[0].remedy.lines.len(), found[0].is_whole), (1, false));
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
    fn remedy_is_for_the_hop_at_fault() {
        let failing = [(Question::Trailers, "dropped"), (Question::RequestTrailers, "stripped")];
        let mut report = report(Some("Caddy"), &[], &failing);
        let mut next = hop("https://inner.example/");
        next.server = Some("nginx/1.30.6".to_owned());
        report.hops.push(next);
        report.hops[0].modes[0].answers[0].hop = Some(1);
        report.hops[0].modes[0].answers[1].hop = Some(0);
        let found: Vec<_> =
            of(&report).iter().map(|advice| (&*advice.remedy.names[0], advice.hop.url.host())).collect();
        assert_eq!(found, [("nginx", Some("inner.example")), ("Caddy", Some("example.com"))]);
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(numbers("2.4.62-dev.1"), [2, 4, 62]);
        assert_eq!(numbers("1."), [1]);
        assert!(numbers("").is_empty() && numbers("dev").is_empty());
        assert!(numbers("99999999999").is_empty());
        assert!(numbers("1.9") < numbers("1.10"));
    }
}
