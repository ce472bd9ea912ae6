//! README.md and the pages in docs/ agree with each other and with the code.

use crate::support::{PATIENCE, channel, http1, http2, process::Process, raw, read};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const README: &str = include_str!("../README.md");

/// Users of a README read its first screens.
const README_LINES: usize = 150;

#[test]
fn readme_is_short() {
    let lines = README.lines().count();
    assert!(lines <= README_LINES, "README.md has {lines} lines: move something to docs/");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The documents that users read, relative to the repository.
fn documents() -> Vec<PathBuf> {
    fn below(folder: &Path, all: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(root().join(folder)).expect("a folder") {
            let name = folder.join(entry.expect("an entry").file_name());
            if root().join(&name).is_dir() {
                below(&name, all);
            } else if name.extension().is_some_and(|kind| kind == "md") {
                all.push(name);
            }
        }
    }
    let mut all: Vec<_> =
        ["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(PathBuf::from).into();
    below(Path::new("docs"), &mut all);
    below(Path::new("crates"), &mut all);
    all
}

/// The lines outside of code blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// The targets of links and pictures.
fn targets(text: &str) -> Vec<&str> {
    let of = |start: &'static str, end| {
        let lines = prose(text).flat_map(move |line| line.split(start).skip(1));
        lines.filter_map(move |rest| rest.split_once(end).map(|(target, _)| target))
    };
    of("](", ')').chain(of("src=\"", '"')).chain(of("srcset=\"", '"')).chain(of("href=\"", '"')).collect()
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    let headings = prose(text).filter(|line| line.starts_with('#'));
    for heading in headings.map(|line| line.trim_start_matches('#').trim()) {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let anchor = kept.collect::<String>().to_lowercase().replace(' ', "-");
        let more = (1..).map(|n| format!("{anchor}-{n}"));
        let free = std::iter::once(anchor.clone()).chain(more).find(|name| !anchors.contains(name));
        anchors.extend(free);
    }
    anchors
}

#[test]
fn each_link_leads_to_a_file_and_a_heading() {
    let mut broken = Vec::new();
    let mut count = 0;
    for document in documents() {
        let text = fs::read_to_string(root().join(&document)).expect("text");
        for target in targets(&text).into_iter().filter(|target| !target.contains("://")) {
            count += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = match file {
                "" => root().join(&document),
                _ => root().join(&document).with_file_name(file),
            };
            let has_heading = || fs::read_to_string(&path).is_ok_and(|text| anchors(&text).contains(anchor));
            if !path.exists() || (!anchor.is_empty() && !has_heading()) {
                broken.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert!(count > 50, "{count} links");
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

#[test]
fn anchors_are_those_of_github() {
    let text = "# One `two`/3\n## It's _a-b_: x?\n## Same\n## Same\n```text\n# code\n```\n";
    assert_eq!(anchors(text), ["one-two3", "its-_a-b_-x", "same", "same-1"].map(str::to_owned).into());
}

#[test]
fn index_has_each_page() {
    let index = targets(include_str!("../docs/README.md"));
    for page in documents().iter().filter_map(|document| document.strip_prefix("docs").ok()) {
        let page = page.to_str().expect("UTF-8");
        assert!(page == "README.md" || index.contains(&page), "docs/README.md has no link to {page}");
    }
}

/// The rows of the tables with such a first column, cell by cell, the column names first.
fn table<'t>(text: &'t str, first: &str) -> Vec<Vec<&'t str>> {
    let cells = |line: &'t str| -> Vec<_> {
        let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
        inner.split('|').map(str::trim).collect()
    };
    let lines = text.lines().skip_while(|line| !line.starts_with(&format!("| {first} |")));
    let rows = lines.take_while(|line| line.starts_with('|')).map(cells);
    rows.filter(|row| !row[0].starts_with("--")).collect()
}

#[test]
fn readme_shows_rows_of_the_page_about_clients() {
    let shown = table(README, "Client");
    let measured = table(include_str!("../docs/clients.md"), "Client");
    let columns: Vec<_> = shown[0]
        .iter()
        .map(|name| measured[0].iter().position(|column| column == name).unwrap_or_else(|| panic!("{name}")))
        .collect();
    let rows: BTreeSet<Vec<_>> =
        measured.iter().map(|row| columns.iter().map(|column| row[*column]).collect()).collect();
    for row in &shown {
        assert!(rows.contains(row), "docs/clients.md has no row {row:?}");
    }
    assert_eq!(shown.len(), 6, "the column names and five clients");
    let clients: BTreeSet<_> = measured[1..].iter().map(|row| row[0]).collect();
    assert!(README.contains(&format!("[All {} clients]", clients.len())), "{}", clients.len());
}

/// A ratio of docs/performance.md: the rate of this server by that of a peer.
fn ratio<'t>(performance: &'t str, work: &str, peer: &str) -> &'t str {
    let section = performance.split_once(&format!("\n### {work}\n")).expect("a section").1;
    let rows = table(section, "server");
    let column = rows[0].iter().position(|name| *name == "ours / its").expect("a column");
    rows.iter().find(|row| row[0] == peer).expect("a row")[column]
}

#[test]
fn speed_is_that_of_the_page_about_performance() {
    let performance = include_str!("../docs/performance.md");
    for (name, text) in [("README.md", README), ("docs/guarantees.md", include_str!("../docs/guarantees.md"))]
    {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for (peer, written) in [
            ("axum 0.8, default runtime", "the rate of axum 0.8 on its default runtime"),
            ("axum 0.8, runtime per core", "that of axum 0.8 with one runtime per core"),
        ] {
            let mut ratios = ["small-h2-4", "small-h2-64"].map(|work| ratio(performance, work, peer));
            ratios.sort_unstable();
            let claim = format!("{} to {} times {written}", ratios[0], ratios[1]);
            assert!(text.contains(&claim), "{name} does not say: {claim}");
        }
    }
}

/// The names between backticks.
fn names(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The labels of each metric on a page of metrics, without those that Prometheus' text format adds.
fn exposed(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    let mut labels: Option<&mut BTreeSet<String>> = None;
    for line in page.lines() {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            let name = family.split(' ').next().expect("a name").to_owned();
            labels = Some(all.entry(name).or_default());
        } else if let Some((_, inner)) = line.split_once('{').filter(|_| !line.starts_with('#')) {
            let pairs = inner.split("\",").filter_map(|pair| pair.split_once("=\""));
            let of_series = pairs.map(|(label, _)| label.to_owned()).filter(|label| label != "le");
            labels.as_mut().expect("its family comes first").extend(of_series);
        }
    }
    all
}

/// Makes each metric of the workbench have a value.
async fn use_everything(server: SocketAddr) {
    let url = |path: &str| format!("https://localhost:{}{path}", server.port());
    let whole = http2().get(url("/export/orders?limit=10")).send().await.expect("a response");
    read(whole).await.expect("whole");
    let without_trailers = http1().get(url("/export/orders?limit=10")).send().await.expect("a response");
    read(without_trailers).await.expect("whole");
    let cut = http2().get(url("/export/orders?fail_at=5")).send().await.expect("a response");
    read(cut).await.expect_err("it breaks");
    let refused = http2().put(url("/files/a")).body("a").send().await.expect("a response");
    assert_eq!(refused.status(), 403);

    let mut health = tonic_health::pb::health_client::HealthClient::new(channel(server).await);
    health.check(tonic_health::pb::HealthCheckRequest::default()).await.expect("an answer");

    let mut gone = raw::http2(server).await;
    let unread = raw::http2_get(&mut gone, "/bytes/100?chunk=1&delay=1000").await;
    drop((unread, gone));

    let mut plain = TcpStream::connect(server).await.expect("a connection");
    plain.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    plain.read_to_end(&mut Vec::new()).await.expect("a response");

    let mut too_many = Vec::new();
    for _ in 0..=MAX_CONNECTIONS {
        too_many.push(TcpStream::connect(server).await.expect("a connection"));
    }
    let mut last = too_many.pop().expect("the last one");
    let _reset_or_end = last.read(&mut [0]).await;
}

const MAX_CONNECTIONS: usize = 16;

#[tokio::test]
async fn metrics_page_has_each_metric_with_its_labels() {
    let rows = table(include_str!("../docs/metrics.md"), "Metric");
    let documented: BTreeMap<_, _> = rows[1..]
        .iter()
        .flat_map(|row| names(row[0]).into_iter().map(|name| (name, names(row[1]))))
        .collect();

    let limit = MAX_CONNECTIONS.to_string();
    let mut process = Process::start(&[
        "--listen",
        "127.0.0.1:0",
        "--redirect",
        "off",
        "--metrics",
        "127.0.0.1:0",
        "--max-connections",
        &limit,
    ]);
    let server = process.address("https");
    let metrics = process.line();
    process.read_log();
    use_everything(server).await;

    let page = async || reqwest::get(&metrics).await.expect("a response").text().await.expect("text");
    let agrees = async {
        while exposed(&page().await) != documented {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(PATIENCE, agrees).await.is_err() {
        assert_eq!(exposed(&page().await), documented, "left: the binary, right: docs/metrics.md");
    }
}

/// The server's source files, relative to the repository.
fn server_sources() -> BTreeMap<PathBuf, String> {
    fn below(folder: &Path, all: &mut BTreeMap<PathBuf, String>) {
        for entry in fs::read_dir(root().join(folder)).expect("a folder") {
            let path = folder.join(entry.expect("an entry").file_name());
            if root().join(&path).is_dir() {
                below(&path, all);
            } else {
                let text = fs::read_to_string(root().join(&path)).expect("text");
                all.insert(path, text);
            }
        }
    }
    let mut all = BTreeMap::new();
    below(Path::new("crates/server/src"), &mut all);
    all
}

/// The values of the method `label` in a source file.
fn labels(source: &str) -> BTreeSet<String> {
    let method = source.split_once("fn label(").expect("a method").1;
    let method = method.split_once("\n    }\n").expect("its end").0;
    let values = method.split("=> \"").skip(1).filter_map(|rest| rest.split_once('"'));
    values.map(|(value, _)| value.to_owned()).collect()
}

/// The last arguments of each call that begins so.
fn last_arguments<'s>(source: &'s str, call: &'static str) -> impl Iterator<Item = &'s str> {
    let calls = source.split(call).skip(1).filter_map(|rest| rest.split_once(')'));
    calls.map(|(arguments, _)| arguments.rsplit(' ').next().expect("one"))
}

/// Reasons that close a connection without an open response.
const WITHOUT_A_RESPONSE: [&str; 3] = ["no_first_byte", "idle", "wrong_protocol"];

#[test]
fn metrics_page_has_exactly_the_reasons_that_the_server_counts() {
    let page = include_str!("../docs/metrics.md");
    let meaning = |metric: &str| {
        let rows = table(page, "Metric");
        rows.iter().find(|row| names(row[0]).contains(metric)).expect("a row")[2]
    };
    let documented = |metric: &str| {
        let mut reasons = names(meaning(metric));
        reasons.remove("TE: trailers");
        reasons
    };
    let sources = server_sources();
    let labels_of = |path: &str| labels(&sources[Path::new(path)]);
    let files = [
        "connection/close_reason.rs",
        "exchange/ending.rs",
        "quic/handshake.rs",
        "tcp/handshake.rs",
        "tcp/plain.rs",
        "tcp/proxy_protocol.rs",
    ]
    .map(|file| format!("crates/server/src/{file}"));
    let has_labels = |text: &str| text.lines().any(|line| line.contains("fn label(") && line.ends_with('{'));
    let with_labels: Vec<_> =
        sources.iter().filter(|(_, text)| has_labels(text)).map(|(path, _)| path).collect();
    assert_eq!(with_labels, files.each_ref().map(Path::new), "the sources of labels");
    let [close_reason, ending, quic_handshake, handshake, plain, proxy_protocol] = files;

    let failed = meaning("axum_trailers_handshakes_failed_total");
    let (of_tls, rest) = failed.split_once("QUIC handshakes:").expect("four lists");
    let (of_quic, rest) = rest.split_once("Plain listeners:").expect("four lists");
    let (of_plain, before_both) = rest.split_once("In front of both").expect("four lists");
    for (source, reasons) in
        [(&handshake, of_tls), (&quic_handshake, of_quic), (&plain, of_plain), (&proxy_protocol, before_both)]
    {
        assert_eq!(labels_of(source), names(reasons), "{source}");
    }
    let withheld = include_str!("../crates/axum-trailers/src/trailers/acceptance.rs");
    assert_eq!(labels(withheld), documented("axum_trailers_trailer_sections_withheld_total"));

    let refused: BTreeSet<_> = sources
        .values()
        .flat_map(|source| last_arguments(source, "self.count_refused(").map(move |name| (source, name)))
        .map(|(source, name)| {
            let value = source.split_once(&format!("const {name}: &str = \"")).expect("a constant").1;
            value.split_once('"').expect("its end").0.to_owned()
        })
        .collect();
    assert_eq!(refused, documented("axum_trailers_connections_refused_total"));

    let failures = table(page, "`reason` of `axum_trailers_streams_failed_total`");
    let documented: BTreeSet<_> = failures[1..].iter().flat_map(|row| names(row[0])).collect();
    let mut failed = labels_of(&close_reason);
    for reason in WITHOUT_A_RESPONSE {
        assert!(failed.remove(reason), "the server has no reason {reason}");
    }
    failed.append(&mut labels_of(&ending));
    let arguments = sources.values().flat_map(|source| last_arguments(source, "metrics.failed("));
    failed.extend(
        arguments.filter_map(|argument| Some(argument.strip_prefix('"')?.trim_end_matches('"').to_owned())),
    );
    assert_eq!(failed, documented);
}
