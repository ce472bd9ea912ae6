//! The client's address if proxies are in front of the server: from the header of the PROXY protocol, and from
//! `X-Forwarded-For` or `Forwarded`.
//!
//! Nothing is believed unless it comes from a [`TrustedProxy`]. This module depends on no other.

mod elements;
mod forwarded;
mod forwarded_header;
#[cfg(any(test, fuzzing))]
#[cfg_attr(not(fuzzing), expect(unreachable_pub, reason = "fuzz/ alone reaches it"))]
pub(crate) mod fuzzing;
mod node;
mod proxy_header;
mod proxy_trust;
mod trusted_proxy;
mod x_forwarded_for;

pub use self::{
    forwarded_header::ForwardedHeader,
    trusted_proxy::{InvalidTrustedProxy, TrustedProxy},
};
pub(crate) use self::{
    proxy_header::{Opening, ProxyHeader, ProxyHeaderFault},
    proxy_trust::ProxyTrust,
};
