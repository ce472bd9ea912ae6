//! A section over a client's limit ([RFC 9114 §4.2.2](https://www.rfc-editor.org/rfc/rfc9114#section-4.2.2)) is not sent.

use super::peer::{Peer, Response, code};
use crate::support::{TestServer, log::Log, soon, workbench};
use axum_trailers_testing::http3::{MAX_FIELD_SECTION_SIZE, control, head};
use h3::error::Code;
use quinn::{ReadError, TransportConfig};

#[tokio::test]
async fn section_over_the_limit_of_a_client_resets_its_stream() {
    let (log, _catching) = Log::catch();
    let server = TestServer::start(workbench(".").router());
    let large = format!("/trailers?x-large={}", "a".repeat(2000));
    for (path, part) in [(&*large, "the trailer section has"), ("/bytes/64", "the header section has")] {
        let limit = if path == large { 1500 } else { 40 };
        let settings = control(&[(MAX_FIELD_SECTION_SIZE, limit)]);
        let peer = Peer::with(server.address, TransportConfig::default(), &settings).await;
        // The settings must be there before the response.
        let (_send, mut recv) = peer.request(&head("GET", path, &[("te", "trailers")])).await;
        let reset = loop {
            match soon("an end", recv.read_chunk(1000, true)).await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("a clean end of {path}"),
                Err(reset) => break reset,
            }
        };
        let expected = ReadError::Reset(code(Code::H3_INTERNAL_ERROR));
        assert_eq!(reset, expected, "{path}");
        log.line(&["HTTP/3", "ended=failed: ", part]).await;
        // Others have no such limit.
        let other = Peer::connect(server.address).await;
        let (_send, mut recv) = other.request(&head("GET", path, &[("te", "trailers")])).await;
        assert_eq!(Response::read(&mut recv).await.expect("a response").status(), 200);
    }
}
