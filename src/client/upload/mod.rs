//! The content of a request: read by a thread in pieces, sent with its digest, and watched while it is sent.
//!
//! | File | |
//! |---|---|
//! | `source.rs` | where content comes from, and whether it can be read again |
//! | `plan.rs` | how it is sent: in which pieces, with which trailers and digest |
//! | `reader.rs` | the thread that reads it |
//! | `body.rs` | the body that takes the pieces from the thread |
//! | `sending.rs` | what the body has sent so far, for the verb |
//! | `transfer.rs` | a request with content, and its response |
//! | `printer.rs` | writes the content of the response to standard output |
//! | `stored.rs` | what the server reports as stored |

mod body;
mod plan;
mod printer;
mod reader;
mod sending;
mod source;
mod stored;
#[cfg(test)]
mod tests;
mod transfer;

pub(super) use self::{
    body::Content,
    plan::{Hashing, Pieces, Plan},
    printer::{Printed, Printer},
    reader::digest_of,
    sending::Sending,
    source::Source,
    stored::digest as stored_digest,
    transfer::Transfer,
};
