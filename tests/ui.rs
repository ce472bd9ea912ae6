//! `GET /ui` serves everything that it refers to, with a policy that forbids everything else. `interop/browsers` checks
//! its behaviour in a browser.

use crate::support::{TestServer, clients, http2, read, workbench};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The only address outside of this server. The page links to it and does not request it.
const RFC: &str = "https://www.rfc-editor.org/rfc/rfc9110#section-6.5";

fn serve() -> (tempfile::TempDir, TestServer) {
    let folder = tempfile::tempdir().expect("a folder");
    let app = workbench(folder.path()).router();
    (folder, TestServer::start(app))
}

async fn text(server: &TestServer, path: &str) -> String {
    let response = server.get(&http2(), path).await;
    assert_eq!(response.status(), 200, "{path}");
    String::from_utf8(read(response).await.expect("no error").content).expect("text")
}

/// The text between each `before` and the next `after`.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    text.split(before).skip(1).filter_map(|rest| Some(rest.split_once(after)?.0)).collect()
}

/// The files of the page that a file refers to.
fn references(text: &str) -> BTreeSet<String> {
    let absolute = between(text, "\"/ui/", "\"").into_iter();
    let imported = between(text, "from \"./", "\"").into_iter();
    absolute.chain(imported).map(|name| format!("/ui/{name}")).collect()
}

/// The page and everything that it refers to, by path.
async fn all(server: &TestServer) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut wanted = BTreeSet::from(["/ui".to_owned()]);
    while let Some(path) = wanted.pop_first() {
        let text = text(server, &path).await;
        wanted.extend(references(&text).into_iter().filter(|path| !found.contains_key(path)));
        found.insert(path, text);
    }
    found
}

#[tokio::test]
async fn all_that_the_page_refers_to_is_there_and_nothing_else() {
    let (_folder, server) = serve();
    let found: BTreeSet<_> = all(&server).await.into_keys().collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/workbench/src/ui");
    let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let files = files.map(|name| name.into_string().expect("UTF-8"));
    let files = files.filter(|name| Path::new(name).extension().is_none_or(|extension| extension != "rs"));
    let paths = files.map(|name| if name == "page.html" { "/ui".to_owned() } else { format!("/ui/{name}") });
    assert_eq!(found, paths.collect());

    let missing = server.get(&http2(), "/ui/page.html").await;
    assert_eq!(missing.status(), 404);
    let problem = read(missing).await.expect("no error").content;
    let problem: Value = serde_json::from_slice(&problem).expect("JSON");
    let detail = problem["detail"].as_str().expect("text");
    assert!(detail.starts_with("the page has no file `page.html`: it has agent.js, "), "{detail}");
}

#[tokio::test]
async fn each_file_has_its_type_and_the_policy() {
    let (_folder, server) = serve();
    let paths: Vec<_> = all(&server).await.into_keys().collect();
    for (protocol, client) in clients() {
        for path in &paths {
            let response = server.get(&client, path).await;
            let field = |name: &str| response.headers()[name].to_str().expect("text");
            let content_type = match path.rsplit_once('.').map(|(_, extension)| extension) {
                None => "text/html; charset=utf-8",
                Some("css") => "text/css; charset=utf-8",
                Some("js") => "text/javascript; charset=utf-8",
                Some("svg") => "image/svg+xml",
                Some("json") => "application/json",
                Some(other) => panic!("nothing is known of {other}"),
            };
            assert_eq!(field("content-type"), content_type, "{path} over {protocol}");
            assert_eq!(field("x-content-type-options"), "nosniff", "{path} over {protocol}");
            assert_eq!(field("cache-control"), "no-cache", "{path} over {protocol}");
            let directives: BTreeSet<_> = field("content-security-policy").split("; ").collect();
            let expected = [
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                "img-src 'self'",
                "connect-src 'self'",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
                "require-trusted-types-for 'script'",
                "trusted-types 'none'",
            ];
            assert_eq!(directives, BTreeSet::from(expected), "{path} over {protocol}");
        }
    }
}

#[tokio::test]
async fn page_is_the_same_with_a_slash_and_needs_no_relative_links() {
    let (_folder, server) = serve();
    let page = text(&server, "/ui").await;
    assert_eq!(text(&server, "/ui/").await, page);
    for attribute in ["href=\"", "src=\""] {
        for link in between(&page, attribute, "\"") {
            let is_link_to_rfc = attribute == "href=\"" && link == RFC;
            assert!(link.starts_with('/') || link.starts_with('#') || is_link_to_rfc, "{link}");
        }
    }
    assert!(page.contains(&format!("<a href=\"{RFC}\">")));
    assert_eq!(server.get(&http2(), "/ui//").await.status(), 404);
}

/// Browsers request it on every page without its own icon, and report a missing one as an error.
#[tokio::test]
async fn icon_is_there_under_the_name_that_browsers_ask_for_and_is_kept() {
    let (_folder, server) = serve();
    for (protocol, client) in clients() {
        let icon = server.get(&client, "/favicon.ico").await;
        assert_eq!(icon.status(), 200, "{protocol}");
        assert_eq!(icon.headers()["content-type"], "image/svg+xml", "{protocol}");
        assert_eq!(icon.headers()["cache-control"], "max-age=604800", "{protocol}");
        let named = text(&server, "/ui/icon.svg").await;
        assert_eq!(read(icon).await.expect("no error").content, named.as_bytes(), "{protocol}");
        // The page's own files depend on the version.
        let style = server.get(&client, "/ui/style.css").await;
        assert_eq!(style.headers()["cache-control"], "no-cache", "{protocol}");
    }
}

#[tokio::test]
async fn file_that_a_browser_has_is_not_sent_again() {
    let (_folder, server) = serve();
    for (protocol, client) in clients() {
        let mut tags = BTreeSet::new();
        for path in ["/ui/style.css", "/ui/main.js"] {
            let tag = server.get(&client, path).await.headers()["etag"].to_str().expect("text").to_owned();
            for (name, value, status) in [
                ("if-none-match", &*tag, 304),
                ("if-none-match", "*", 304),
                ("if-none-match", "\"other\"", 200),
                ("if-match", "\"other\"", 412),
            ] {
                let case = format!("{path} with {name}: {value} over {protocol}");
                let request = client.get(server.url(path)).header(name, value);
                let response = request.send().await.expect("a response");
                assert_eq!(response.status(), status, "{case}");
                if status == 304 {
                    assert_eq!(response.headers()["etag"], *tag, "{case}");
                    assert_eq!(response.headers()["cache-control"], "no-cache", "{case}");
                    assert!(read(response).await.expect("no error").content.is_empty(), "{case}");
                }
            }
            assert!(tags.insert(tag), "each content has its own");
        }
    }
}

/// A browser would ignore them and only log that to its console.
#[tokio::test]
async fn page_has_nothing_that_its_policy_forbids() {
    let (_folder, server) = serve();
    for (path, text) in all(&server).await {
        let is_markup = path == "/ui";
        for script in between(&text, "<script", ">").into_iter().filter(|_| is_markup) {
            assert!(script.contains(" src=\"/ui/"), "{path}: <script{script}>");
        }
        let tags = between(&text, "<", ">").into_iter().filter(|_| is_markup);
        for tag in tags {
            let attributes = tag.split_ascii_whitespace().skip(1);
            let forbidden = attributes.filter(|attribute| {
                attribute.starts_with("on")
                    || attribute.starts_with("style=")
                    || attribute.contains("javascript:")
            });
            assert_eq!(forbidden.collect::<Vec<_>>(), Vec::<&str>::new(), "{path}: <{tag}>");
            assert!(!tag.starts_with("style"), "{path}: <{tag}>");
        }
        let sinks = [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "createContextualFragment",
            "DOMParser",
            "parseHTML",
            "setHTML",
            "srcdoc",
            "document.write",
            "eval(",
            "Function(",
            "setAttribute(\"on",
        ];
        for sink in sinks {
            assert!(!text.contains(sink), "{path}: {sink}");
        }
        // An XML namespace is only a name and is not requested.
        let addresses = ["http://", "https://", "\"//"].map(|scheme| between(&text, scheme, "\"")).concat();
        let rfc = RFC.strip_prefix("https://").filter(|_| is_markup);
        let elsewhere = addresses
            .into_iter()
            .filter(|address| *address != "www.w3.org/2000/svg" && Some(*address) != rfc);
        assert_eq!(elsewhere.collect::<Vec<_>>(), Vec::<&str>::new(), "{path}");
    }
}

#[tokio::test]
async fn measurements_cover_both_browsers_and_both_protocols() {
    let (_folder, server) = serve();
    let script = text(&server, "/ui/browsers.js").await;
    let statements = between(&script, "const STATEMENTS = [", "];")[0];
    let keys: BTreeSet<_> = between(statements, "    [\"", "\"").into_iter().collect();
    assert!(keys.contains("trailer"), "{keys:?}");
    let measured: Value = serde_json::from_str(&text(&server, "/ui/measured.json").await).expect("JSON");
    let browsers = measured["browsers"].as_array().expect("a list");
    let names: Vec<_> = browsers.iter().map(|browser| browser["name"].as_str().expect("text")).collect();
    assert_eq!(names, ["Chromium", "Firefox"]);
    for browser in browsers {
        for protocol in ["HTTP/2", "HTTP/1.1"] {
            let results = browser["results"][protocol].as_object().expect("results");
            assert_eq!(results.keys().map(String::as_str).collect::<BTreeSet<_>>(), keys, "{browser}");
        }
    }
}

#[test]
fn table_of_files_names_each_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/workbench/src/ui");
    let module = fs::read_to_string(folder.join("mod.rs")).expect("text");
    let rows = module.lines().filter(|line| line.starts_with("//! | `"));
    let cells = rows.flat_map(|row| row.split('|').nth(1).unwrap_or_default().split(", "));
    let named: BTreeSet<_> = cells.map(|name| name.trim().trim_matches('`').to_owned()).collect();
    let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let files = files.map(|name| name.into_string().expect("UTF-8"));
    let served: BTreeSet<_> = files.filter(|name| !name.to_ascii_lowercase().ends_with(".rs")).collect();
    assert_eq!(named, served);
}
