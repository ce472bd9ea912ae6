//! A check names each fault of a proxy, in the right direction, and nothing else.

use super::{
    checked::{answers, behind, failures},
    path::Origins,
};
use crate::support::faulty_proxy::Fault;
use axum_trailers_client::check::{Outcome, Report};
use std::{collections::BTreeSet, sync::Arc};
use tokio::{sync::Semaphore, task::JoinSet};

/// How many checks run at once. More would be slow enough to be taken for proxies that hang.
const AT_ONCE: usize = 2;

/// Modes, questions, and what is found: a finding and a direction.
type Row = (&'static str, &'static str, &'static str);

const ALL: &str = "http2-te http2 http1-te http1";
const HTTP2: &str = "http2-te http2";
const HTTP1: &str = "http1-te http1";
const TE: &str = "http2-te http1-te";
/// Those in which the client gets trailers.
const WITH_TRAILERS: &str = "http2-te http2 http1-te";

const TRAILERS: &str =
    "trailers trailers-slow trailers-several trailers-repeated trailers-long trailers-unannounced";
const GRPC: &str = "grpc-ok grpc-failure grpc-trailers-only";

/// What fails behind a proxy with each fault.
const FAULTS: &[(Fault, &[Row])] = &[
    (Fault::StripTe, &[(TE, "te", "stripped request"), ("http1-te", TRAILERS, "not-sent request")]),
    (Fault::AddTe, &[]),
    (Fault::DoubleTe, &[(TE, "te", "doubled request")]),
    (
        Fault::DropTrailers,
        &[
            (WITH_TRAILERS, TRAILERS, "dropped response"),
            (WITH_TRAILERS, "failure", "lost response"),
            ("http2-te", "grpc-ok grpc-failure", "status-lost response"),
        ],
    ),
    (
        Fault::DropTrailersAndAnnouncement,
        &[
            (
                WITH_TRAILERS,
                "trailers trailers-slow trailers-several trailers-repeated trailers-long",
                "dropped-with-announcement response",
            ),
            (WITH_TRAILERS, "trailers-unannounced", "dropped response"),
            (WITH_TRAILERS, "failure", "lost response"),
            ("http2-te", "grpc-ok grpc-failure", "status-lost response"),
        ],
    ),
    (
        Fault::MergeTrailers,
        &[(WITH_TRAILERS, TRAILERS, "merged-into-header response"), (ALL, "streaming", "held-back response")],
    ),
    (
        Fault::LeakTrailers,
        &[
            (WITH_TRAILERS, TRAILERS, "leaked-into-content response"),
            (WITH_TRAILERS, "digest", "differs response"),
            (WITH_TRAILERS, "failure", "lost response"),
            ("http2-te", "grpc-ok grpc-failure", "status-lost response"),
        ],
    ),
    (
        Fault::DropTrailersOfShort,
        &[
            (
                WITH_TRAILERS,
                "trailers trailers-several trailers-repeated trailers-long trailers-unannounced",
                "dropped response",
            ),
            (WITH_TRAILERS, "timing", "differs response"),
            (WITH_TRAILERS, "failure", "lost response"),
            ("http2-te", "grpc-ok grpc-failure", "status-lost response"),
        ],
    ),
    (
        Fault::DropTrailersOfSlow,
        &[
            (WITH_TRAILERS, "trailers-slow", "dropped response"),
            (WITH_TRAILERS, "timing", "differs response"),
        ],
    ),
    (Fault::JoinTrailers, &[(WITH_TRAILERS, "trailers-repeated", "joined response")]),
    (Fault::ReorderTrailers, &[(WITH_TRAILERS, "trailers-repeated", "reordered response")]),
    (
        Fault::DropSecondTrailer,
        &[
            (WITH_TRAILERS, "trailers-slow trailers-several", "dropped-in-part response"),
            (WITH_TRAILERS, "timing", "differs response"),
            (WITH_TRAILERS, "trailers-long", "dropped response"),
            ("http2-te", "grpc-ok", "status-lost response"),
        ],
    ),
    (Fault::TruncateLongTrailers, &[(WITH_TRAILERS, "trailers-long", "truncated response")]),
    (Fault::DropLongTrailers, &[(WITH_TRAILERS, "trailers-long", "dropped response")]),
    (
        Fault::DropUnannouncedTrailers,
        &[
            (WITH_TRAILERS, "trailers-unannounced", "dropped response"),
            (HTTP2, "failure", "lost response"),
            ("http2-te", "grpc-ok grpc-failure", "status-lost response"),
        ],
    ),
    (
        Fault::ChangeTrailers,
        &[
            (WITH_TRAILERS, TRAILERS, "changed response"),
            ("http2-te", "grpc-ok grpc-failure", "status-changed response"),
        ],
    ),
    (Fault::HoldBack, &[(ALL, "streaming", "held-back response")]),
    (
        Fault::AddLength,
        &[
            (ALL, "streaming", "held-back response"),
            (ALL, "length", "added response"),
            ("http1-te", TRAILERS, "dropped response"),
            ("http1-te", "failure", "lost response"),
        ],
    ),
    (Fault::Compress, &[(ALL, "coding", "added response"), (ALL, "digest", "differs response")]),
    (Fault::CompressIfAccepted, &[(ALL, "coding", "added response")]),
    (Fault::ChangeContent, &[(WITH_TRAILERS, "digest", "differs response")]),
    (
        Fault::DowngradeToHttp11,
        &[("http2-te", GRPC, "downgraded request"), ("http2", TRAILERS, "not-sent request")],
    ),
    (
        Fault::DowngradeToHttp10,
        &[
            (ALL, "protocol", "downgraded-to-http1.0 request"),
            (
                WITH_TRAILERS,
                "trailers trailers-slow trailers-several trailers-repeated trailers-long",
                "not-sent request",
            ),
            (ALL, "cut-close", "clean-end-unnoticed response"),
            (ALL, "request-trailers", "stripped request"),
            ("http2-te", GRPC, "downgraded request"),
        ],
    ),
    (
        Fault::EndAtReset,
        &[
            (WITH_TRAILERS, "cut-reset", "clean-end-noticed response"),
            ("http1", "cut-reset", "clean-end-unnoticed response"),
        ],
    ),
    (
        Fault::EndAtClose,
        &[
            (WITH_TRAILERS, "cut-close", "clean-end-noticed response"),
            ("http1", "failure", "lost response"),
            ("http1", "cut-close", "clean-end-unnoticed response"),
        ],
    ),
    (
        Fault::EndAtShort,
        &[
            (HTTP2, "cut-short", "clean-end-noticed response"),
            (HTTP1, "cut-short", "clean-end-unnoticed response"),
        ],
    ),
    (
        Fault::HangAfterCut,
        &[(ALL, "cut-reset cut-close cut-short", "hangs response"), ("http1", "failure", "hangs response")],
    ),
    (Fault::LoseFailure, &[(WITH_TRAILERS, "failure", "lost response")]),
    (Fault::StripRequestTrailers, &[(ALL, "request-trailers", "stripped request")]),
    (Fault::JoinRequestTrailers, &[(ALL, "request-trailers", "joined request")]),
    (Fault::MergeRequestTrailers, &[(ALL, "request-trailers", "merged-into-header request")]),
    (Fault::RefuseRequestTrailers, &[(ALL, "request-trailers", "breaks-request request")]),
    (Fault::FailRequestTrailers, &[(ALL, "request-trailers", "breaks-request request")]),
    (
        Fault::CloseAtRequestTrailers,
        &[
            (HTTP2, "request-trailers", "breaks-connection request"),
            (HTTP1, "request-trailers", "breaks-request request"),
        ],
    ),
    (Fault::CompleteCutUpload, &[(ALL, "upload-cut", "complete request")]),
    (Fault::LoseContinue, &[(HTTP1, "continue", "lost response")]),
    (Fault::DoubleContinue, &[(HTTP1, "continue", "doubled response")]),
    (Fault::HangOnExpect, &[(HTTP1, "continue", "hangs")]),
    (Fault::RefuseExpect, &[(HTTP1, "continue", "refused request")]),
    (Fault::ContentAfterHead, &[(ALL, "head", "has-content response")]),
    (Fault::HangOnHead, &[(ALL, "head", "hangs response")]),
    (Fault::NoContentWithContent, &[(ALL, "no-content", "has-content response")]),
    (Fault::NoContentAsOk, &[(ALL, "no-content", "changed response")]),
    (Fault::NotModifiedWithContent, &[(ALL, "not-modified", "has-content response")]),
    (Fault::NotModifiedAsOk, &[(ALL, "not-modified", "changed response")]),
    (Fault::DropGrpcStatus, &[("http2-te", GRPC, "status-lost response")]),
    (Fault::ChangeGrpcStatus, &[("http2-te", GRPC, "status-changed response")]),
    (Fault::RefuseGrpc, &[("http2-te", GRPC, "refused")]),
    (Fault::FailGrpc, &[("http2-te", GRPC, "refused")]),
];

/// Of the rest, each answer is good or has one of these reasons for being none. On a busy machine, the origin's pauses are too
/// short to compare: `no-response`.
const REASONS: [&str; 5] = ["not-asked", "not-sent", "not-received", "not-possible", "no-response"];

/// Those that concern connections, which TLS changes.
const OF_CONNECTIONS: [Fault; 6] = [
    Fault::EndAtReset,
    Fault::EndAtClose,
    Fault::EndAtShort,
    Fault::HangAfterCut,
    Fault::CloseAtRequestTrailers,
    Fault::CompleteCutUpload,
];

#[test]
fn each_fault_has_its_rows() {
    let of_table: Vec<_> = FAULTS.iter().map(|(fault, _)| *fault).collect();
    assert_eq!(of_table, Fault::ALL);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_named_and_nothing_else() {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut checks = JoinSet::new();
    let over_tls = FAULTS.iter().filter(|(fault, _)| OF_CONNECTIONS.contains(fault)).map(|row| (true, row));
    for (is_tls, (fault, rows)) in FAULTS.iter().map(|row| (false, row)).chain(over_tls) {
        let places = places.clone();
        checks.spawn(async move {
            let _place = places.acquire_owned().await.expect("it is never closed");
            // One for each check, because a workbench keeps the records of a few checks only.
            let origins = Origins::start();
            let setup = if is_tls { origins.tls_setup() } else { origins.plain_setup() };
            let mistakes = mistakes(&behind(setup.fault(*fault)).await, rows);
            mistakes.map(|mistakes| format!("{fault:?}, TLS: {is_tls}: {mistakes}"))
        });
    }
    let mistakes: Vec<_> = checks.join_all().await.into_iter().flatten().collect();
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

fn mistakes(report: &Report, rows: &[Row]) -> Option<String> {
    let mut expected = BTreeSet::new();
    for (modes, questions, found) in rows {
        for mode in modes.split(' ') {
            expected.extend(questions.split(' ').map(|question| format!("{mode} {question} {found}")));
        }
    }
    let found: BTreeSet<_> = failures(report).into_iter().collect();
    let unanswered: Vec<_> = answers(report)
        .filter(|(_, answer)| answer.outcome == Outcome::Unknown && !REASONS.contains(&answer.finding))
        .map(|(mode, answer)| format!("{mode} {} {}", answer.question, answer.finding))
        .collect();
    if found == expected && unanswered.is_empty() && answers(report).count() > 0 {
        return None;
    }
    let missing: Vec<_> = expected.difference(&found).collect();
    let more: Vec<_> = found.difference(&expected).collect();
    Some(format!("missing {missing:?}, too many {more:?}, without an answer {unanswered:?}"))
}
