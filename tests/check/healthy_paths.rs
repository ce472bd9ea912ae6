//! Everything passes a path that loses nothing, and two checks of one path say the same.

use super::{
    checked::{answers, behind, check, failures},
    path::Origins,
};
use crate::support::{
    faulty_proxy::{Fault, FaultyProxy, Setup, Upstream},
    scripted::{Scripted, Step},
    soon,
};
use axum_trailers_client::check::{Conclusion, Mode, Outcome, Question, Report};
use serde_json::Value;
use std::time::Duration;

/// Which answers do not pass, without the directions in which nothing is asked.
fn others(report: &Report) -> Vec<String> {
    answers(report)
        .filter(|(_, answer)| answer.outcome != Outcome::Pass)
        .map(|(mode, answer)| format!("{mode} {} {}", answer.question, answer.finding))
        .collect()
}

/// What a client does not ask, or does not get because it does not ask for trailers.
fn is_expected(other: &str) -> bool {
    ["not-asked", "not-sent"].iter().any(|finding| other.ends_with(finding))
        || ["http1 digest not-received", "http3 digest not-received"].contains(&other)
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_passes_without_a_proxy() {
    let origins = Origins::start();
    for (scheme, address) in [("https", origins.tls.address), ("http", origins.plain.address)] {
        let url = format!("{scheme}://localhost:{}/", address.port());
        let report = soon("a report", Box::pin(check(&url, &[address]).run())).await;
        assert_passes(&report, &url, Mode::TCP);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_passes_over_http3_without_a_proxy() {
    const HTTP3: [Mode; 2] = [Mode::Http3Te, Mode::Http3];
    let origins = Origins::start();
    let address = origins.tls.address;
    let url = format!("https://localhost:{}/", address.port());
    let report = soon("a report", Box::pin(check(&url, &[address]).modes(HTTP3).run())).await;
    assert_passes(&report, &url, &HTTP3);
    let calls = [Question::GrpcOk, Question::GrpcFailure, Question::GrpcTrailersOnly];
    let asked = |question: &Question| {
        let mut answers = answers(&report);
        answers.any(|(mode, answer)| {
            (mode, answer.question, answer.outcome) == (HTTP3[0], *question, Outcome::Pass)
        })
    };
    assert!(calls.iter().chain(&[Question::Continue, Question::CutReset]).all(asked), "{report:#?}");
}

/// The second hop is asked as the first one is: the workbench says over which protocol it was.
#[tokio::test(flavor = "multi_thread")]
async fn next_hop_is_asked_over_http3_as_well() {
    let origins = Origins::start();
    let address = origins.tls.address;
    let url = format!("https://localhost:{}/", address.port());
    let check = check(&url, &[address])
        .hop(url.parse().expect("a URL"))
        .modes([Mode::Http3Te])
        .only([Question::Te, Question::Trailers]);
    let report = soon("a report", Box::pin(check.run())).await;
    let modes: Vec<_> = report.hops.iter().map(|hop| hop.modes[0].mode).collect();
    assert_eq!(modes, [Mode::Http3Te, Mode::Http3Te]);
    assert_eq!(report.conclusion(), Conclusion::Passes, "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_passes_a_proxy_without_a_fault() {
    for index in [0, 1] {
        for upstream in [Upstream::Same, Upstream::Http2] {
            // One for each check, because a workbench keeps the records of a few checks only.
            let origins = Origins::start();
            let report = behind(origins.setups()[index].clone().upstream(upstream)).await;
            assert_passes(&report, &format!("{upstream:?}"), Mode::TCP);
        }
        let origins = Origins::start();
        let report = behind(origins.setups()[index].clone().upstream(Upstream::Http1)).await;
        let calls = ["grpc-ok", "grpc-failure", "grpc-trailers-only"];
        assert_eq!(failures(&report), calls.map(|call| format!("http2-te {call} downgraded request")));
    }
}

fn assert_passes(report: &Report, what: &str, expected: &[Mode]) {
    let others = others(report);
    assert!(others.iter().all(|other| is_expected(other)), "{what}: {others:#?}");
    assert_eq!(report.conclusion(), Conclusion::Passes, "{what}");
    let modes: Vec<_> = report.hops[0].modes.iter().map(|report| report.mode).collect();
    assert_eq!(modes, expected, "{what}");
    for modes in &report.hops[0].modes {
        let asked: Vec<_> = modes.answers.iter().map(|answer| answer.question).collect();
        assert_eq!(asked, Question::ALL, "{what}, {}", modes.mode);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_checks_of_one_path_say_the_same() {
    let origins = Origins::start();
    for fault in [None, Some(Fault::DropTrailers), Some(Fault::MergeRequestTrailers)] {
        for mut setup in origins.setups() {
            setup.fault = fault;
            let proxy = FaultyProxy::start(setup).await;
            let run = || async {
                let report = check(&proxy.url("/"), &[proxy.address]).run();
                soon("a report", Box::pin(report)).await.to_json()
            };
            let (first, second) = (run().await, run().await);
            let lines = |report: &Value| format!("{report:#}").lines().map(str::to_owned).collect::<Vec<_>>();
            let (lines, others) = (lines(&first), lines(&second));
            let differences: Vec<_> = lines.iter().zip(&others).filter(|(one, other)| one != other).collect();
            assert!(first == second, "{fault:?}: {differences:#?}");
        }
    }
}

/// Nothing answers, or nothing listens.
#[tokio::test]
async fn silence_is_not_reachable() {
    let silent = Scripted::plain(vec![Step::Silence]).await;
    let check_of = |url: String| Box::pin(check(&url, &[]).timeout(Duration::from_millis(500)).run());
    let report = soon("a report", check_of(silent.url("/"))).await;
    assert_eq!(report.conclusion(), Conclusion::Unreachable);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    drop(listener);
    let report = soon("a report", check_of(format!("http://{address}/"))).await;
    assert_eq!(report.conclusion(), Conclusion::Unreachable);
    assert!(report.hops[0].modes.iter().all(|mode| mode.unavailable.is_some()));
}

/// The time ends before the proxy has answered.
#[tokio::test(flavor = "multi_thread")]
async fn time_is_limited_and_other_questions_are_answered() {
    let origins = Origins::start();
    let setup = Setup::new(origins.plain.address).plain().fault(Fault::HangOnHead);
    let proxy = FaultyProxy::start(setup).await;
    let check = check(&proxy.url("/"), &[proxy.address])
        .modes([Mode::Http1Te])
        .only([Question::Te, Question::Head])
        .timeout(Duration::from_secs(3));
    let report = soon("a report", Box::pin(check.run())).await;
    let found: Vec<_> = answers(&report).map(|(_, answer)| (answer.question, answer.finding)).collect();
    assert_eq!(found, [(Question::Te, "arrives"), (Question::Head, "no-time")]);
}
