//! Each program in examples/ shows how it is run, and those with axum 0.6 show what they demonstrate.
//! `interop/examples` runs all of them.

use crate::support::{
    channel, clients,
    process::{Process, example},
    read,
    upload::fields,
};
use std::{collections::BTreeSet, net::SocketAddr, path::Path};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// With axum 0.6 on the server of this project.
const AXUM_06: [&str; 2] = ["grpc", "static_trailer"];

/// With axum 0.8.
const AXUM_08: [&str; 7] = [
    "axum_server",
    "behind_a_proxy",
    "digest_everywhere",
    "grpc",
    "rows",
    "static_trailer",
    "verified_upload",
];

/// Each program's source and the command that runs it.
fn programs() -> Vec<(String, String)> {
    let older =
        AXUM_06.map(|name| (format!("axum_06/{name}.rs"), format!("cargo run --example {name}_axum_06")));
    let newer = AXUM_08
        .map(|name| (format!("{name}.rs"), format!("cargo run -p axum-trailers-examples --bin {name}")));
    let alone = ("without_axum/main.rs", "cargo run -p axum-trailers-example-without-axum");
    [older.to_vec(), newer.to_vec(), vec![(alone.0.to_owned(), alone.1.to_owned())]].concat()
}

fn examples() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples"))
}

fn start(name: &str) -> (Process, SocketAddr) {
    let mut process = Process::spawn(example(name).arg("127.0.0.1:0"));
    let address = process.address("https");
    (process, address)
}

#[test]
fn each_says_first_how_it_is_run_and_shown() {
    for (source, command) in programs() {
        let text = std::fs::read_to_string(examples().join(&source)).expect("text");
        let lines: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("//! ")).collect();
        assert_eq!(lines[1..3], ["```text", &command], "{source}");
        assert!(lines[3].starts_with("curl ") && lines[3].contains("://localhost:3000/"), "{source}");
    }
}

#[test]
fn each_program_is_listed_here() {
    let sources = |folder: &str| -> BTreeSet<String> {
        let files = std::fs::read_dir(examples().join(folder)).expect("a folder");
        let paths = files.map(|file| file.expect("an entry").path());
        let sources = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
        let names = sources.map(|path| path.file_name().expect("a name").to_string_lossy().into_owned());
        names.map(|name| format!("{folder}{name}")).collect()
    };
    let found: BTreeSet<_> = ["", "axum_06/", "without_axum/"].into_iter().flat_map(sources).collect();
    assert_eq!(found, programs().into_iter().map(|(source, _)| source).collect());
}

#[test]
fn each_has_its_row_in_the_library_guide() {
    let guide = include_str!("../docs/library.md");
    let rows = guide.lines().filter_map(|line| line.strip_prefix("| `"));
    let commands = rows.filter_map(|row| Some(row.split_once("` |")?.0));
    let commands: BTreeSet<_> =
        commands.filter(|row| row.starts_with("cargo run ")).map(str::to_owned).collect();
    assert_eq!(commands, programs().into_iter().map(|(_, command)| command).collect());
}

/// The programs differ only in their servers.
#[test]
fn library_guide_has_the_handler_and_the_layers_of_the_server_s_readme() {
    let program = |document: &'static str| {
        let rest = document.split_once("```rust,no_run\n").expect("a program").1;
        let (handler, main) = rest.split_once("#[tokio::main]").expect("a program");
        let handler = handler.split_once("async fn rows").expect("a handler").1;
        let end = "ContentDigestLayer::new());";
        let app = main.split_once("let app = ").expect("an application").1;
        let (app, _) = app.split_once(end).expect("its end");
        (handler, app)
    };
    assert_eq!(
        program(include_str!("../docs/library.md")),
        program(include_str!("../crates/server/README.md"))
    );
}

#[tokio::test]
async fn grpc_axum_06() {
    let (_process, address) = start("grpc_axum_06");
    let mut health = HealthClient::new(channel(address).await);
    let answer = health.check(HealthCheckRequest::default()).await.expect("an answer").into_inner();
    assert_eq!(answer.status, 1, "it serves");
    for (protocol, client) in clients() {
        let beside = client.get(format!("https://localhost:{}/", address.port())).send().await;
        assert_eq!(beside.expect("a response").text().await.expect("text"), "hello\n", "{protocol}");
    }
}

#[tokio::test]
async fn static_trailer_axum_06() {
    let (_process, address) = start("static_trailer_axum_06");
    for (protocol, client) in clients() {
        let url = format!("https://localhost:{}/", address.port());
        let response = client.get(url).header("te", "trailers").send().await.expect("a response");
        let ending = read(response).await.expect("a whole one");
        assert_eq!(ending.content, b"hello\nworld\n", "{protocol}");
        assert_eq!(ending.trailers, Some(fields(&[("chunky-trailer", "foo")])), "{protocol}");
    }
}
