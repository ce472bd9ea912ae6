//! The programs that responses name.

use axum_trailers_client::check::Hop;

/// A program, such as that of `nginx/1.22.1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) version: Option<Version>,
}

/// Numbers that are compared in their order.
pub(super) type Version = Vec<u32>;

/// The programs in `Server` and `Via` of a hop, each name once, with its version if one of the fields has it. What the responses
/// of the next hop name as well is behind this one.
pub(super) fn programs(hop: &Hop, next: Option<&Hop>) -> Vec<Program> {
    let behind = next.map(named).unwrap_or_default();
    let mut programs: Vec<Program> = Vec::new();
    for program in named(hop).into_iter().filter(|program| !behind.contains(program)) {
        match programs.iter_mut().find(|known| known.name.eq_ignore_ascii_case(&program.name)) {
            Some(known) => known.version = known.version.take().or(program.version),
            None => programs.push(program),
        }
    }
    programs
}

fn named(hop: &Hop) -> Vec<Program> {
    let server = hop.server.iter().filter_map(|server| server.split(' ').next());
    let via = hop.via.iter().flat_map(|line| line.split(',')).filter_map(of_via);
    server.chain(via).filter(|program| !program.is_empty()).map(Program::parse).collect()
}

/// The program of an element of `Via`, such as those of `1.1 varnish (Varnish/7.1)` and `2 nghttpx`. A comment names it better
/// than a host does ([RFC 9110 §7.6.3](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.3)).
fn of_via(element: &str) -> Option<&str> {
    let (received_by, comment) = element.split_once('(').unwrap_or((element, ""));
    let comment =
        comment.trim_end().trim_end_matches(')').split(' ').next().filter(|word| word.contains('/'));
    comment.or_else(|| received_by.split_whitespace().nth(1))
}

impl Program {
    fn parse(word: &str) -> Self {
        let (name, version) = word.split_once('/').unwrap_or((word, ""));
        let version = version_of(version);
        Self { name: name.to_owned(), version: Some(version).filter(|version| !version.is_empty()) }
    }
}

/// The numbers that a version begins with: 2, 4 and 62 of `2.4.62-dev`.
pub(super) fn version_of(text: &str) -> Version {
    let digits = text.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
    digits.split('.').map_while(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(server: Option<&str>, via: &[&str]) -> Hop {
        let mut hop = Hop::new("https://example.com/".parse().expect("a URL"));
        hop.server = server.map(str::to_owned);
        hop.via = via.iter().map(|&line| line.to_owned()).collect();
        hop
    }

    /// As `name` or `name/1.2`.
    fn names(hop: &Hop, next: Option<&Hop>) -> Vec<String> {
        let written = |program: Program| match program.version {
            Some(version) => format!(
                "{}/{}",
                program.name,
                version.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
            ),
            None => program.name,
        };
        programs(hop, next).into_iter().map(written).collect()
    }

    #[test]
    fn each_program_of_server_and_via_is_named_once() {
        for (server, via, expected) in [
            (None, &[][..], &[][..]),
            (Some(""), &[""], &[]),
            (Some("nginx/1.22.1 (Debian)"), &[], &["nginx/1.22.1"]),
            (Some("Apache/2.4.71 (Debian) OpenSSL/3.0.19"), &[], &["Apache/2.4.71"]),
            (None, &["1.1 varnish (Varnish/7.1)"], &["Varnish/7.1"]),
            (
                None,
                &["http/1.1 edge.example (ApacheTrafficServer/9.2.5 [cMsSf])"],
                &["ApacheTrafficServer/9.2.5"],
            ),
            (Some("nghttpx"), &["2 nghttpx"], &["nghttpx"]),
            (Some("nginx"), &["1.1 edge", "1.1 a (squid/5.7), 2 b"], &["nginx", "edge", "squid/5.7", "b"]),
            (Some("nginx"), &["1.1 x (nginx/1.30.6)"], &["nginx/1.30.6"]),
            (None, &["1.1", "()", "1.1 a (a comment)"], &["a"]),
        ] {
            assert_eq!(names(&hop(server, via), None), expected, "{server:?} {via:?}");
        }
    }

    #[test]
    fn what_the_next_hop_names_as_well_is_behind_this_one() {
        let next = hop(Some("nginx/1.22.1"), &["1.1 inner"]);
        assert_eq!(names(&hop(Some("nginx/1.22.1"), &["1.1 inner", "2 edge"]), Some(&next)), ["edge"]);
        assert_eq!(names(&hop(Some("nginx/1.30.6"), &["1.1 inner"]), Some(&next)), ["nginx/1.30.6"]);
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version_of("2.4.62-dev.1"), [2, 4, 62]);
        assert_eq!(version_of("1."), [1]);
        assert!(version_of("").is_empty() && version_of("dev").is_empty());
        assert!(version_of("99999999999").is_empty());
        assert!(version_of("1.9") < version_of("1.10"));
    }
}
