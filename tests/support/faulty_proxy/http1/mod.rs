//! HTTP/1.1 as bytes ([RFC 9112](https://www.rfc-editor.org/rfc/rfc9112)).

mod body;
mod reader;
mod server;
mod writer;

pub(super) use self::server::serve;
pub(in crate::support) use self::{
    body::Body,
    reader::Reader,
    writer::{Writer, head},
};
