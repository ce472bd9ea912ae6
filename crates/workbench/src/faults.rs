//! Ways in which `/bytes` and `/export` misbehave on request, to test clients and proxies.
//!
//! | Parameter | |
//! |---|---|
//! | `trailers=unannounced` | trailers are sent without `Trailer` |
//! | `trailers=announced_only` | `Trailer` is sent without trailers |
//! | `trailers=without_te` | trailers are sent although the request lacks `TE: trailers` |
//! | `trailers=long` | also a trailer `x-long` of 8,192 bytes |
//! | `length=exact` | `Content-Length` is sent although trailers follow; over HTTP/1.1 none can follow, so they are left out |
//! | `length=short` | only half of what `Content-Length` promises is sent: over HTTP/2 and HTTP/3 the stream ends, over HTTP/1.1 the connection is closed. No trailers follow, unless `trailers` asks for them over HTTP/2 or HTTP/3 |
//! | `break` | `reset`: `RST_STREAM` over HTTP/2, `RESET_STREAM` over HTTP/3, a TCP reset over HTTP/1.1; `close`: `close_notify` and FIN; `alert`: a fatal TLS alert and FIN; `goaway`: `GOAWAY` and FIN, only over HTTP/2 |
//! | `break_at` | where: `head` (instead of the header section), `body` (after half of the content, the default), `chunk` (within a chunk or frame) or `trailers` (instead of the end of the content) |
//!
//! What a protocol does not have gets 400, which says why. Over HTTP/2, `RST_STREAM` and `GOAWAY` can't follow a part of a frame,
//! so `break=reset` and `break=goaway` exclude `break_at=chunk`. HTTP/3 has `reset` and `close`, and no `break_at=chunk`.

use super::query::{Query, bad_request};
use axum_trailers::{
    problem::Problem,
    trailers::{
        Declared, Trailers,
        server::{
            BreakConnection, BreakKind, BreakPoint, ConnectionInfo, FramingOverride, LengthOverride,
            TrailerOverride,
        },
    },
};
use http_02::{Extensions, Request, Version};
use std::fmt;

/// The parameters, as `GET /help` lists them.
pub(super) const TRAILERS: &str = "trailers=unannounced|announced_only|without_te|long";
pub(super) const LENGTH: &str = "length=exact|short";
pub(super) const BREAK: &str = "break=reset|close|alert|goaway";
pub(super) const BREAK_AT: &str = "break_at=head|body|chunk|trailers";

/// What each of them does, for `GET /help`.
pub(super) const EXPLAINED: [(&str, &str); 12] = [
    ("trailers=unannounced", "sends trailers without `Trailer`"),
    ("trailers=announced_only", "sends `Trailer`, and no trailers"),
    ("trailers=without_te", "sends trailers although the request lacks `TE: trailers`"),
    ("trailers=long", "adds the trailer `x-long` of 8,192 bytes"),
    ("length=exact", "sends `Content-Length`, over HTTP/2 and HTTP/3 with trailers behind the content"),
    ("length=short", "sends half of what `Content-Length` announces, and ends the stream or the connection"),
    ("break=reset", "resets the stream (HTTP/2, HTTP/3) or the TCP connection (HTTP/1.1)"),
    ("break=close", "closes the connection as after a complete response"),
    ("break=alert", "ends the connection with a fatal TLS alert"),
    ("break=goaway", "ends the connection with `GOAWAY` (HTTP/2)"),
    (
        "break_at=head|body",
        "breaks instead of the header section, or after half of the content (the default)",
    ),
    ("break_at=chunk|trailers", "breaks within a chunk or frame, or instead of the end of the content"),
];

const X_LONG: &str = "x-long";

/// The size of `x-long`, in bytes.
const LONG: usize = 8 * 1024;

/// What one request asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults {
    trailers: Option<TrailerFault>,
    length: Option<LengthOverride>,
    breaks: Option<BreakConnection>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TrailerFault {
    Override(TrailerOverride),
    Long,
}

impl Faults {
    /// Takes the parameters from a request's query, and checks whether its protocol allows them.
    pub(super) fn take<B>(query: &mut Query, request: &Request<B>) -> Result<Self, Problem> {
        let trailers = query.one_of("trailers", &TRAILER_FAULTS)?;
        let length = query.one_of("length", &LENGTHS)?;
        let kind = query.one_of("break", &KINDS)?;
        let at = query.one_of("break_at", &POINTS)?;
        if kind.is_none() && at.is_some() {
            return Err(bad_request("`break_at` needs `break`"));
        }
        let breaks = kind.map(|kind| BreakConnection::new(kind, at.unwrap_or(BreakPoint::Body)));
        let ends_early = length == Some(LengthOverride::Short) && request.version() >= Version::HTTP_2;
        let trailers = trailers.or(ends_early.then_some(ANNOUNCED_ONLY));
        let faults = Self { trailers, length, breaks };
        if faults.are_for_the_server() {
            faults.check(request)?;
        }
        Ok(faults)
    }

    pub(super) fn is_none(self) -> bool {
        self == Self::default()
    }

    pub(super) fn length(self) -> Option<LengthOverride> {
        self.length
    }

    /// Announces `x-long`, if it is asked for.
    pub(super) fn declare(self, others: Declared) -> Declared {
        if self.trailers != Some(TrailerFault::Long) {
            return others;
        }
        Declared::new(others.iter().chain([X_LONG])).expect("permitted fields")
    }

    /// Adds `x-long`, if it is asked for.
    pub(super) fn add_to(self, trailers: &mut Trailers) {
        if self.trailers == Some(TrailerFault::Long) {
            let letters: Vec<_> = (b'a'..=b'z').cycle().take(LONG).collect();
            trailers.insert(X_LONG, letters.as_slice()).expect("letters make a permitted field");
        }
    }

    /// Asks the server, in the extensions of the response.
    pub(super) fn ask(self, response: &mut Extensions) {
        if let Some(breaks) = self.breaks {
            response.insert(breaks);
        }
        let framing = self.framing();
        if framing != FramingOverride::new() {
            response.insert(framing);
        }
    }

    fn are_for_the_server(self) -> bool {
        self.breaks.is_some() || self.framing() != FramingOverride::new()
    }

    fn framing(self) -> FramingOverride {
        let mut framing = FramingOverride::new();
        if let Some(TrailerFault::Override(trailers)) = self.trailers {
            framing = framing.with_trailers(trailers);
        }
        if let Some(length) = self.length {
            framing = framing.with_length(length);
        }
        framing
    }

    fn check<B>(self, request: &Request<B>) -> Result<(), Problem> {
        let Some(connection) = request.extensions().get::<ConnectionInfo>() else {
            return Err(bad_request("only axum-trailers-server can break a response or frame it wrongly"));
        };
        let version = request.version();
        if let Some(breaks) = self.breaks {
            breaks.check(connection, version).map_err(|why| impossible("break", &why))?;
            if self.length.is_some() && breaks.at() == BreakPoint::Trailers {
                let detail = "`length` and `break_at=trailers` exclude each other: content with a length ends with \
                              its last byte";
                return Err(bad_request(detail));
            }
        }
        let name = if self.length.is_some() { "length" } else { "trailers" };
        self.framing().check(version).map_err(|why| impossible(name, &why))
    }
}

fn impossible(name: &str, why: &dyn fmt::Display) -> Problem {
    bad_request(format!("this `{name}` is not possible: {why}"))
}

const ANNOUNCED_ONLY: TrailerFault = TrailerFault::Override(TrailerOverride::AnnouncedOnly);

const TRAILER_FAULTS: [(&str, TrailerFault); 4] = [
    ("unannounced", TrailerFault::Override(TrailerOverride::Unannounced)),
    ("announced_only", ANNOUNCED_ONLY),
    ("without_te", TrailerFault::Override(TrailerOverride::WithoutTe)),
    ("long", TrailerFault::Long),
];

const LENGTHS: [(&str, LengthOverride); 2] =
    [("exact", LengthOverride::Exact), ("short", LengthOverride::Short)];

const KINDS: [(&str, BreakKind); 4] = [
    ("reset", BreakKind::Reset),
    ("close", BreakKind::Close),
    ("alert", BreakKind::Alert),
    ("goaway", BreakKind::GoAway),
];

const POINTS: [(&str, BreakPoint); 4] = [
    ("head", BreakPoint::Head),
    ("body", BreakPoint::Body),
    ("chunk", BreakPoint::Chunk),
    ("trailers", BreakPoint::Trailers),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(query: &str, version: Version, is_tls: bool) -> Result<Faults, String> {
        let client = ([192, 0, 2, 1], 1).into();
        let mut request =
            Request::get(format!("/bytes/1?{query}")).version(version).body(()).expect("a request");
        request.extensions_mut().insert(ConnectionInfo::new(client, Some(client), is_tls));
        let mut query = Query::from_uri(request.uri());
        Faults::take(&mut query, &request).map_err(|problem| problem.detail().to_owned())
    }

    #[test]
    fn parameters_are_those_of_help() {
        let words = |name: &str, words: &[&str]| format!("{name}={}", words.join("|"));
        assert_eq!(TRAILERS, words("trailers", &TRAILER_FAULTS.map(|(word, _)| word)));
        assert_eq!(LENGTH, words("length", &LENGTHS.map(|(word, _)| word)));
        assert_eq!(BREAK, words("break", &KINDS.map(|(word, _)| word)));
        assert_eq!(BREAK_AT, words("break_at", &POINTS.map(|(word, _)| word)));
    }

    #[test]
    fn request_without_them_asks_for_nothing() {
        let faults = taken("", Version::HTTP_11, true).expect("nothing");
        let mut extensions = Extensions::new();
        faults.ask(&mut extensions);
        assert!(faults.is_none() && extensions.is_empty());
    }

    #[test]
    fn what_is_asked_for_is_in_the_extensions() {
        let faults = taken("break=close&length=exact&trailers=announced_only", Version::HTTP_2, true);
        let mut extensions = Extensions::new();
        faults.expect("possible").ask(&mut extensions);
        assert_eq!(extensions.get(), Some(&BreakConnection::new(BreakKind::Close, BreakPoint::Body)));
        let framing = FramingOverride::new().with_length(LengthOverride::Exact);
        assert_eq!(extensions.get(), Some(&framing.with_trailers(TrailerOverride::AnnouncedOnly)));
    }

    #[test]
    fn short_content_over_http2_has_no_trailers_unless_they_are_asked_for() {
        let short = FramingOverride::new().with_length(LengthOverride::Short);
        for (query, version, expected) in [
            ("length=short", Version::HTTP_11, short),
            ("length=short", Version::HTTP_2, short.with_trailers(TrailerOverride::AnnouncedOnly)),
            ("length=short&trailers=long", Version::HTTP_2, short),
        ] {
            let faults = taken(query, version, true).expect("possible");
            assert_eq!(faults.framing(), expected, "{query} over {version:?}");
        }
    }

    #[test]
    fn impossible_combinations_are_refused_with_the_reason() {
        for (query, version, is_tls, reason) in [
            ("break_at=body", Version::HTTP_2, true, "`break_at` needs `break`"),
            ("break=alert", Version::HTTP_2, false, "this `break` is not possible: an alert needs TLS"),
            ("break=goaway", Version::HTTP_11, true, "this `break` is not possible: a GOAWAY needs HTTP/2"),
            (
                "break=reset&break_at=chunk",
                Version::HTTP_2,
                true,
                "this `break` is not possible: over HTTP/2",
            ),
            (
                "break=close&break_at=trailers&length=exact",
                Version::HTTP_2,
                true,
                "`length` and `break_at=trailers`",
            ),
            ("trailers=without_te", Version::HTTP_10, true, "this `trailers` is not possible: HTTP/1.0"),
            (
                "trailers=unannounced&length=short",
                Version::HTTP_11,
                true,
                "this `length` is not possible: over",
            ),
            (
                "break=now",
                Version::HTTP_2,
                true,
                "`break` must be one of reset, close, alert, goaway, not `now`",
            ),
        ] {
            let refused = taken(query, version, is_tls).expect_err(query);
            assert!(refused.starts_with(reason), "{query}: {refused}");
        }
        let request = Request::get("/bytes/1?break=close").body(()).expect("a request");
        let refused =
            Faults::take(&mut Query::from_uri(request.uri()), &request).expect_err("another server");
        assert!(refused.detail().starts_with("only axum-trailers-server "));
    }

    #[test]
    fn long_trailer_has_letters_in_order() {
        let faults = taken("trailers=long", Version::HTTP_10, false).expect("possible with any server");
        let mut trailers = Trailers::new();
        faults.add_to(&mut trailers);
        let value = trailers.as_map()[X_LONG].as_bytes();
        assert!(value.len() == 8192 && value.starts_with(b"abc") && value[25..].starts_with(b"zab"));
        assert_eq!(faults.declare(Declared::none()).to_field_value().expect("a value"), X_LONG);
    }
}
