/// What a listener is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Https,
    Redirect,
    Metrics,
}

impl Purpose {
    /// For the log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Redirect => "redirect",
            Self::Metrics => "metrics",
        }
    }
}
