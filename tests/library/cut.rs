//! Checks of responses that are cut.

use super::prelude::{RESET_BY_A_PANIC, SENDS_ALL_BEFORE_A_CUT};
use crate::support::protocols::{Client, Protocol, Why};

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
    if SENDS_ALL_BEFORE_A_CUT {
        return client.cut_after(content, path).await;
    }
    cut_within(content, client, path).await
}

/// The same if the response may be cut earlier on any server.
pub(super) async fn cut_within(content: &str, client: &Client, path: &str) -> Why {
    let cut = client.cut(path).await;
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
