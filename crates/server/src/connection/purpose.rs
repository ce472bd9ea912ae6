/// What a listener is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    Https,
    /// The same application as over HTTPS, without TLS.
    Plain,
    Redirect,
    Metrics,
}

impl Purpose {
    /// For the log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Plain => "plain",
            Self::Redirect => "redirect",
            Self::Metrics => "metrics",
        }
    }
}
