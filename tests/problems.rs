//! Rejected requests get a problem document whose members have a fixed order, or in a browser an HTML page with the
//! same facts.

use crate::support::{
    TestServer,
    log::Log,
    protocols::{Client, Protocol, Response, over_each_protocol, read},
    raw, workbench,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Rejected requests: method, target, status, and the members after the four of RFC 9457.
const REFUSED: &[(&str, &str, u16, &[&str])] = &[
    ("GET", "/nothing", 404, &[]),
    ("GET", "/nothing/%3Cb%3E?a=%3Cb%3E", 404, &[]),
    ("DELETE", "/help", 405, &[]),
    ("GET", "/echo", 405, &[]),
    ("GET", "/ui/none", 404, &[]),
    ("GET", "/bytes/x", 400, &["minimum", "maximum"]),
    ("GET", "/bytes/1?sed=1", 400, &["parameters"]),
    ("GET", "/export/nothing", 404, &["tables"]),
    ("GET", "/trailers?content-length=1", 400, &["field"]),
    ("GET", "/files/nothing", 404, &[]),
    ("GET", "/files/", 404, &[]),
    ("DELETE", "/files/nothing", 405, &[]),
    ("PUT", "/files/new", 400, &["expected", "got"]),
];

fn serve() -> (tempfile::TempDir, TestServer) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("here"), "here").expect("written");
    let app = workbench(folder.path()).allow_upload().expect("a folder").router();
    (folder, TestServer::start(app))
}

async fn send(client: &Client, method: &str, target: &str, accept: Option<&str>) -> Response {
    let mut request = client.request(method, target).header("te", "trailers");
    if let Some(accept) = accept {
        request = request.header("accept", accept);
    }
    request.send().await.expect("a response")
}

fn field<'a>(response: &'a Response, name: &str) -> Vec<&'a str> {
    let values = response.headers().get_all(name).iter();
    values.map(|value| value.to_str().expect("text")).collect()
}

over_each_protocol! {
    members_come_in_the_order_of_the_standard_and_then_the_others;
    browser_gets_the_same_facts_as_an_inert_page;
    request_data_is_escaped_on_the_page;
    lone_backquote_of_a_request_stays_on_the_page;
    only_a_client_that_prefers_html_gets_the_page_and_caches_keep_both;
    head_has_the_fields_of_the_page_and_no_content;
    digest_of_a_refused_download_is_that_of_the_page;
    successes_and_rejections_by_the_server_are_unchanged;
    page_has_each_trailer_that_is_announced;
}

async fn members_come_in_the_order_of_the_standard_and_then_the_others(protocol: Protocol) {
    let (_folder, server) = serve();
    let client = protocol.client(server.address).await;
    for (method, target, status, others) in REFUSED {
        let case = format!("{method} {target} over {protocol}");
        let response = send(&client, method, target, None).await;
        assert_eq!(response.status(), *status, "{case}");
        assert_eq!(field(&response, "content-type"), ["application/problem+json"], "{case}");
        let content = read(response).await.expect("no error").content;
        let text = String::from_utf8(content).expect("text");
        // Only top-level members are indented by two spaces.
        let members = text.lines().filter_map(|line| line.strip_prefix("  \""));
        let names: Vec<_> = members.map(|member| member.split_once("\": ").expect("a name").0).collect();
        assert_eq!(names, [&["type", "title", "status", "detail"], *others].concat(), "{case}: {text}");
        let problem: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(problem["status"], *status, "{case}");
    }
}

async fn browser_gets_the_same_facts_as_an_inert_page(protocol: Protocol) {
    let (_folder, server) = serve();
    let client = protocol.client(server.address).await;
    for (method, target, status, others) in REFUSED {
        let case = format!("{method} {target} over {protocol}");
        let json = send(&client, method, target, None).await;
        let page = send(&client, method, target, Some(BROWSER)).await;
        assert_eq!(page.status(), *status, "{case}");
        assert_eq!(field(&page, "content-type"), ["text/html; charset=utf-8"], "{case}");
        assert_eq!(field(&page, "x-content-type-options"), ["nosniff"], "{case}");
        let policy = if target.starts_with("/files/") { "sandbox" } else { POLICY };
        assert_eq!(field(&page, "content-security-policy"), [policy], "{case}");
        for name in ["allow", "vary", "want-content-digest"] {
            assert_eq!(field(&page, name), field(&json, name), "{case}");
        }
        let problem: Value =
            serde_json::from_slice(&read(json).await.expect("no error").content).expect("JSON");
        let page = String::from_utf8(read(page).await.expect("no error").content).expect("text");
        let fact = |name: &str| escaped(problem[name].as_str().expect("text"));
        let heading = format!("{status} {}", fact("title"));
        assert!(page.contains(&format!("<title>{heading}</title>")), "{case}: {page}");
        assert!(
            page.contains(&format!("<h1>{heading}</h1>\n</header>\n<p>{}</p>", marked_up(&fact("detail")))),
            "{case}: {page}"
        );
        assert_eq!(problem["type"], "about:blank", "{case}");
        assert!(!page.contains("about:blank"), "{case}: {page}");
        assert_eq!(page.contains("<dl>"), !others.is_empty(), "{case}: {page}");
        assert!(page.contains("<link rel=\"stylesheet\" href=\"/ui/style.css\">"), "{case}: {page}");
        for name in *others {
            let value = problem[name].as_array().map_or(&problem[name], |values| &values[0]);
            let value = escaped(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            assert!(page.contains(&format!("<dt>{name}</dt>\n<dd>{value}</dd>")), "{case}: {page}");
        }
    }
}

/// Escaped text with code and the link to the routes.
fn marked_up(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let text: String = parts
        .map(|(n, part)| if n % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() })
        .collect();
    text.replace("see /help", "see <a href=\"/help\">/help</a>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

async fn request_data_is_escaped_on_the_page(protocol: Protocol) {
    let (_folder, server) = serve();
    let hostile = "%3Cscript%3Ealert(1)%3C/script%3E%22%27%26amp;";
    let expected = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;amp;";
    let client = protocol.client(server.address).await;
    for target in [format!("/export/orders?{hostile}=1"), format!("/bytes/1?seed={hostile}")] {
        let response = send(&client, "GET", &target, Some(BROWSER)).await;
        assert_eq!(response.status(), 400, "{target} over {protocol}");
        let page = String::from_utf8(read(response).await.expect("no error").content).expect("text");
        assert!(page.contains(expected), "{target} over {protocol}: {page}");
        assert!(!page.contains("<script") && !page.contains("\"'"), "{target} over {protocol}: {page}");
    }
}

async fn lone_backquote_of_a_request_stays_on_the_page(protocol: Protocol) {
    let (_folder, server) = serve();
    let client = protocol.client(server.address).await;
    let response = send(&client, "GET", "/bytes/1?a%60b=1", Some(BROWSER)).await;
    let page = String::from_utf8(read(response).await.expect("no error").content).expect("text");
    assert!(page.contains("`a`b`") && !page.contains("<code>"), "{protocol}: {page}");
}

async fn only_a_client_that_prefers_html_gets_the_page_and_caches_keep_both(protocol: Protocol) {
    let (_folder, server) = serve();
    let cases = [
        (Some(BROWSER), true),
        (Some("text/html"), true),
        (Some("application/json;q=0.5, text/html"), true),
        (None, false),
        (Some("*/*"), false),
        (Some("application/json"), false),
        (Some("application/problem+json, text/html"), false),
        (Some("text/html, application/json"), false),
        (Some("text/html;q=0.5, */*"), false),
        (Some("text/html;q=0"), false),
        (Some("image/png"), false),
        // `EventSource`.
        (Some("text/event-stream"), false),
    ];
    let client = protocol.client(server.address).await;
    for (accept, is_page) in cases {
        for target in ["/nothing", "/files/nothing", "/export/nothing/events"] {
            let case = format!("{target} with {accept:?} over {protocol}");
            let response = send(&client, "GET", target, accept).await;
            let content_type = if is_page { "text/html; charset=utf-8" } else { "application/problem+json" };
            assert_eq!(field(&response, "content-type"), [content_type], "{case}");
            assert_eq!(field(&response, "vary"), ["accept"], "{case}");
            let content = read(response).await.expect("no error").content;
            assert_eq!(content.starts_with(b"<!doctype html>"), is_page, "{case}");
        }
    }
}

async fn head_has_the_fields_of_the_page_and_no_content(protocol: Protocol) {
    let (_folder, server) = serve();
    let client = protocol.client(server.address).await;
    for target in ["/nothing", "/echo", "/bytes/x", "/export/nothing", "/files/nothing"] {
        for accept in [Some(BROWSER), None] {
            let case = format!("{target} with {accept:?} over {protocol}");
            let head = send(&client, "HEAD", target, accept).await;
            let get = send(&client, "GET", target, accept).await;
            assert_eq!(head.status(), get.status(), "{case}");
            for name in ["content-type", "content-security-policy", "vary", "allow"] {
                assert_eq!(field(&head, name), field(&get, name), "{case}");
            }
            let length = field(&head, "content-length").first().map(|length| (*length).to_owned());
            assert!(read(head).await.expect("no error").content.is_empty(), "{case}");
            let length = length.map(|length| length.parse::<usize>().expect("a number"));
            let content = read(get).await.expect("no error").content;
            assert_eq!(length, Some(content.len()), "{case}");
        }
    }
}

async fn digest_of_a_refused_download_is_that_of_the_page(protocol: Protocol) {
    let (_folder, server) = serve();
    let client = protocol.client(server.address).await;
    for accept in [BROWSER, "*/*"] {
        let response = send(&client, "GET", "/files/nothing", Some(accept)).await;
        let ending = read(response).await.expect("no error");
        let digest = format!("sha-256=:{}:", BASE64_STANDARD.encode(Sha256::digest(&ending.content)));
        let trailers = ending.trailers.expect("trailers");
        assert_eq!(trailers["content-digest"], digest, "{accept} over {protocol}");
    }
}

async fn successes_and_rejections_by_the_server_are_unchanged(protocol: Protocol) {
    let (_folder, server) = serve();
    let client = protocol.client(server.address).await;
    for (target, content_type) in [
        ("/te", "application/json"),
        ("/files/here", "application/octet-stream"),
        ("/export/orders?limit=1", "text/csv; charset=utf-8; header=present"),
    ] {
        let response = send(&client, "GET", target, Some(BROWSER)).await;
        assert_eq!(response.status(), 200, "{target} over {protocol}");
        assert_eq!(field(&response, "content-type"), [content_type], "{target} over {protocol}");
    }

    let request =
        format!("GET /nothing HTTP/1.1\r\nhost: a b\r\naccept: {BROWSER}\r\nconnection: close\r\n\r\n");
    let refused = raw::http1(server.address, &request).await;
    assert!(refused.starts_with("HTTP/1.1 400 "), "{refused}");
    assert!(refused.contains("content-type: application/problem+json\r\n"), "{refused}");
    assert!(
        refused.contains("{\n  \"type\": \"about:blank\",\n  \"title\": \"Bad Request\",\n"),
        "{refused}"
    );
}

async fn page_has_each_trailer_that_is_announced(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let (_folder, server) = serve();
    let client = protocol.client(server.address).await;
    for (method, target, ..) in REFUSED {
        let response = send(&client, method, target, Some(BROWSER)).await;
        let announced: Vec<_> = field(&response, "trailer").iter().map(|name| (*name).to_owned()).collect();
        let trailers = read(response).await.expect("whole").trailers.unwrap_or_default();
        let missing: Vec<_> = announced.iter().filter(|name| !trailers.contains_key(*name)).collect();
        assert!(missing.is_empty(), "{protocol} {method} {target}: {missing:?}");
    }

    assert!(!log.text().contains("WARN"), "{}", log.text());
}
