//! Checks of responses that are cut.

use super::prelude::SENDS_ALL_BEFORE_A_CUT;
use crate::support::soon;
use bytes::Bytes;
use h2::{Reason, client::SendRequest};

/// Asserts that a chunked response ends after this content, which has no last chunk, or, unless
/// [`SENDS_ALL_BEFORE_A_CUT`], in the middle of it.
pub(super) fn assert_ends_after(content: &str, wire: &str) {
    if wire.is_empty() && !SENDS_ALL_BEFORE_A_CUT {
        return;
    }
    let (head, body) = wire.split_once("\r\n\r\n").expect("a header section");
    assert!(head.starts_with("HTTP/1.1 200 "), "{wire}");
    assert!(head.contains("\r\ntransfer-encoding: chunked"), "{wire}");
    if SENDS_ALL_BEFORE_A_CUT {
        assert_eq!(body, content);
    } else {
        assert!(content.starts_with(body), "{wire}");
    }
}

/// Requests a path over HTTP/2 and asserts that the server resets the stream after this content or earlier.
/// Returns the code of the reset.
pub(super) async fn reset_after(
    content: &str,
    client: &mut SendRequest<Bytes>,
    path: &str,
) -> Option<Reason> {
    let mut received = Vec::new();
    let error = match asked(client, path).await {
        Ok(mut body) => loop {
            match soon("the end", body.data()).await.expect("no clean end") {
                Ok(chunk) => received.extend_from_slice(&chunk),
                Err(error) => {
                    assert!(body.trailers().await.is_err(), "{path}: no trailers of a failed body");
                    break error;
                }
            }
        },
        Err(error) if SENDS_ALL_BEFORE_A_CUT => panic!("{path}: no header section: {error:?}"),
        Err(error) => error,
    };
    assert!(error.is_reset() && error.is_remote(), "{path}: {error:?}");
    assert!(content.as_bytes().starts_with(&received), "{path}: {received:?}");
    error.reason()
}

async fn asked(client: &mut SendRequest<Bytes>, path: &str) -> Result<h2::RecvStream, h2::Error> {
    let request = http::Request::get(format!("https://localhost{path}")).body(()).expect("a request");
    let (response, _) = client.send_request(request, true).expect("sent");
    Ok(soon("a response", response).await?.into_body())
}
