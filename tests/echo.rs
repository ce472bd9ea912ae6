//! The routes that show a client its own trailers: those it requests, and those it sends.

use crate::support::{
    TestServer,
    protocols::{Protocol, over_each_protocol, read},
    raw,
    upload::{Upload, fields},
    with, workbench,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn serve() -> TestServer {
    TestServer::start(workbench(".").router())
}

over_each_protocol! {
    echo_ends_with_the_requests_trailers;
    echo_sends_only_received_trailers_and_unannounced_ones_over_http2;
    bodies_over_the_limit_are_rejected_or_break_their_echo;
    inspect_tells_the_request_as_it_arrived;
    inspect_and_te_list_the_hops_and_inspect_what_was_merged;
    any_trailers_are_sent_as_asked_for;
    invalid_trailers_are_rejected_with_the_reason;
    bytes_are_the_same_for_the_same_seed_however_they_are_cut;
    requests_for_bytes_over_a_limit_are_rejected;
    name_that_is_too_long_for_its_prefix_is_400_or_breaks_the_transfer;
    announced_name_that_is_no_token_is_absent;
}

async fn echo_ends_with_the_requests_trailers(protocol: Protocol) {
    let server = serve();

    let request = Upload {
        method: "POST",
        path: "/echo",
        fields: &[("te", "trailers"), ("trailer", "x-sum, X-Note"), ("content-type", "text/html")],
        chunks: &["first ", "second"],
        trailers: &[("x-sum", "1"), ("x-note", "a"), ("x-sum", "2"), ("authorization", "secret")],
    };
    let answer = request.send(protocol, server.address).await;
    assert_eq!((answer.status, &*answer.content, answer.is_whole), (200, "first second", true), "{protocol}");
    assert_eq!(answer.field("trailer"), "x-echo-x-sum, x-echo-x-note", "{protocol}");
    assert_eq!(answer.field("content-type"), "application/octet-stream", "{protocol}");
    assert_eq!(answer.field("x-content-type-options"), "nosniff", "{protocol}");
    let expected = fields(&[("x-echo-x-sum", "1"), ("x-echo-x-sum", "2"), ("x-echo-x-note", "a")]);
    assert_eq!(answer.trailers, expected, "{protocol}");
}

async fn echo_sends_only_received_trailers_and_unannounced_ones_over_http2(protocol: Protocol) {
    let server = serve();

    let request =
        Upload { method: "POST", path: "/echo", fields: &[("te", "trailers")], ..Upload::default() };
    let announced = Upload { fields: &[("te", "trailers"), ("trailer", "x-sum")], chunks: &["a"], ..request };
    let answer = announced.send(protocol, server.address).await;
    assert!(answer.is_whole && answer.content == "a" && answer.trailers.is_empty(), "{answer:?}");

    let unannounced = Upload { chunks: &["a"], trailers: &[("x-sum", "1")], ..request };
    let answer = unannounced.send(protocol, server.address).await;
    assert!(answer.is_whole && answer.field("trailer").is_empty(), "{answer:?}");
    let came = answer.trailers.get("x-echo-x-sum").map(|value| value.to_str().expect("text"));
    assert_eq!(came, (protocol != Protocol::Http1).then_some("1"), "{protocol}");

    let empty = request.send(protocol, server.address).await;
    assert_eq!((empty.status, &*empty.content, empty.is_whole), (200, "", true), "{protocol}");
}

#[tokio::test]
async fn echo_streams() {
    let server = serve();
    let mut client = raw::http2(server.address).await;
    let request = http::Request::post("https://localhost/echo").body(()).expect("a request");
    let (response, mut body) = client.send_request(request, false).expect("sent");
    body.send_data("first".into(), false).expect("sent");
    let mut back = crate::support::soon("a response", response).await.expect("a response").into_body();
    let first = crate::support::soon("the first chunk", back.data()).await.expect("data").expect("no error");
    assert_eq!(first, "first", "it comes back before the request has ended");
    body.send_reset(h2::Reason::CANCEL);
    assert!(raw::http2_read(&mut back).await.is_err(), "a request that breaks off breaks its echo");
}

#[tokio::test]
async fn bodies_that_are_announced_as_too_large_are_refused() {
    let server = serve();
    for path in ["/echo", "/inspect"] {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 1073741825\r\n\r\n"
        );
        let wire = raw::http1(server.address, &request).await;
        assert!(wire.starts_with("HTTP/1.1 413 ") && wire.contains("1073741824 bytes"), "{wire}");
    }
}

async fn bodies_over_the_limit_are_rejected_or_break_their_echo(protocol: Protocol) {
    let bounds = with!(axum_trailers_workbench::Bounds { body_size: 5 });
    let server = TestServer::start(workbench(".").bounds(bounds).router());

    for (chunks, fits) in [(["abc", "de"], true), (["abc", "def"], false)] {
        let request = Upload { method: "POST", path: "/inspect", chunks: &chunks, ..Upload::default() };
        let inspected = request.send(protocol, server.address).await;
        assert_eq!(inspected.status, if fits { 200 } else { 413 }, "{protocol}: {inspected:?}");
        let echoed = Upload { path: "/echo", ..request }.send(protocol, server.address).await;
        assert_eq!((echoed.status, echoed.is_whole), (200, fits), "{protocol}: {echoed:?}");
    }
}

async fn inspect_tells_the_request_as_it_arrived(protocol: Protocol) {
    let server = serve();

    let request = Upload {
        method: "POST",
        path: "/inspect?a=b",
        fields: &[("te", "trailers"), ("trailer", "x-sum, x-never"), ("x-a", "1"), ("x-a", "2")],
        chunks: &["hello ", "world"],
        trailers: &[("x-sum", "1"), ("x-sum", "2"), ("host", "forbidden")],
    };
    let answer = request.send(protocol, server.address).await;
    assert_eq!(answer.status, 200, "{protocol}");
    let told: Value = serde_json::from_str(&answer.content).expect("JSON");
    assert_eq!(
        [&told["protocol"], &told["method"], &told["target"]],
        [protocol.name(), "POST", "/inspect?a=b"]
    );
    assert_eq!(told["authority"], "localhost", "{protocol}");
    assert_eq!([&told["te"], &told["trailer"]], [&json!(["trailers"]), &json!(["x-sum, x-never"])]);
    let digest = format!("sha-256=:{}:", BASE64_STANDARD.encode(Sha256::digest("hello world")));
    assert_eq!([&told["content"]["length"], &told["content"]["digest"]], [&json!(11), &json!(digest)]);
    let sizes = |list: &Value| -> u64 {
        list.as_array().expect("a list").iter().map(|piece| piece[1].as_u64().expect("bytes")).sum()
    };
    assert_eq!(sizes(&told["content"]["first"]), 11, "{protocol}: {told:#}");
    assert_eq!(told["content"]["last"], json!([]), "{protocol}");
    assert_eq!(told["framing"], if protocol == Protocol::Http1 { "chunked" } else { "frames" }, "{protocol}");
    let field = |name: &str, value: &str| json!({ "name": name, "value": value });
    assert_eq!(told["trailers"], json!([field("x-sum", "1"), field("x-sum", "2")]), "{protocol}");
    let headers = told["headers"].as_array().expect("a list");
    for expected in [field("x-a", "1"), field("x-a", "2"), field("te", "trailers")] {
        assert!(headers.contains(&expected), "{expected} in {headers:?} over {protocol}");
    }
    assert_eq!(told["announcedButMissing"], json!(["x-never"]), "{protocol}");
    assert_eq!(told["announcedButInHeaders"], json!([]), "{protocol}");
    assert_eq!(told["forbiddenTrailers"], json!(["host"]), "{protocol}");
    let alpn = match protocol {
        Protocol::Http1 => "http/1.1",
        Protocol::Http2 => "h2",
        Protocol::Http3 => "h3",
    };
    let connection = json!({ "alpn": alpn, "sni": "localhost", "tls": "TLSv1.3", "new": true });
    assert_eq!(told["connection"], connection, "{protocol}");
    assert_eq!(told["responseTrailers"]["sent"], true, "{protocol}");

    let client = Protocol::Http1.client(server.address).await;
    let plain = client.request("POST", "/inspect").header("content-length", "1").body("a").send().await;
    let plain = plain.expect("a response");
    let told: Value = serde_json::from_slice(&read(plain).await.expect("no error").content).expect("JSON");
    assert_eq!(told["responseTrailers"], json!({ "sent": false, "why": "no `TE: trailers`" }));
    assert_eq!([&told["trailers"], &told["announcedButMissing"]], [&json!([]), &json!([])]);
    assert_eq!((&told["framing"], &told["content"]["pieces"]), (&"content-length".into(), &1.into()));
    let empty = client.request("POST", "/inspect").send().await.expect("a response");
    let told: Value = serde_json::from_slice(&read(empty).await.expect("no error").content).expect("JSON");
    assert_eq!((&told["content"]["length"], &told["content"]["pieces"]), (&0.into(), &0.into()));
}

async fn inspect_and_te_list_the_hops_and_inspect_what_was_merged(protocol: Protocol) {
    let server = serve();
    let client = protocol.client(server.address).await;
    for (method, path) in [("POST", "/inspect"), ("GET", "/te")] {
        let request = client.request(method, path);
        let request = request
            .header("via", "1.1 edge (a, b), 2 inner.example:1")
            .header("forwarded", "for=\"[2001:db8::1]:2\";proto=https, nonsense")
            .header("x-forwarded-for", "192.0.2.1, 192.0.2.2")
            .header("x-forwarded-proto", "https")
            .header("trailer", "x-merged, x-missing, authorization")
            .header("authorization", "secret")
            .header("x-merged", "1");
        let response = request.send().await.expect("a response");
        let told: Value =
            serde_json::from_slice(&read(response).await.expect("no error").content).expect("JSON");
        let hops = json!({
            "via": [
                { "protocol": "1.1", "by": "edge", "comment": "a, b" },
                { "protocol": "2", "by": "inner.example:1" },
            ],
            "forwarded": [{ "for": "[2001:db8::1]:2", "proto": "https" }, { "malformed": "nonsense" }],
            "xForwardedFor": ["192.0.2.1", "192.0.2.2"],
            "xForwardedProto": "https",
            "xForwardedHost": null,
        });
        assert_eq!(told["hops"], hops, "{path} over {protocol}");
        if path == "/inspect" {
            assert_eq!(told["announcedButInHeaders"], json!(["x-merged"]), "{protocol}");
            assert_eq!(told["announcedButMissing"], json!(["x-merged", "x-missing"]), "{protocol}");
        } else {
            assert_eq!(told["server"]["name"], "axum-trailers", "{protocol}");
        }
    }
}

#[tokio::test]
async fn te_reports_the_decision_in_body_and_trailers() {
    let server = serve();
    for (protocol, te, sent, why) in [
        (Protocol::Http2, None, true, "HTTP/2 needs no `TE: trailers`"),
        (Protocol::Http2, Some("trailers"), true, "HTTP/2 needs no `TE: trailers`"),
        (Protocol::Http1, None, false, "no `TE: trailers`"),
        (Protocol::Http1, Some("gzip"), false, "no `TE: trailers`"),
        (Protocol::Http1, Some("gzip, trailers"), true, "the request contains `TE: trailers`"),
    ] {
        let client = protocol.client(server.address).await;
        let mut request = client.request("GET", "/te");
        if let Some(te) = te {
            request = request.header("te", te);
        }
        let ending = read(request.send().await.expect("a response")).await.expect("no error");
        let told: Value = serde_json::from_slice(&ending.content).expect("JSON");
        assert_eq!((&told["protocol"], &told["te"]), (&json!(protocol.name()), &json!(te)));
        assert_eq!(told["trailers"], json!({ "sent": sent, "why": why }));
        let trailers = sent.then(|| {
            fields(&[("x-protocol", protocol.name()), ("x-te", te.unwrap_or("none")), ("x-trailers", "sent")])
        });
        assert_eq!(ending.trailers, trailers, "{protocol} {te:?}");
    }
}

async fn any_trailers_are_sent_as_asked_for(protocol: Protocol) {
    let server = serve();
    let client = protocol.client(server.address).await;
    let path = "/trailers?x-b=2&X-A=first&x-a=second+%C3%A4&x-empty=&x-latin=%E4%3D";
    let response = client.get(path).await;
    assert_eq!(response.headers()["trailer"], "x-b, x-a, x-empty, x-latin", "{protocol}");
    let ending = read(response).await.expect("no error");
    let mut expected = fields(&[("x-b", "2"), ("x-a", "first"), ("x-a", "second ä"), ("x-empty", "")]);
    expected.insert("x-latin", http::HeaderValue::from_bytes(b"\xe4=").expect("a value"));
    assert_eq!(ending.trailers, Some(expected), "{protocol}");
    let listed = b"x-b: 2\nx-a: first\nx-a: second \xc3\xa4\nx-empty: \nx-latin: \xe4=\n";
    assert_eq!(ending.content, listed, "{protocol}");
}

async fn invalid_trailers_are_rejected_with_the_reason(protocol: Protocol) {
    let server = serve();
    let many = format!("/trailers?{}", ["x-a=1"; 65].join("&"));
    let large = format!("/trailers?x-a={}&x-a={0}", "a".repeat(4096));
    let cases = [
        ("/trailers", "name the trailer fields in the query"),
        ("/trailers", "\"content-location\""),
        ("/trailers?content-length=5", "message framing"),
        ("/trailers?via=1.1%20a", "routing"),
        ("/trailers?alt-svc=clear", "response control"),
        ("/trailers?x-a=1&host=a", "routing"),
        ("/trailers?a%20b=1", "not a valid field name"),
        ("/trailers?=1", "not a valid field name"),
        ("/trailers?%22x%22=1", "not a valid field name"),
        ("/trailers?x%22=1", "not a valid field name"),
        ("/trailers?%22=1", "not a valid field name"),
        ("/trailers?x-a=a%0D%0Ax-b:1", "control characters"),
        ("/trailers?x-a=%00", "control characters"),
        ("/trailers?x-a=%20a", "a space or a tab"),
        ("/trailers?x-a=a%09", "a space or a tab"),
        ("/trailers?x-a=a%0D%0A", "control characters"),
        ("/trailers?x%FF=a", "not a valid field name"),
        (&many, "the query names 65 trailer fields: the limit is 64"),
        (&large, "the trailer section would have 8262 bytes: the limit is 8192"),
    ];
    let client = protocol.client(server.address).await;
    for (path, why) in cases {
        let response = client.get(path).await;
        assert_eq!(response.status(), 400, "{path} over {protocol}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path} over {protocol}");
        let problem = response.text().await.expect("text");
        assert!(problem.contains(why), "{path} over {protocol}: {problem}");
    }
}

async fn bytes_are_the_same_for_the_same_seed_however_they_are_cut(protocol: Protocol) {
    let server = serve();
    let client = protocol.client(server.address).await;
    let whole = read(client.get("/bytes/100000?seed=7").await).await.expect("no error");
    assert_eq!(whole.content.len(), 100_000, "{protocol}");
    let digest = format!("sha-256=:{}:", BASE64_STANDARD.encode(Sha256::digest(&whole.content)));
    assert_eq!(whole.trailers.expect("trailers")["content-digest"], digest, "{protocol}");
    for (query, is_same) in
        [("seed=7&chunk=1000", true), ("seed=7&chunk=65536", true), ("seed=8", false), ("", false)]
    {
        let other = read(client.get(&format!("/bytes/100000?{query}")).await).await.expect("no error");
        assert_eq!(other.content == whole.content, is_same, "{query} over {protocol}");
    }
    let began = std::time::Instant::now();
    let paced = read(client.get("/bytes/3?chunk=1&delay=100").await).await.expect("no error");
    assert!(paced.content.len() == 3 && began.elapsed().as_millis() >= 200, "{protocol}");
    let empty = read(client.get("/bytes/0").await).await.expect("no error");
    assert!(empty.content.is_empty() && empty.trailers.is_some(), "{protocol}");
}

async fn requests_for_bytes_over_a_limit_are_rejected(protocol: Protocol) {
    let server = serve();
    let cases = [
        ("/bytes/1073741825", "the number of bytes must be a number from 0 to 1073741824, not `1073741825`"),
        ("/bytes/many", "the number of bytes must be a number from 0 to 1073741824, not `many`"),
        ("/bytes/1?chunk=0", "`chunk` must be a number from 1 to 65536, not `0`"),
        ("/bytes/1?delay=10001", "`delay` must be a number from 0 to 10000, not `10001`"),
        ("/bytes/100001?chunk=1", "100001 bytes in chunks of 1 are 100001 chunks: the limit is 100000"),
        ("/bytes/302?chunk=1&delay=1000", "302 chunks with 1s between them take 301 s: the limit is 300 s"),
        (
            "/bytes/1?pace=1",
            "unknown parameter `pace`: the parameters are seed, chunk, delay, trailers, length, break, break_at",
        ),
    ];
    let client = protocol.client(server.address).await;
    for (path, detail) in cases {
        let response = client.get(path).await;
        assert_eq!(response.status(), 400, "{path} over {protocol}");
        let problem: Value =
            serde_json::from_slice(&read(response).await.expect("no error").content).expect("JSON");
        assert_eq!(problem["detail"], detail, "{protocol}");
    }
}

async fn name_that_is_too_long_for_its_prefix_is_400_or_breaks_the_transfer(protocol: Protocol) {
    let limits =
        with!(axum_trailers_server::Limits { header_section: 1024 * 1024, trailer_section: 1024 * 1024 });
    let server = TestServer::limited(workbench(".").router(), limits);
    let name = |length: usize| "x".repeat(length);
    // With the prefix `x-echo-`, a name has at most 65,535 bytes.
    for (length, fits) in [(65_528, true), (65_529, false), (65_530, false)] {
        let name = name(length);
        let request = Upload { method: "POST", path: "/echo", chunks: &["a"], ..Upload::default() };
        let announced = Upload { fields: &[("trailer", &name), ("te", "trailers")], ..request };

        let answer = announced.send(protocol, server.address).await;
        assert_eq!(answer.status, if fits { 200 } else { 400 }, "{length} over {protocol}");
        assert!(fits || answer.content.contains("too long"), "{}", answer.content);

        let answer =
            Upload { trailers: &[(&name, "1")], ..request }.send(Protocol::Http2, server.address).await;
        assert_eq!((answer.status, answer.is_whole), (200, fits), "{length}");
        assert_eq!(answer.trailers.len(), usize::from(fits), "{length}");
    }
}

async fn announced_name_that_is_no_token_is_absent(protocol: Protocol) {
    let server = serve();

    let fields = &[("te", "trailers"), ("trailer", "\"x\", x-sum")];
    let request = Upload { method: "POST", path: "/echo", fields, chunks: &["a"], ..Upload::default() };
    let answer = Upload { trailers: &[("x-sum", "1")], ..request }.send(protocol, server.address).await;
    assert!(answer.status == 200 && answer.is_whole, "{protocol}: {answer:?}");
    assert_eq!(answer.field("trailer"), "x-echo-x-sum", "{protocol}");
}
