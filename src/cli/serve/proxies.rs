use super::values;
use axum_trailers_server::{ForwardedHeader, TrustedProxy};

/// The help's heading of the options about proxies.
const PROXIES: &str = "Behind a proxy";

#[derive(Debug, clap::Args)]
#[command(next_help_heading = PROXIES)]
pub(super) struct ProxyArgs {
    /// Trust this proxy's word on who the client is [default: none]
    ///
    /// An address (`192.0.2.1`, `::1`), a network (`10.0.0.0/8`, `fe80::/10`), or `unix` for the peers of Unix sockets.
    /// May be repeated. In `AXUM_TRAILERS_TRUST_PROXY`, separate them with commas, without spaces. The client is the
    /// rightmost address in the proxy's fields that is not a trusted proxy's.
    #[arg(long, value_name = "NET", env = "AXUM_TRAILERS_TRUST_PROXY", value_delimiter = ',')]
    pub(super) trust_proxy: Vec<TrustedProxy>,

    /// Fields in which trusted proxies report the client [default: x-forwarded]
    ///
    /// `x-forwarded` is `X-Forwarded-For`, `forwarded` is `Forwarded` (RFC 7239). The other one is ignored.
    #[arg(
        long,
        value_name = "x-forwarded|forwarded",
        env = "AXUM_TRAILERS_FORWARDED_HEADER",
        value_parser = values::forwarded_header
    )]
    pub(super) forwarded_header: Option<ForwardedHeader>,

    /// Require a PROXY header, version 1 or 2, from trusted proxies
    ///
    /// It comes before the TLS handshake, and within --handshake-timeout. A connection of a trusted proxy without one is
    /// closed. Headers of other peers are read and ignored. Without a value, the option means on.
    #[arg(
        long,
        value_name = "on|off",
        env = "AXUM_TRAILERS_PROXY_PROTOCOL",
        num_args = 0..=1,
        require_equals = true,
        default_value = "off",
        default_missing_value = "on",
        value_parser = values::switch,
        action = clap::ArgAction::Set
    )]
    pub(super) proxy_protocol: bool,
}

impl ProxyArgs {
    /// Whether an option is set that has no effect without a trusted proxy.
    pub(super) fn need_trust(&self) -> bool {
        self.proxy_protocol || self.forwarded_header.is_some()
    }
}
