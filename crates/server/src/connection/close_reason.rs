/// Why the server ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CloseReason {
    #[error("no first bytes")]
    NoFirstByte,
    #[error("no request within the idle timeout")]
    Idle,
    #[error("the client stopped reading")]
    StalledReader,
    #[error("the protocol differs from the one negotiated with ALPN")]
    WrongProtocol,
    #[error("a trailer section contains a pseudo-header field")]
    PseudoHeader,
    #[error("a stream depends on itself")]
    SelfDependency,
    #[error("a handler asked to break the connection")]
    ByHandler,
    #[error("server shutdown")]
    Shutdown,
}

impl CloseReason {
    /// For metrics.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::NoFirstByte => "no_first_byte",
            Self::Idle => "idle",
            Self::StalledReader => "stalled_reader",
            Self::WrongProtocol => "wrong_protocol",
            Self::PseudoHeader => "pseudo_header",
            Self::SelfDependency => "self_dependency",
            Self::ByHandler => "broken_by_handler",
            Self::Shutdown => "shutdown",
        }
    }
}
