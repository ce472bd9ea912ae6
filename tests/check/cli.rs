//! The verb `check` of the binary: options, output and exit codes.

use super::path::Origins;
use crate::support::{
    TestServer,
    client::{CACERT, Place, Ran},
    faulty_proxy::{Fault, FaultyProxy, Setup},
};
use axum::{Router, http::Method};
use axum_trailers_client::check::Question;
use serde_json::{Value, json};
#[cfg(target_os = "linux")]
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};

/// Runs `check` with these arguments.
async fn check(arguments: &[&str]) -> Ran {
    check_in(&Place::new(), arguments).await
}

async fn check_in(place: &Place, arguments: &[&str]) -> Ran {
    place.run(&[&["check", "--cacert", CACERT], arguments].concat()).await
}

/// The options that lead to a proxy, which only listens on IPv4.
fn to(proxy: &FaultyProxy) -> [String; 3] {
    let port = proxy.address.port();
    [proxy.url("/"), "--resolve".to_owned(), format!("localhost:{port}:127.0.0.1")]
}

/// Runs `check` through a proxy to the workbench.
async fn check_through(setup: Setup, arguments: &[&str]) -> Ran {
    let proxy = FaultyProxy::start(setup).await;
    let to = to(&proxy);
    check(&[&to.each_ref().map(String::as_str), arguments].concat()).await
}

fn text(ran: &Ran) -> &str {
    str::from_utf8(&ran.stdout).expect("text")
}

/// A port of [`UNUSED`] on which nothing listens.
#[cfg(target_os = "linux")]
fn unused() -> u16 {
    TcpListener::bind((UNUSED, 0)).expect("a port").local_addr().expect("an address").port()
}

/// No other test uses this address.
#[cfg(target_os = "linux")]
const UNUSED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

const FEW: [&str; 2] = ["--only", "te,trailers,continue"];

#[tokio::test]
async fn exit_code_says_whether_something_is_lost() {
    let origins = Origins::start();
    for setup in origins.setups() {
        let ran = check_through(setup.clone(), &FEW).await;
        assert_eq!((ran.code(), &*ran.stderr), (0, ""), "{ran:?}");
        assert!(text(&ran).starts_with("everything passes through "), "{ran:?}");
        let ran = check_through(setup.fault(Fault::DropTrailers), &FEW).await;
        assert_eq!((ran.code(), &*ran.stderr), (1, ""), "{ran:?}");
    }
    for wrong in [&[][..], &["https://localhost/", "--only", "nothing"], &["https://me@localhost/"]] {
        let ran = check(wrong).await;
        assert_eq!((ran.code(), ran.stdout.len()), (2, 0), "{wrong:?}: {ran:?}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn path_without_a_connection_or_without_time_does_not_pass() {
    let ran = check(&[&format!("https://{UNUSED}:{}/", unused())]).await;
    assert_eq!(ran.code(), 3, "{ran:?}");
    assert!(text(&ran).contains("is not reachable"), "{ran:?}");
    let origins = Origins::start();
    let ran = check_through(Setup::new(origins.tls.address), &["--max-time", "1ms"]).await;
    assert_eq!(ran.code(), 3, "{ran:?}");
    assert!(!text(&ran).contains('✓'), "{ran:?}");
}

#[tokio::test]
async fn text_begins_with_what_is_lost_and_has_a_line_for_it() {
    let origins = Origins::start();
    let setup = Setup::new(origins.tls.address).fault(Fault::DropTrailers);
    let ran = check_through(setup, &FEW).await;
    let text = text(&ran);
    let first = text.split("\n\n").next().expect("a sentence").replace('\n', " ");
    assert!(first.contains("does not pass response trailers on"), "{text}");
    assert!(text.contains("\n✗ trailers (http2-te, http2, http1-te), to the client: "), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(!text.contains('\u{1b}'), "colours are for a terminal: {text}");
}

#[tokio::test]
async fn verbose_text_has_what_both_ends_have_sent_and_received() {
    let origins = Origins::start();
    for (options, has_evidence) in [(&["-v"][..], true), (&[], false)] {
        let ran = check_through(Setup::new(origins.tls.address), &[&FEW, options].concat()).await;
        assert_eq!(text(&ran).contains("the origin received: HTTP/1.1"), has_evidence, "{ran:?}");
    }
}

#[tokio::test]
async fn only_what_is_selected_is_asked() {
    let origins = Origins::start();
    let ran = check_through(
        Setup::new(origins.tls.address),
        &["--only", "continue,te", "--mode", "http1,http2-te", "--json"],
    )
    .await;
    let report = ran.report();
    let modes = report["hops"][0]["modes"].as_array().expect("modes");
    let asked = |mode: &Value| {
        let answers = mode["answers"].as_array().expect("answers").iter();
        (mode["mode"].clone(), answers.map(|answer| answer["question"].clone()).collect::<Vec<_>>())
    };
    let expected = ["http2-te", "http1"].map(|mode| (json!(mode), vec![json!("te"), json!("continue")]));
    assert_eq!(modes.iter().map(asked).collect::<Vec<_>>(), expected, "{report}");
}

#[tokio::test]
async fn http3_is_asked_if_the_command_line_says_so() {
    let origins = Origins::start();
    let port = origins.tls.address.port();
    let resolve = format!("localhost:{port}:127.0.0.1");
    let url = format!("https://localhost:{port}/");
    let ran =
        check(&[&*url, "--resolve", &*resolve, "--http3", "--json", "--only", "te,trailers,continue"]).await;
    assert_eq!(ran.code(), 0, "{ran:?}");
    let report = ran.report();
    let modes: Vec<_> = report["hops"][0]["modes"].as_array().expect("modes").iter().collect();
    assert_eq!(modes.iter().map(|mode| &mode["mode"]).collect::<Vec<_>>(), ["http3-te", "http3"], "{report}");
    let answers = modes[0]["answers"].as_array().expect("answers");
    assert!(answers.iter().all(|answer| answer["outcome"] == "pass"), "{report}");
    // Without HTTP/3 there is no answer.
    let plain = format!("http://localhost:{}/", origins.plain.address.port());
    assert_eq!(check(&[&*plain, "--http3"]).await.code(), 2);
    let ran = check(&[&*plain, "--mode", "http3-te", "--json", "--only", "te"]).await;
    assert_eq!(ran.code(), 3, "{ran:?}");
    let unavailable = ran.report()["hops"][0]["modes"][0]["unavailable"].clone();
    assert_eq!(unavailable, "HTTP/3 needs an https:// URL");
}

#[tokio::test]
async fn json_is_the_same_each_time_and_has_the_exit_code() {
    let origins = Origins::start();
    for fault in [None, Some(Fault::StripTe)] {
        let mut setup = Setup::new(origins.plain.address).plain();
        setup.fault = fault;
        let proxy = FaultyProxy::start(setup).await;
        let url = proxy.url("/");
        // What is held back depends on how busy the machine is.
        let ids = Question::ALL.iter().filter(|question| **question != Question::Streaming);
        let ids: Vec<_> = ids.map(|question| question.id()).collect();
        let only = ids.join(",");
        let arguments = [&*url, "--json", "--only", &*only];
        let (one, other) = (check(&arguments).await, check(&arguments).await);
        let report = one.report();
        assert_eq!(report, other.report());
        let (code, conclusion) = if fault.is_some() { (1, "loses") } else { (0, "passes") };
        assert_eq!((one.code(), &report["exitCode"]), (code, &json!(code)), "{report}");
        assert_eq!(report["conclusion"], conclusion, "{report}");
        assert_eq!(report["remedies"].as_array().expect("remedies").is_empty(), fault.is_none(), "{report}");
    }
}

#[tokio::test]
async fn junit_report_has_a_case_for_each_question_and_fails_what_fails() {
    let origins = Origins::start();
    let proxy = FaultyProxy::start(Setup::new(origins.tls.address).fault(Fault::DropTrailers)).await;
    let place = Place::new();
    let [url, resolve, address] = to(&proxy);
    let arguments = [&[&*url, &*resolve, &*address, "--junit", "check.xml"], &FEW[..]].concat();
    let ran = check_in(&place, &arguments).await;
    assert_eq!(ran.code(), 1, "{ran:?}");
    assert!(text(&ran).contains("✗ trailers"), "the text is printed as well: {ran:?}");
    let xml = String::from_utf8(place.read("check.xml").expect("a report")).expect("UTF-8");
    assert_well_formed(&xml);
    assert_eq!(xml.matches("<testsuite ").count(), 4, "{xml}");
    assert_eq!(xml.matches("<testcase ").count(), 12, "{xml}");
    assert_eq!(xml.matches("<failure type=\"dropped\" ").count(), 3, "{xml}");
    assert!(xml.contains("<testsuites name=\"axum-trailers check\" tests=\"12\" failures=\"3\" "), "{xml}");

    let ran =
        check_in(&place, &[&[&*url, &*resolve, &*address, "--junit", "none/check.xml"], &FEW[..]].concat())
            .await;
    assert_eq!(ran.code(), 11, "{ran:?}");
    assert!(ran.stderr.contains("--junit none/check.xml: "), "{ran:?}");
}

/// Checks that each element ends, in the right order.
fn assert_well_formed(xml: &str) {
    let mut open = Vec::new();
    let rest = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").expect("a declaration");
    for tag in rest.split('<').skip(1).map(|part| part.split_once('>').expect("a tag").0) {
        let name = tag.split([' ', '/']).next().expect("a name");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{xml}");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        assert!(tag.matches('"').count().is_multiple_of(2), "{tag}");
    }
    assert!(open.is_empty() && rest.ends_with("</testsuites>\n"), "{xml}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn workbench_is_served_during_the_check_and_not_longer() {
    let port = unused();
    let resolve = format!("localhost:{port}:{UNUSED}");
    for scheme in ["https", "http"] {
        let (serve, url) = (format!("{scheme}://{UNUSED}:{port}"), format!("{scheme}://localhost:{port}/"));
        let arguments = [&["--serve", &*serve, &*url, "--resolve", &*resolve, "--json"], &FEW[..]].concat();
        let ran = check(&arguments).await;
        assert_eq!((ran.code(), &*ran.stderr), (0, ""), "{ran:?}");
        assert_eq!(ran.report()["hops"][0]["origin"]["kind"], "workbench", "{ran:?}");
        // Also the next one, so the address is free again.
    }
    let _taken = TcpListener::bind((UNUSED, port)).expect("the address");
    let ran = check(&["--serve", &format!("http://{UNUSED}:{port}"), "http://localhost/"]).await;
    assert_eq!((ran.code(), ran.stdout.len()), (11, 0), "{ran:?}");
    assert!(ran.stderr.contains("--serve"), "{ran:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn path_that_does_not_lead_to_the_served_workbench_is_an_error() {
    let elsewhere = TestServer::start(Router::new().fallback(|| async { "no workbench" }));
    let serve = format!("http://{UNUSED}:{}", unused());
    for (arguments, code) in [(&["--serve", &*serve][..], 3), (&[], 0)] {
        let ran = check(&[&[&*elsewhere.url("/")], arguments].concat()).await;
        let is_said = ran.stderr.contains("does not lead to the workbench of --serve");
        assert_eq!((ran.code(), is_said), (code, !arguments.is_empty()), "{ran:?}");
    }
}

#[tokio::test]
async fn hop_that_loses_trailers_is_named() {
    let origins = Origins::start();
    for faulty in [0, 1] {
        let fault = |hop| (hop == faulty).then_some(Fault::DropTrailers);
        let mut inner = Setup::new(origins.plain.address).plain();
        inner.fault = fault(1);
        let inner = FaultyProxy::start(inner).await;
        let mut outer = Setup::new(inner.address).plain();
        outer.fault = fault(0);
        let outer = FaultyProxy::start(outer).await;
        let urls = [outer.url("/"), inner.url("/")];
        let ran = check(&[&[&*urls[0], &*urls[1]], &FEW[..], &["--json"]].concat()).await;
        let report = ran.report();
        assert_eq!((ran.code(), &report["atFault"]), (1, &json!(faulty)), "{report}");
        let ran = check(&[&[&*urls[0], &*urls[1]], &FEW[..]].concat()).await;
        let at_fault = text(&ran).lines().find(|line| line.contains(", at fault ("));
        assert!(at_fault.is_some_and(|line| line.starts_with(&urls[faulty])), "{ran:?}");
    }
}

#[tokio::test]
async fn other_origin_is_half_of_the_picture_and_gets_no_content_unasked() {
    let methods = Arc::<Mutex<Vec<Method>>>::default();
    let seen = methods.clone();
    let app = Router::new().fallback(move |method: Method| async move {
        seen.lock().expect("methods").push(method);
        "no workbench"
    });
    let server = TestServer::start(app);
    let url = server.url("/");
    let ran = check(&[&*url]).await;
    assert!(text(&ran).contains("half of the picture"), "{ran:?}");
    let has_content = || methods.lock().expect("methods").contains(&Method::POST);
    assert!(!has_content(), "{ran:?}");
    check(&[&*url, "--allow-upload"]).await;
    assert!(has_content());
}
