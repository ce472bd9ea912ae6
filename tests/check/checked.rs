//! Checks through proxies of these tests.

use crate::support::{
    CERTIFICATE,
    faulty_proxy::{FaultyProxy, Setup},
};
use axum_trailers_client::{
    Connector, Tls,
    check::{Answer, Check, Mode, Outcome, Report},
};
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

/// Enough for a busy machine, and for a proxy that hangs in each mode.
const LONG: Duration = Duration::from_secs(150);

/// A check of what listens here, with defaults.
pub(super) fn check(url: &str, addresses: &[SocketAddr]) -> Check {
    let tls = Tls::trusting_pem(CERTIFICATE).expect("a certificate");
    let connector = addresses.iter().fold(Connector::new().tls(tls), |connector, address| {
        connector.resolve("localhost", address.port(), [Ipv4Addr::LOCALHOST.into()])
    });
    Check::new(url.parse().expect("a URL")).connector(connector)
}

/// What a check finds behind a proxy.
pub(super) async fn behind(setup: Setup) -> Report {
    let proxy = FaultyProxy::start(setup).await;
    let check = check(&proxy.url("/"), &[proxy.address]).timeout(LONG);
    Box::pin(check.run()).await
}

/// What fails: mode, question, finding and direction.
pub(super) fn failures(report: &Report) -> Vec<String> {
    let mut failures = Vec::new();
    for (mode, answer) in answers(report) {
        if answer.outcome == Outcome::Fail {
            let direction = answer.direction.map_or("", |direction| direction.as_str());
            failures
                .push(format!("{mode} {} {} {direction}", answer.question, answer.finding).trim().to_owned());
        }
    }
    failures
}

pub(super) fn answers(report: &Report) -> impl Iterator<Item = (Mode, &Answer)> {
    report.hops[0].modes.iter().flat_map(|modes| modes.answers.iter().map(|answer| (modes.mode, answer)))
}
