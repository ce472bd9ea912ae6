//! The workbench's table of routes is correct: each row works over both protocols, and everything generated from the
//! table agrees with it.

use crate::support::{PATIENCE, TestServer, clients, read, workbench};
use axum_trailers_workbench::{ROUTES, Route};
use serde_json::Value;
use std::{collections::BTreeSet, fmt::Write, fs, path::Path, time::Duration};

fn serve() -> (tempfile::TempDir, TestServer) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("Cargo.toml"), "[package]").expect("written");
    let app = workbench(folder.path()).allow_upload().expect("a folder").router();
    (folder, TestServer::start(app))
}

async fn send(
    client: &reqwest::Client,
    server: &TestServer,
    route: &Route,
    method: &str,
) -> reqwest::Response {
    send_with(client, server, route, method, "").await
}

/// Also with this parameter.
async fn send_with(
    client: &reqwest::Client,
    server: &TestServer,
    route: &Route,
    method: &str,
    parameter: &str,
) -> reqwest::Response {
    let mut target = route.example.target.to_owned();
    if target.contains("{id}") {
        let (path, field) = match route.path {
            "/exports/{id}" => ("/export/customers?limit=1", "x-export-id"),
            _ => ("/te", "x-request-id"),
        };
        let other = server.get(client, path).await;
        let id = other.headers()[field].to_str().expect("text").to_owned();
        read(other).await.expect("a whole one");
        target = target.replace("{id}", &id);
    }
    if !parameter.is_empty() {
        target.push(if target.contains('?') { '&' } else { '?' });
        target.push_str(parameter);
    }
    let method = method.parse().expect("a method");
    let mut request = client.request(method, server.url(&target)).header("te", "trailers");
    for (name, value) in route.example.fields {
        request = request.header(*name, *value);
    }
    if let Some(content) = route.example.content {
        request = request.body(content);
    }
    tokio::time::timeout(PATIENCE, request.send()).await.expect("in time").expect("a response")
}

#[tokio::test]
async fn each_row_can_be_tried_over_both_protocols() {
    for (protocol, client) in clients() {
        let (_folder, server) = serve();
        for route in ROUTES {
            let case = format!("{} {} over {protocol}", route.method, route.path);
            let response = send(&client, &server, route, route.method).await;
            assert_eq!(response.status(), route.example.status, "{case}");
            let announced: Vec<_> = response.headers().get_all("trailer").iter().cloned().collect();
            let ending = read(response).await.expect("no error");
            assert!(!ending.content.is_empty(), "{case}");
            let names: Vec<_> = ending
                .trailers
                .iter()
                .flat_map(http::HeaderMap::keys)
                .map(http::HeaderName::as_str)
                .collect();
            assert_eq!(names, route.trailers, "{case}");
            // `lines.rs` checks what is announced of a response that fails.
            if route.path != "/lines/{n}" {
                assert_eq!(announced.join(&b", "[..]), route.trailers.join(", ").as_bytes(), "{case}");
            }
        }
    }
}

trait Join {
    fn join(&self, with: &[u8]) -> Vec<u8>;
}

impl Join for Vec<http::HeaderValue> {
    fn join(&self, with: &[u8]) -> Vec<u8> {
        let values: Vec<_> = self.iter().map(http::HeaderValue::as_bytes).collect();
        values.as_slice().join(with)
    }
}

#[tokio::test]
async fn each_row_ignores_the_parameter_of_probes() {
    for (protocol, client) in clients() {
        for parameter in ["probe", "probe=x", "probe=AZaz09-_AZaz09-_AZaz09"] {
            let (_folder, server) = serve();
            for route in ROUTES {
                let case = format!("{} {} with {parameter} over {protocol}", route.method, route.path);
                let response = send_with(&client, &server, route, route.method, parameter).await;
                assert_eq!(response.status(), route.example.status, "{case}");
                let trailers = read(response).await.expect("no error").trailers.unwrap_or_default();
                let names: Vec<_> = trailers.keys().map(http::HeaderName::as_str).collect();
                assert_eq!(names, route.trailers, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn head_says_what_get_would_and_sends_nothing() {
    for (protocol, client) in clients() {
        let (_folder, server) = serve();
        for route in ROUTES.iter().filter(|route| route.method == "GET") {
            let case = format!("{} over {protocol}", route.path);
            let response = send(&client, &server, route, "HEAD").await;
            assert_eq!(response.status(), route.example.status, "{case}");
            let head = response.headers().clone();
            let ending = read(response).await.expect("no error");
            assert!(ending.content.is_empty() && ending.trailers.is_none(), "{case}");
            let get = send(&client, &server, route, "GET").await;
            assert_eq!(head.get("content-type"), get.headers().get("content-type"), "{case}");
            // Each export and each response has its own document.
            let is_same = !route.path.ends_with("{id}");
            if let Some(length) = head.get("content-length").filter(|_| is_same) {
                let length: usize = length.to_str().expect("text").parse().expect("a number");
                assert_eq!(read(get).await.expect("no error").content.len(), length, "{case}");
            }
        }
    }
}

/// Their producers would run for minutes.
#[tokio::test]
async fn head_leaves_no_producer_behind() {
    let (_folder, server) = serve();
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    for (protocol, client) in clients() {
        client.head(server.url("/healthz")).send().await.expect("a response");
        let before = tasks();
        for path in [
            "/bytes/30?chunk=1&delay=10000",
            "/bytes/1000000",
            "/export/orders",
            "/export/orders/events",
            "/te",
            "/answer?delay=10000",
        ] {
            let head = client.head(server.url(path)).send().await.expect("a response");
            assert_eq!(head.status(), 200, "{path} over {protocol}");
        }
        let ended = async {
            while tasks() > before {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let ended = tokio::time::timeout(Duration::from_secs(8), ended).await;
        assert!(ended.is_ok(), "{} tasks where there were {before} over {protocol}", tasks());
    }
}

#[tokio::test]
async fn other_paths_and_methods_are_problems_that_say_so() {
    let (_folder, server) = serve();
    for (protocol, client) in clients() {
        let missing = client.get(server.url("/nothing/here?a=1")).send().await.expect("a response");
        assert_eq!(missing.status(), 404, "{protocol}");
        let problem = problem(missing).await;
        assert_eq!(problem["detail"], "no route matches /nothing/here: see /help", "{protocol}");

        for path in ["/export/%FF", "/export/%FF/events", "/exports/%FF", "/bytes/%FF"] {
            let response = client.get(server.url(path)).send().await.expect("a response");
            assert_eq!(problem_of(response, 400).await["detail"], "the percent-decoded path is not UTF-8");
        }

        let mut paths: Vec<_> = ROUTES.iter().map(|route| route.example.target).collect();
        paths.retain(|path| !path.starts_with("/files/"));
        paths.push("/files/hello.txt");
        for path in paths {
            let response = client.delete(server.url(path)).send().await.expect("a response");
            assert_eq!(response.status(), 405, "{path} over {protocol}");
            let allowed = response.headers()["allow"].to_str().expect("text").to_owned();
            let here = ROUTES.iter().filter(|route| {
                route.example.target == path
                    || (path.starts_with("/files/") && route.path.starts_with("/files/"))
            });
            let methods: Vec<_> = here.map(|route| route.method).collect();
            assert_eq!(allowed, methods.join(", ").replace("GET", "GET, HEAD"), "{path} over {protocol}");
            let problem = problem_of(response, 405).await;
            assert_eq!(problem["detail"], format!("this path allows {allowed}"), "{path} over {protocol}");
        }
    }
}

async fn problem(response: reqwest::Response) -> Value {
    let status = response.status().as_u16();
    problem_of(response, status).await
}

async fn problem_of(response: reqwest::Response, status: u16) -> Value {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Value =
        serde_json::from_slice(&read(response).await.expect("no error").content).expect("JSON");
    assert_eq!(problem["status"], status);
    problem
}

#[tokio::test]
async fn parameters_are_those_of_the_table() {
    let (_folder, server) = serve();
    let client = crate::support::http2();
    // `GET /trailers` accepts any name.
    let rows = ROUTES.iter().filter(|route| !route.parameters.is_empty() && route.path != "/trailers");
    for route in rows {
        let path = route.example.target.split('?').next().expect("a path");
        let response =
            client.get(server.url(&format!("{path}?surely-unknown=1"))).send().await.expect("a response");
        let problem = problem_of(response, 400).await;
        let known =
            problem["parameters"].as_array().expect("names").iter().map(|name| name.as_str().expect("text"));
        let listed = route.parameters.iter().map(|parameter| parameter.split('=').next().expect("a name"));
        assert_eq!(known.collect::<BTreeSet<_>>(), listed.collect(), "{path}");
    }
}

#[tokio::test]
async fn help_has_each_row_as_text_and_as_json() {
    let (_folder, server) = serve();
    let address = format!("localhost:{}", server.address.port());
    for (protocol, client) in clients() {
        let text = read(server.get(&client, "/help").await).await.expect("no error").content;
        let text = String::from_utf8(text).expect("text");
        let json = client.get(server.url("/help")).header("accept", "application/json");
        let json = json.send().await.expect("a response");
        assert_eq!(json.headers()["content-type"], "application/json");
        let json: Value = serde_json::from_slice(&read(json).await.expect("no error").content).expect("JSON");
        assert_eq!(json["routes"].as_array().expect("a list").len(), ROUTES.len(), "{protocol}");
        for (route, listed) in ROUTES.iter().zip(json["routes"].as_array().expect("a list")) {
            assert!(text.contains(&format!("{} {}\n", route.method, route.path)), "{text}");
            let line = route.curl().replace("localhost:3000", &address);
            assert!(text.contains(&format!("  {line}\n")), "{text}");
            assert_eq!([&listed["method"], &listed["path"]], [route.method, route.path]);
            assert_eq!(listed["curl"], line);
            assert_eq!(listed["example"]["target"], route.example.target);
            assert_eq!(listed["example"]["content"].as_str(), route.example.content);
            let fields = listed["example"]["fields"].as_array().expect("a list");
            let fields: Vec<_> = fields.iter().map(|f| (f["name"].as_str(), f["value"].as_str())).collect();
            let expected = route.example.fields.iter().map(|(name, value)| (Some(*name), Some(*value)));
            assert_eq!(fields, expected.collect::<Vec<_>>());
        }
    }
}

#[test]
fn routes_page_has_the_table_as_it_is() {
    let mut table = "| Route | What it shows | Trailers | Try it |\n|---|---|---|---|\n".to_owned();
    for route in ROUTES {
        let trailers: Vec<_> = route.trailers.iter().map(|name| format!("`{name}`")).collect();
        let Route { method, path, shows, .. } = route;
        let (trailers, line) = (trailers.join(", "), route.curl().replace('|', "\\|"));
        writeln!(table, "| `{method} {path}` | {shows} | {trailers} | `{line}` |").expect("memory");
    }
    assert!(include_str!("../docs/routes.md").contains(&table), "put this into docs/routes.md:\n{table}");
}

/// curl writes header and trailer sections to standard error. If only the body went through the pipe, the trailer could
/// appear before it.
#[test]
fn line_with_a_pipe_sends_all_that_curl_prints_through_it() {
    let (piped, others): (Vec<_>, Vec<_>) =
        ROUTES.iter().map(Route::curl).partition(|line| line.contains(" | "));
    assert!(!piped.is_empty() && !others.is_empty());
    for line in piped {
        assert!(line.starts_with("curl -s -v ") && line.contains("' 2>&1 | "), "{line}");
    }
    for line in others {
        assert!(line.starts_with("curl -v ") && !line.contains("2>"), "{line}");
    }
}

#[test]
fn uses_show_each_row_with_its_line() {
    for route in ROUTES {
        let line = format!("$ {}\n", route.curl());
        assert!(include_str!("../docs/uses.md").contains(&line), "docs/uses.md lacks: {line}");
    }
}

#[test]
fn each_file_of_the_workbench_begins_with_the_line_that_shows_it() {
    fn sources(folder: &Path, all: &mut String) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                sources(&path, all);
            } else if path.extension().is_some_and(|kind| kind == "rs") && !path.ends_with("routes.rs") {
                *all += &fs::read_to_string(&path).expect("text");
            }
        }
    }
    let mut all = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/workbench/src"), &mut all);
    for route in ROUTES {
        let line = format!("//! {}\n", route.curl());
        assert!(all.contains(&line), "no file below crates/workbench/src has: {line}");
    }
}
