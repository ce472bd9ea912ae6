/// Why the server ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CloseReason {
    #[error("no byte came after the handshake")]
    NoFirstByte,
    #[error("no request came")]
    Idle,
    #[error("the reader stalled")]
    StalledReader,
    #[error("the protocol is not the one that ALPN chose")]
    WrongProtocol,
    #[error("a pseudo-header field came in a trailer section")]
    PseudoHeader,
    #[error("a stream depends on itself")]
    SelfDependency,
    #[error("the server shut down")]
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
            Self::Shutdown => "shutdown",
        }
    }
}
