//! An HTTP client that verifies each transfer: it reads trailers, computes digests, and calls a transfer complete only if
//! it has seen its end. Over HTTP/2 and HTTP/1.1.

mod client;
mod connector;
mod exchange;
mod io;
#[cfg(test)]
mod tests;
mod verdict;
mod verify;

pub use self::{
    client::Client,
    connector::{ConnectError, Connector, Protocol, Proxy, Tls, TlsError, Transport},
    exchange::{Error, OnInformational, OnSend, ResponseBody, UncheckedTrailers},
    verdict::{Cut, DigestSource, Missing, NoDigest, NotCompared, Place, SenderFailure, Verdict},
    verify::{Comparison, ContentRange, Note, Prefix, Verification, VerifiedBody, VerifyError},
};
