//! The frames that a peer sends ([RFC 9114 §7](https://www.rfc-editor.org/rfc/rfc9114#section-7)), before h3 gets them.

mod control;
mod head;
mod message;
mod reader;

pub(crate) use self::{
    control::Control,
    head::{FrameHead, varint},
    message::Message,
    reader::{FrameReader, Rules, Treatment},
};

pub(crate) const DATA: u64 = 0;
pub(crate) const HEADERS: u64 = 1;
pub(crate) const CANCEL_PUSH: u64 = 3;
pub(crate) const SETTINGS: u64 = 4;
pub(crate) const PUSH_PROMISE: u64 = 5;
pub(crate) const GOAWAY: u64 = 7;
pub(crate) const MAX_PUSH_ID: u64 = 0xd;

/// HTTP/2's frames that HTTP/3 does not have ([RFC 9114 §7.2.8](https://www.rfc-editor.org/rfc/rfc9114#section-7.2.8)).
pub(crate) const OF_HTTP2: [u64; 4] = [2, 6, 8, 9];
