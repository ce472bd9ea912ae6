//! With several hops: which one is at fault.

use super::{Answer, Hop, Mode, Outcome, hop::Opening};

/// In which mode each mode of a hop is passed on to the next one.
pub(super) type Passing = Vec<(Mode, Mode)>;

/// How the next hop is asked, which is the one with this index of `count`. The origin's record contains it, and
/// for other hops `Via` does, if each hop adds one ([RFC 9110 §7.6.3](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.3)).
/// Otherwise it is HTTP/1.1, which most proxies speak. The next hop is always asked with `TE`: what it does without is the
/// fault of the hop that leaves it out.
pub(super) fn passing(openings: &[Opening], next: usize, count: usize) -> Passing {
    let asked = |opening: &Opening| {
        let record = opening.record.as_ref()?;
        let is_origin = next + 1 == count;
        let via = record.via();
        let proxies = count - next;
        match via.get(1) {
            _ if is_origin => Some(mode_of(record.protocol())),
            Some(protocol) if via.len() == proxies => Some(mode_of(protocol)),
            _ => None,
        }
    };
    let mode = |opening: &Opening| asked(opening).unwrap_or(Mode::Http1Te);
    openings.iter().map(|opening| (opening.path.mode, mode(opening))).collect()
}

/// The mode of a protocol such as `2`, `2.0` or `HTTP/2.0`.
fn mode_of(protocol: &str) -> Mode {
    match protocol.rsplit('/').next().and_then(|version| version.split('.').next()) {
        #[cfg(feature = "http3")]
        Some("3") => Mode::Http3Te,
        Some("2") => Mode::Http2Te,
        _ => Mode::Http1Te,
    }
}

/// Sets the hop at fault of each answer of the first hop that fails: the first one whose next hop passes.
pub(super) fn blame(hops: &mut [Hop], passings: &[Passing]) {
    let [first, rest @ ..] = hops else { return };
    if rest.is_empty() {
        return;
    }
    for report in &mut first.modes {
        let mode = report.mode;
        for answer in report.answers.iter_mut().filter(|answer| answer.outcome == Outcome::Fail) {
            answer.hop = at_fault(rest, passings, mode, answer);
        }
    }
}

/// `rest` are the hops behind the first one. `None` if one of them could not be asked the same.
fn at_fault(rest: &[Hop], passings: &[Passing], mut mode: Mode, of_first: &Answer) -> Option<usize> {
    for (index, (next, passing)) in rest.iter().zip(passings).enumerate() {
        mode = passing.iter().find(|(from, _)| *from == mode).map_or(Mode::Http1Te, |(_, to)| *to);
        let report = next.modes.iter().find(|report| report.mode == mode)?;
        let answer = report.answers.iter().find(|answer| answer.question == of_first.question)?;
        match answer.outcome {
            Outcome::Pass => return Some(index),
            Outcome::Unknown => return None,
            Outcome::Fail if is_made_here(of_first, answer) => return Some(index),
            Outcome::Fail => {}
        }
    }
    Some(rest.len())
}

/// Whether a hop does harm that the next one does not do, although that one fails as well.
fn is_made_here(here: &Answer, next: &Answer) -> bool {
    const HARM: [&str; 3] = ["merged-into-header", "leaked-into-content", "complete"];
    HARM.contains(&here.finding) && here.finding != next.finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{ModeReport, Question};

    fn hop(modes: &[(Mode, Outcome)]) -> Hop {
        hop_with("dropped", modes)
    }

    fn hop_with(finding: &'static str, modes: &[(Mode, Outcome)]) -> Hop {
        let mut hop = Hop::new("http://localhost/".parse().expect("a URL"));
        hop.modes = modes
            .iter()
            .map(|(mode, outcome)| {
                let mut report = ModeReport::new(*mode);
                report.answers = vec![Answer::new(Question::Trailers, *outcome, finding, "")];
                report
            })
            .collect();
        hop
    }

    #[test]
    fn first_hop_whose_next_one_does_better_is_at_fault() {
        use Outcome::{Fail, Pass, Unknown};
        let over_http1 = vec![(Mode::Http2Te, Mode::Http1Te), (Mode::Http1Te, Mode::Http1Te)];
        for (outcomes, expected) in [
            ([Fail, Pass, Pass], Some(0)),
            ([Fail, Fail, Pass], Some(1)),
            ([Fail, Fail, Fail], Some(2)),
            ([Fail, Fail, Unknown], None),
            ([Pass, Fail, Fail], None),
        ] {
            let [first, second, third] = outcomes;
            let mut hops = [
                hop(&[(Mode::Http2Te, first)]),
                hop(&[(Mode::Http1Te, second)]),
                hop(&[(Mode::Http1Te, third)]),
            ];
            blame(&mut hops, &[over_http1.clone(), over_http1.clone()]);
            assert_eq!(hops[0].modes[0].answers[0].hop, expected, "{outcomes:?}");
        }
    }

    #[test]
    fn next_hop_counts_in_the_mode_in_which_it_is_asked() {
        let passing = vec![(Mode::Http2Te, Mode::Http2Te)];
        let next = hop(&[(Mode::Http2Te, Outcome::Fail), (Mode::Http1Te, Outcome::Pass)]);
        let mut hops = [hop(&[(Mode::Http2Te, Outcome::Fail)]), next];
        blame(&mut hops, &[passing]);
        assert_eq!(hops[0].modes[0].answers[0].hop, Some(1));
    }

    #[test]
    fn hop_that_could_not_be_checked_leaves_the_fault_open() {
        let passing = vec![(Mode::Http2Te, Mode::Http1Te)];
        let failing = || hop(&[(Mode::Http2Te, Outcome::Fail)]);
        for next in [hop(&[]), hop_with("no-time", &[(Mode::Http1Te, Outcome::Unknown)])] {
            let mut hops = [failing(), next];
            blame(&mut hops, std::slice::from_ref(&passing));
            assert_eq!(hops[0].modes[0].answers[0].hop, None);
        }
    }

    #[test]
    fn harm_is_the_fault_of_the_hop_that_does_it() {
        let passing = vec![(Mode::Http2Te, Mode::Http1Te)];
        let mut hops = [
            hop_with("merged-into-header", &[(Mode::Http2Te, Outcome::Fail)]),
            hop_with("stripped", &[(Mode::Http1Te, Outcome::Fail)]),
        ];
        blame(&mut hops, &[passing]);
        assert_eq!(hops[0].modes[0].answers[0].hop, Some(0));
    }

    #[test]
    fn one_hop_has_no_one_to_blame() {
        let mut hops = [hop(&[(Mode::Http2Te, Outcome::Fail)])];
        blame(&mut hops, &[]);
        assert_eq!(hops[0].modes[0].answers[0].hop, None);
    }

    #[test]
    fn protocols_of_via_are_read() {
        for (protocol, mode) in [
            #[cfg(feature = "http3")]
            ("HTTP/3", Mode::Http3Te),
            #[cfg(feature = "http3")]
            ("3.0", Mode::Http3Te),
            ("2", Mode::Http2Te),
            ("2.0", Mode::Http2Te),
            ("HTTP/2.0", Mode::Http2Te),
            ("1.1", Mode::Http1Te),
            ("20", Mode::Http1Te),
            ("", Mode::Http1Te),
        ] {
            assert_eq!(mode_of(protocol), mode, "{protocol}");
        }
    }
}
