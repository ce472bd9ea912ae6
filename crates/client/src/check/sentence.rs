//! The sentence that matters: which hop loses what.

use super::{Answer, Conclusion, Direction, Hop, Mode, ModeReport, Origin, Outcome, Question, Report};
use http::Uri;

impl Report {
    /// The worst answer of the path, and its mode: what [`sentence`](Self::sentence) is about. `None` if nothing is lost.
    #[must_use]
    pub fn worst(&self) -> Option<(Mode, &Answer)> {
        let modes = self.hops.first().into_iter().flat_map(|hop| &hop.modes);
        let answers = modes.flat_map(|report| report.answers.iter().map(|answer| (report.mode, answer)));
        let failed = answers.filter(|(_, answer)| answer.outcome == Outcome::Fail);
        failed.min_by_key(|(mode, answer)| (rank(answer), *mode))
    }

    /// With several hops, the index of the one that is at fault for the [`worst`](Self::worst) answer.
    #[must_use]
    pub fn at_fault(&self) -> Option<usize> {
        self.worst().and_then(|(_, answer)| answer.hop)
    }

    /// One sentence without a full stop: which hop loses what, and in which modes. It may contain text from the network: escape
    /// it before you print it.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Some(first) = self.hops.first() else { return String::new() };
        match (self.conclusion(), self.worst()) {
            (Conclusion::Unreachable, _) => {
                let trouble = first.modes.iter().find_map(|report| report.unavailable.as_deref());
                format!(
                    "{} is not reachable: {}",
                    authority(&first.url),
                    trouble.unwrap_or("no mode was tried")
                )
            }
            (_, Some((_, answer))) => {
                let hop = answer.hop.and_then(|index| self.hops.get(index));
                let is_open = self.hops.len() > 1 && hop.is_none();
                let subject = if is_open {
                    format!("{} or what is behind it", name(first))
                } else {
                    name(hop.unwrap_or(first))
                };
                let asks = self.failing(answer).any(Mode::sends_te);
                format!("{subject} {}{}", predicate(asks, answer), self.modes_of(answer))
            }
            (Conclusion::Inconclusive, None) => {
                let answers: Vec<_> = first.modes.iter().flat_map(|report| &report.answers).collect();
                if let Some(refused) = answers.iter().find(|answer| answer.finding == "refused") {
                    return format!("{} can't be checked: {}", name(first), refused.detail);
                }
                let lacking = answers.iter().filter(|answer| answer.outcome == Outcome::Unknown).count();
                format!(
                    "{} can't be checked: {lacking} of {} questions have no answer",
                    name(first),
                    answers.len()
                )
            }
            (_, None) => match first.origin {
                Origin::Workbench { .. } => format!("everything passes through {}", name(first)),
                _ => format!(
                    "{}: nothing is lost that is visible from here, which is half the picture without the workbench as \
                     the origin",
                    name(first)
                ),
            },
        }
    }

    /// The modes in which the question of this answer fails.
    fn failing(&self, answer: &Answer) -> impl Iterator<Item = Mode> {
        let question = answer.question;
        let modes = self.hops.first().into_iter().flat_map(|hop| &hop.modes);
        let fails = move |report: &&ModeReport| {
            let of_question = |other: &Answer| other.question == question && other.outcome == Outcome::Fail;
            report.answers.iter().any(of_question)
        };
        modes.filter(fails).map(|report| report.mode)
    }

    /// In which modes an answer fails, if others have another one.
    fn modes_of(&self, answer: &Answer) -> String {
        let modes = self.hops.first().into_iter().flat_map(|hop| &hop.modes);
        let given = modes.filter_map(|report| {
            let same = report.answers.iter().find(|other| other.question == answer.question)?;
            Some((report.mode, same.outcome))
        });
        let (failed, passed): (Vec<_>, Vec<_>) = given
            .filter(|(_, outcome)| *outcome != Outcome::Unknown)
            .partition(|(_, outcome)| *outcome == Outcome::Fail);
        if passed.is_empty() {
            return String::new();
        }
        let names: Vec<_> = failed.iter().map(|(mode, _)| mode.as_str()).collect();
        format!(" ({})", names.join(", "))
    }
}

fn authority(url: &Uri) -> &str {
    url.authority().map_or("", |authority| authority.as_str())
}

/// What a proxy calls itself, or where it is.
fn name(hop: &Hop) -> String {
    let of_via = || {
        let last = hop.via.last()?.rsplit(',').next()?;
        // The protocol comes first, then the name, and perhaps a comment with the product.
        let (_, name) = last.trim().split_once(' ')?;
        Some(name.to_owned())
    };
    let name = hop.server.clone().or_else(of_via);
    match name {
        Some(name) => format!("{name} ({})", authority(&hop.url)),
        None => authority(&hop.url).to_owned(),
    }
}

/// The lower, the worse: first what is a security fault, then what this is about, then what hides a failure.
fn rank(answer: &Answer) -> usize {
    use Question::{
        CutClose, CutReset, CutShort, Digest, Failure, GrpcFailure, GrpcOk, GrpcTrailersOnly, Protocol,
        RequestTrailers, Te, Trailers, TrailersSlow, UploadCut,
    };
    match (answer.question, answer.finding) {
        (RequestTrailers, "merged-into-header") => 0,
        (_, "leaked-into-content") => 1,
        (Trailers, _) => 2,
        (TrailersSlow, _) => 3,
        (UploadCut, _) => 4,
        (CutReset | CutClose | CutShort, "clean-end-unnoticed") => 5,
        (Failure, _) => 6,
        (Digest, _) => 7,
        (CutReset | CutClose | CutShort, _) => 8,
        (RequestTrailers, _) => 9,
        (GrpcOk | GrpcFailure | GrpcTrailersOnly, _) => 10,
        // Something else follows from them.
        (Te | Protocol, _) => 30,
        (question, _) => {
            11 + Question::ALL.iter().position(|other| *other == question).unwrap_or_default().min(18)
        }
    }
}

/// `asks` is whether it fails in a mode that sends TE.
fn predicate(asks: bool, answer: &Answer) -> String {
    use Question::{
        CutClose, CutReset, CutShort, Failure, GrpcFailure, GrpcOk, GrpcTrailersOnly, Length,
        RequestTrailers, Streaming, Te, Trailers, TrailersSlow, UploadCut,
    };
    let is_on_the_way_there = answer.direction == Some(Direction::Request);
    match (answer.question, answer.finding) {
        (Trailers, "not-sent") if !asks => {
            "does not add TE: trailers for clients that do not send it, so its origin sends them no trailers"
                .to_owned()
        }
        (Trailers, "not-sent") => "does not ask its origin for response trailers".to_owned(),
        (Trailers, "merged-into-header") => "merges response trailers into the header section".to_owned(),
        (_, "leaked-into-content") => "appends response trailers to the content".to_owned(),
        (Trailers, "broken") if is_on_the_way_there => "passes no request for trailers on".to_owned(),
        (Trailers, "broken") => "breaks responses with trailers".to_owned(),
        (Trailers, _) => "does not pass response trailers on".to_owned(),
        (TrailersSlow, _) => "does not pass the trailers of slow responses on".to_owned(),
        (RequestTrailers, "merged-into-header") => {
            "merges request trailers into the header section, which is a security fault".to_owned()
        }
        (RequestTrailers, "breaks-connection") => "ends the connection of a request with trailers".to_owned(),
        (RequestTrailers, "breaks-request") => "does not accept requests with trailers".to_owned(),
        (RequestTrailers, _) => "does not pass request trailers on unchanged".to_owned(),
        (UploadCut, _) => "passes an aborted upload on as if complete".to_owned(),
        (CutReset | CutClose | CutShort, "hangs") => "hangs when a transfer is cut at the origin".to_owned(),
        (CutReset | CutClose | CutShort, _) => "turns a cut transfer into one that looks complete".to_owned(),
        (Failure, _) => "loses the failure that trailers report".to_owned(),
        (Streaming, _) => "holds content back until all of it is there".to_owned(),
        (Length, _) => "adds a Content-Length".to_owned(),
        (GrpcOk | GrpcFailure | GrpcTrailersOnly, _) => {
            format!("does not pass gRPC calls on: {}", answer.detail)
        }
        (Te, "stripped") => "removes TE: trailers".to_owned(),
        (question, _) => format!("fails at `{}`: {}", question.title(), answer.detail),
    }
}
