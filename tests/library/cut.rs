//! Checks of responses that are cut.

use super::prelude::{RESET_BY_A_PANIC, SENDS_ALL_BEFORE_A_CUT};
use crate::support::{
    protocols::{Client, Cut, Protocol, Why},
    soon,
};

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

/// Requests a path and asserts that its response is cut after this content, or earlier unless [`SENDS_ALL_BEFORE_A_CUT`].
/// Returns how it ended.
pub(super) async fn cut_after(content: &str, client: &Client, path: &str) -> Why {
    let cut = cut(client, path).await;
    if SENDS_ALL_BEFORE_A_CUT {
        assert_eq!(String::from_utf8_lossy(&cut.content), content, "{path}: {:?}", cut.why);
    }
    assert!(content.as_bytes().starts_with(&cut.content), "{path}: {cut:?}");
    cut.why
}

/// The same if the response may be cut earlier on any server.
pub(super) async fn cut_within(content: &str, client: &Client, path: &str) -> Why {
    let cut = cut(client, path).await;
    assert!(content.as_bytes().starts_with(&cut.content), "{path}: {cut:?}");
    cut.why
}

/// How a response is cut whose body panics.
pub(super) fn of_a_panic(protocol: Protocol) -> Why {
    match protocol {
        Protocol::Http2 => Why::Reset(u32::from(RESET_BY_A_PANIC).into()),
        _ => protocol.failure(),
    }
}

async fn cut(client: &Client, path: &str) -> Cut {
    let response = client.request("GET", path).header("te", "trailers").send().await;
    match response {
        Ok(response) => soon("the end", response.read()).await.expect_err("no clean end"),
        Err(cut) if SENDS_ALL_BEFORE_A_CUT => panic!("{path}: no header section: {cut:?}"),
        Err(cut) => cut,
    }
}
