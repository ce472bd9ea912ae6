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
        || other == "http1 digest not-received"
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_passes_without_a_proxy() {
    let origins = Origins::start();
    for (scheme, address) in [("https", origins.tls.address), ("http", origins.plain.address)] {
        let url = format!("{scheme}://localhost:{}/", address.port());
        let report = soon("a report", Box::pin(check(&url, &[address]).run())).await;
        assert_passes(&report, &url);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_passes_a_proxy_without_a_fault() {
    for index in [0, 1] {
        for upstream in [Upstream::Same, Upstream::Http2] {
            // One for each check, because a workbench keeps the records of a few checks only.
            let origins = Origins::start();
            let report = behind(origins.setups()[index].clone().upstream(upstream)).await;
            assert_passes(&report, &format!("{upstream:?}"));
        }
        let origins = Origins::start();
        let report = behind(origins.setups()[index].clone().upstream(Upstream::Http1)).await;
        let calls = ["grpc-ok", "grpc-failure", "grpc-trailers-only"];
        assert_eq!(failures(&report), calls.map(|call| format!("http2-te {call} downgraded request")));
    }
}

fn assert_passes(report: &Report, what: &str) {
    let others = others(report);
    assert!(others.iter().all(|other| is_expected(other)), "{what}: {others:#?}");
    assert_eq!(report.conclusion(), Conclusion::Passes, "{what}");
    let modes: Vec<_> = report.hops[0].modes.iter().map(|report| report.mode).collect();
    assert_eq!(modes, Mode::TCP, "{what}");
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
