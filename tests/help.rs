//! The curl lines of `GET /help` contain the server's host, and no host that a client sends can do harm in a shell.

use crate::support::{TestServer, clients, http1, raw, soon, workbench};
use axum_trailers_workbench::ROUTES;

const DEFAULT: &str = "localhost:3000";

fn serve() -> TestServer {
    TestServer::start(workbench(".").router())
}

const FORMS: [&str; 3] = ["text/plain", "text/html", "application/json"];

/// Asserts that a response contains the table's curl lines for this server.
fn assert_lines(content: &str, server: &str, case: &str) {
    let content = content.replace("&#39;", "'").replace("&gt;", ">").replace("&amp;", "&");
    for route in ROUTES {
        let line = route.curl().replace(DEFAULT, server);
        let is_there = content.lines().any(|listed| {
            let listed = listed.trim().trim_start_matches("<pre>").trim_end_matches("</pre>");
            listed == line || listed == format!("\"curl\": {},", serde_json::Value::from(line.as_str()))
        });
        assert!(is_there, "{case}: no {line} in\n{content}");
    }
    let others = content.matches("https://").count() - content.matches(&format!("https://{server}/")).count();
    assert_eq!(others, 0, "{case}: an address of another server in\n{content}");
}

#[tokio::test]
async fn curl_lines_have_the_host_and_port_of_the_request() {
    let server = serve();
    for host in ["example.org", "example.org:8443", "192.0.2.1:3000", "[2001:db8::1]:8443", "A-b_c.~d"] {
        for accept in FORMS {
            assert_lines(&over_http1(&server, "/help", host, accept).await, host, host);
            assert_lines(&over_http2(&server, host, accept).await, host, host);
        }
    }
}

/// All of these are valid hosts by the grammar, so the server accepts them.
#[tokio::test]
async fn host_that_a_shell_would_read_is_replaced_by_the_default() {
    let server = serve();
    for host in ["a';id;'", "$(id)", "a&b", "(a)", "a*"] {
        for accept in FORMS {
            assert_lines(&over_http1(&server, "/help", host, accept).await, DEFAULT, host);
            assert_lines(&over_http2(&server, host, accept).await, DEFAULT, host);
        }
    }
    // The test's HTTP/2 client can't send these.
    for host in ["a%27b", "[v1.a]", "a:65536"] {
        assert_lines(&over_http1(&server, "/help", host, "text/plain").await, DEFAULT, host);
    }
    // Only HTTP/1.0 allows requests without a host.
    let response = raw::http1(server.address, "GET /help HTTP/1.0\r\n\r\n").await;
    assert_lines(&response, DEFAULT, "no host");
}

#[tokio::test]
async fn authority_of_an_absolute_target_replaces_host() {
    let server = serve();
    let response = over_http1(&server, "https://a.example:1/help", "a.example:1", "text/plain").await;
    assert_lines(&response, "a.example:1", "the same one");
    let response = over_http1(&server, "https://a.example:1/help", "b.example:2", "text/plain").await;
    assert_lines(&response, "a.example:1", "another one");
}

#[tokio::test]
async fn no_cache_keeps_the_lines_of_one_client_for_another() {
    let server = serve();
    for (protocol, client) in clients() {
        for accept in FORMS {
            let request = client.get(server.url("/help")).header("accept", accept);
            let response = request.send().await.expect("a response");
            assert_eq!(response.headers()["cache-control"], "no-store", "{accept} over {protocol}");
            assert_eq!(response.headers()["vary"], "accept", "{accept} over {protocol}");
        }
    }
}

async fn over_http1(server: &TestServer, target: &str, host: &str, accept: &str) -> String {
    let request =
        format!("GET {target} HTTP/1.1\r\nhost: {host}\r\naccept: {accept}\r\nconnection: close\r\n\r\n");
    raw::http1(server.address, &request).await
}

async fn over_http2(server: &TestServer, host: &str, accept: &str) -> String {
    let mut client = raw::http2(server.address).await;
    let request = http::Request::get(format!("https://{host}/help")).header("accept", accept);
    let (response, _) = client.send_request(request.body(()).expect("a request"), true).expect("sent");
    let mut response = soon("a response", response).await.expect("a response");
    assert_eq!(response.status(), 200, "{host}");
    let content = raw::http2_read(response.body_mut()).await.expect("whole");
    String::from_utf8(content).expect("text")
}

#[tokio::test]
async fn browsers_get_a_page_with_all_routes() {
    let server = serve();
    for (protocol, client) in clients() {
        let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let response =
            client.get(server.url("/help")).header("accept", accept).send().await.expect("a response");
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8", "{protocol}");
        let policy = response.headers()["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'; "), "{policy}");
        let page = response.text().await.expect("text");
        for route in ROUTES {
            assert!(
                page.contains(&format!("<h2><code>{} {}</code></h2>", route.method, route.path)),
                "{page}"
            );
        }
        assert!(!page.contains('`') && page.contains("<code>Accept</code>"), "code is marked up: {page}");
        assert_eq!(page.matches("<section>").count(), page.matches("</section>").count());
    }
}

#[tokio::test]
async fn curl_lines_of_a_plain_listener_work_without_tls() {
    let server = TestServer::plain(workbench(".").router(), |server| server);
    let url = format!("http://localhost:{}", server.address.port());
    let text =
        http1().get(format!("{url}/help")).send().await.expect("a response").text().await.expect("text");
    assert!(text.contains(&format!("  curl -v --no-buffer '{url}/'\n")), "{text}");
    assert!(!text.contains("https://") && !text.contains(" -k "), "{text}");
}
