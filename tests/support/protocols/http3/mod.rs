//! HTTP/3 as bytes on the streams of quinn ([RFC 9114](https://www.rfc-editor.org/rfc/rfc9114)), independent of the server's
//! own stack: h3 lets truncated content pass for whole.

mod connection;
mod exchange;
mod frames;
mod huffman;
mod qpack;
mod static_table;

pub(crate) use self::{
    connection::Connection,
    exchange::{Body, Exchange},
    qpack::decode,
};
