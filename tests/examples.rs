//! Each program in examples/ runs and shows what it demonstrates.

use crate::support::{
    channel, clients,
    process::{Process, example},
    read,
    upload::{Upload, fields},
};
use std::{collections::BTreeSet, net::SocketAddr};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

const NAMES: [&str; 5] = ["digest_everywhere", "grpc", "rows", "static_trailer", "verified_upload"];

/// A separate package, which `interop/examples` runs.
const ALONE: &str = "axum_server";

fn command(name: &str) -> String {
    if name == ALONE {
        return format!("cargo run --manifest-path examples/{name}/Cargo.toml");
    }
    format!("cargo run --example {name}")
}

fn start(name: &str) -> (Process, SocketAddr) {
    let mut process = Process::spawn(example(name).arg("127.0.0.1:0"));
    let address = process.address("https");
    (process, address)
}

async fn get(address: SocketAddr, client: &reqwest::Client, path: &str) -> (Vec<u8>, http::HeaderMap) {
    let url = format!("https://localhost:{}{path}", address.port());
    let request = client.get(url).header("te", "trailers").header("want-content-digest", "sha-512=10");
    let response = request.send().await.expect("a response");
    let ending = read(response).await.expect("a whole one");
    (ending.content, ending.trailers.expect("trailers"))
}

#[test]
fn each_says_first_how_it_is_run_and_shown() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut names = BTreeSet::new();
    for file in files {
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let source = if file.is_dir() { file.join("src/main.rs") } else { file };
        let text = std::fs::read_to_string(source).expect("text");
        let lines: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("//! ")).collect();
        assert_eq!(lines[1..3], ["```text", &command(&name)], "{name}");
        assert!(lines[3].starts_with("curl ") && lines[3].contains("https://localhost:3000/"), "{name}");
        names.insert(name);
    }
    assert!(names.remove(ALONE), "it is there");
    assert_eq!(names.iter().map(String::as_str).collect::<Vec<_>>(), NAMES, "each has a test here");
}

#[test]
fn each_has_its_row_in_the_library_guide() {
    let guide = include_str!("../docs/library.md");
    let rows = guide.lines().filter_map(|line| line.strip_prefix("| `"));
    let commands = rows.filter_map(|row| Some(row.split_once("` |")?.0));
    let commands: BTreeSet<_> =
        commands.filter(|row| row.starts_with("cargo run ")).map(str::to_owned).collect();
    let expected = NAMES.iter().chain([&ALONE]).map(|name| command(name));
    assert_eq!(commands, expected.collect());
}

/// The README of the server crate is compiled with its own tests.
#[test]
fn library_guide_shows_the_program_of_the_server_s_readme() {
    let program = |document: &'static str| {
        let rest = document.split_once("```rust,no_run\n").expect("a program").1;
        rest.split_once("```").expect("its end").0
    };
    assert_eq!(
        program(include_str!("../docs/library.md")),
        program(include_str!("../crates/server/README.md"))
    );
}

#[tokio::test]
async fn grpc() {
    let (_process, address) = start("grpc");
    let mut health = HealthClient::new(channel(address).await);
    let answer = health.check(HealthCheckRequest::default()).await.expect("an answer").into_inner();
    assert_eq!(answer.status, 1, "it serves");
    for (protocol, client) in clients() {
        let beside = client.get(format!("https://localhost:{}/", address.port())).send().await;
        assert_eq!(beside.expect("a response").text().await.expect("text"), "hello\n", "{protocol}");
    }
}

#[tokio::test]
async fn static_trailer() {
    let (_process, address) = start("static_trailer");
    for (protocol, client) in clients() {
        let (content, trailers) = get(address, &client, "/").await;
        assert_eq!(content, b"hello\nworld\n", "{protocol}");
        assert_eq!(trailers, fields(&[("chunky-trailer", "foo")]), "{protocol}");
    }
}

#[tokio::test]
async fn digest_everywhere() {
    let (_process, address) = start("digest_everywhere");
    for (protocol, client) in clients() {
        let (content, trailers) = get(address, &client, "/hello").await;
        assert_eq!(content, b"hello\n", "{protocol}");
        // From `openssl dgst -sha512`, of "hello\n".
        let digest = "sha-512=:58IrmUxZ2c8rSOVJseJGZmNgRZMNPafBrLKZ0cO3+TH5Sq5B7dosKyB6NuEPi8uNRSI+VIePWzFufOO2vAGWKQ==:";
        assert_eq!(trailers, fields(&[("content-digest", digest)]), "{protocol}");
        let (_, trailers) = get(address, &client, "/numbers").await;
        assert!(trailers.contains_key("content-digest"), "{protocol}");
    }
}

#[tokio::test]
async fn rows() {
    let (_process, address) = start("rows");
    for (protocol, client) in clients() {
        let (content, trailers) = get(address, &client, "/rows").await;
        assert_eq!(content, b"row 1\nrow 2\nrow 3\n", "{protocol}");
        assert_eq!(trailers["x-row-count"], "3", "{protocol}");
        let timing = trailers["server-timing"].to_str().expect("text");
        assert!(timing.starts_with("db;dur=") && timing.contains(", total;dur="), "{protocol}: {timing}");
    }
}

#[tokio::test]
async fn verified_upload() {
    let (_process, address) = start("verified_upload");
    let right = &[("content-digest", "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:")];
    let content = "{\"hello\": \"world\"}\n";
    for protocol in crate::support::upload::PROTOCOLS {
        let path = &format!("/files/{}", protocol.replace('/', ""));
        let upload = Upload { path, chunks: &[content], ..Upload::default() };
        let url = format!("https://localhost:{}{path}", address.port());
        let stored = || async { clients()[0].1.get(&url).send().await.expect("a response").status() };
        assert_eq!(upload.send(protocol, address).await.status, 400, "{protocol}: no digest");
        let wrong = Upload { chunks: &["cut"], trailers: right, ..upload };
        assert_eq!(wrong.send(protocol, address).await.status, 400, "{protocol}: another content");
        assert_eq!(stored().await, 404, "{protocol}");
        assert_eq!(
            Upload { trailers: right, ..upload }.send(protocol, address).await.status,
            201,
            "{protocol}"
        );
        assert_eq!(stored().await, 200, "{protocol}");
    }
}
