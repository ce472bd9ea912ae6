//! `ContentDigestLayer` on the server: around the workbench's files, and inside of compression.

use crate::{
    library::on_axum_06::digest::{assert_digests, inside_of_compression},
    support::{
        TestServer,
        log::Log,
        protocols::{Protocol, over_each_protocol, read},
        workbench,
    },
};

/// RFC 9530, appendix B.
const CONTENT: &str = "{\"hello\": \"world\"}\n";
const DIGEST: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";

over_each_protocol! {
    inside_of_compression_it_is_left_out;
    range_has_the_digest_of_the_bytes_sent_and_that_of_the_representation;
}

async fn range_has_the_digest_of_the_bytes_sent_and_that_of_the_representation(protocol: Protocol) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("hello.json"), CONTENT).expect("written");
    let server = TestServer::start(workbench(folder.path()).router());
    let client = protocol.client(server.address).await;
    for (range, digest) in [
        // RFC 9530, appendix B.3.
        (Some("bytes=10-18"), "sha-256=:jjcgBDWNAtbYUXI37CVG3gRuGOAjaaDRGpIUFsdyepQ=:"),
        (None, DIGEST),
    ] {
        let mut request = client.request("GET", "/files/hello.json").header("te", "trailers");
        request = request.header("want-repr-digest", "sha-256=1");
        if let Some(range) = range {
            request = request.header("range", range);
        }
        let response = request.send().await.expect("a response");
        assert_eq!(response.status(), if range.is_some() { 206 } else { 200 });
        let known = response.headers().get("repr-digest").cloned();
        let trailers = read(response).await.expect("no error").trailers.expect("trailers");
        assert_eq!(trailers["content-digest"], digest, "{protocol}");
        assert_eq!(known.as_ref().unwrap_or_else(|| &trailers["repr-digest"]), DIGEST, "{protocol}");
    }
}

async fn inside_of_compression_it_is_left_out(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    assert_digests(protocol, inside_of_compression(), true).await;
    log.line(&["WARN", "digest omitted", "content-digest", "must be the outer"]).await;
}
