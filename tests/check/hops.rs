//! With several hops, the check names the one at fault.

use super::{checked::check, path::Origins};
use crate::support::{
    faulty_proxy::{Fault, FaultyProxy, Setup},
    soon,
};
use axum_trailers_client::check::{Conclusion, Mode, Question, Report};

/// Faults with a question that names each.
const FAULTS: [(Fault, Question); 7] = [
    (Fault::StripTe, Question::Te),
    (Fault::DropTrailers, Question::Trailers),
    (Fault::MergeRequestTrailers, Question::RequestTrailers),
    (Fault::HoldBack, Question::Streaming),
    (Fault::EndAtReset, Question::CutReset),
    (Fault::DowngradeToHttp10, Question::Protocol),
    (Fault::DropGrpcStatus, Question::GrpcFailure),
];

/// Two proxies in front of an origin, one of which may have a fault.
async fn through(origins: &Origins, fault: Option<Fault>, at: usize) -> [FaultyProxy; 2] {
    let named = |name, setup| Setup { name, ..setup };
    let of = |index| if index == at { fault } else { None };
    let inner = Setup { fault: of(1), ..Setup::new(origins.tls.address) };
    let inner = FaultyProxy::start(named("inner", inner)).await;
    let edge = Setup { fault: of(0), ..Setup::new(inner.address) };
    [FaultyProxy::start(named("edge", edge)).await, inner]
}

/// A check of all hops, or without those between the first one and the origin.
async fn checked(proxies: &[FaultyProxy], origins: &Origins, questions: &[Question]) -> Report {
    let mut addresses: Vec<_> = proxies.iter().map(|proxy| proxy.address).collect();
    addresses.push(origins.tls.address);
    let urls: Vec<_> =
        addresses.iter().map(|address| format!("https://localhost:{}/", address.port())).collect();
    let mut check = check(&urls[0], &addresses).only(questions.iter().copied());
    for url in &urls[1..] {
        check = check.hop(url.parse().expect("a URL"));
    }
    soon("a report", Box::pin(check.run())).await
}

/// The hop at fault for each answer that fails.
fn blamed(report: &Report) -> Vec<(Mode, Option<usize>)> {
    let answers = report.hops[0].modes.iter().flat_map(|modes| {
        let failed =
            modes.answers.iter().filter(|answer| answer.finding != "no-time" && answer.hop.is_some());
        failed.map(|answer| (modes.mode, answer.hop))
    });
    answers.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn hop_at_fault_is_named() {
    let origins = Origins::start();
    for (fault, question) in FAULTS {
        for at in [0, 1] {
            let proxies = through(&origins, Some(fault), at).await;
            let report = checked(&proxies, &origins, &[question]).await;
            let what = format!("{fault:?} at {at}: {report:#?}");
            assert_eq!(report.hops.len(), 3, "{what}");
            assert_eq!(report.conclusion(), Conclusion::Loses, "{what}");
            assert_eq!(report.at_fault(), Some(at), "{what}");
            let blamed = blamed(&report);
            assert!(!blamed.is_empty() && blamed.iter().all(|(_, hop)| *hop == Some(at)), "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_in_front_of_the_origin_is_named() {
    let origins = Origins::start();
    for (fault, question) in FAULTS {
        let proxy = FaultyProxy::start(Setup::new(origins.tls.address).fault(fault)).await;
        let report = checked(&[proxy], &origins, &[question]).await;
        assert_eq!((report.hops.len(), report.at_fault()), (2, Some(0)), "{fault:?}: {report:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_hop_is_named_if_nothing_is_lost() {
    let origins = Origins::start();
    let proxies = through(&origins, None, 0).await;
    let report = checked(&proxies, &origins, Question::ALL).await;
    assert_eq!((report.conclusion(), report.at_fault()), (Conclusion::Passes, None), "{report:#?}");
    assert!(blamed(&report).is_empty());
}
