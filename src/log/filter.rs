use std::{
    env::{self, VarError},
    str::FromStr,
};
use tracing::{Level, Metadata, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter,
    filter::{FilterFn, ParseError, filter_fn},
};

/// A log filter, in the syntax of `RUST_LOG`.
#[derive(Clone, Debug)]
pub(crate) struct Filter(String);

/// Why a filter is invalid.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FilterError {
    #[error(transparent)]
    Syntax(#[from] ParseError),
    /// The parser would take it for a target, log everything from it and nothing else.
    #[error(
        "`{0}` is not a level: use off, error, warn, info, debug or trace, alone or for a target as in \
         `axum_trailers=debug`"
    )]
    NoLevel(String),
    /// The parser would take it for `error`.
    #[error("the filter is empty: use off, error, warn, info, debug or trace")]
    Empty,
    #[error("it is not UTF-8")]
    NotText,
}

impl Filter {
    const DEFAULT: &str = "info";

    /// Reads `RUST_LOG`. If it is empty or unset, the filter is `info`.
    pub(crate) fn from_env() -> Result<Self, FilterError> {
        match env::var(EnvFilter::DEFAULT_ENV) {
            Ok(text) if !text.is_empty() => text.parse(),
            Ok(_) | Err(VarError::NotPresent) => Ok(Self(Self::DEFAULT.to_owned())),
            Err(VarError::NotUnicode(_)) => Err(FilterError::NotText),
        }
    }

    /// Logs nothing.
    pub(crate) fn off() -> Self {
        Self("off".to_owned())
    }

    pub(super) fn env_filter(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
    }

    /// Hides rustls' warnings unless this filter names rustls. They concern what clients send, such as an IP address as
    /// the server's name, so anyone could fill the log with them. A directive `rustls=error` would also hide its debug
    /// lines, and log its errors if the filter is `off`.
    pub(super) fn rustls_filter(&self) -> FilterFn<impl Fn(&Metadata<'_>) -> bool + 'static> {
        let names_rustls = self.0.split(',').any(|directive| directive.starts_with(RUSTLS));
        filter_fn(move |event| {
            names_rustls || *event.level() != Level::WARN || !event.target().starts_with(RUSTLS)
        })
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The parser treats a space as part of a target.
        let directives: Vec<_> =
            text.split(',').map(str::trim).filter(|directive| !directive.is_empty()).collect();
        if directives.is_empty() {
            return Err(FilterError::Empty);
        }
        let is_word = |word: &&&str| !word.contains(['=', '[', ']', '{', '}', '"']);
        let mut words = directives.iter().filter(is_word);
        if let Some(word) = words.find(|word| word.parse::<LevelFilter>().is_err()) {
            return Err(FilterError::NoLevel((*word).to_owned()));
        }
        let text = directives.join(",");
        EnvFilter::try_new(&text)?;
        Ok(Self(text))
    }
}

const RUSTLS: &str = "rustls";

#[cfg(test)]
mod tests {
    use super::{super::testing::Shared, *};
    use tracing_subscriber::layer::SubscriberExt;

    /// What this filter lets through of a warning and an error of rustls, and a warning of this program.
    fn logged(filter: &str) -> String {
        let filter: Filter = filter.parse().expect("a filter");
        let log = Shared::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(log.clone())
            .with_env_filter(filter.env_filter())
            .finish()
            .with(filter.rustls_filter());
        tracing::subscriber::with_default(subscriber, || {
            tracing::debug!(target: "rustls::conn", "rustls-debug");
            tracing::warn!(target: "rustls::conn", "rustls-warning");
            tracing::error!(target: "rustls::conn", "rustls-error");
            tracing::warn!(target: "axum_trailers", "own-warning");
        });
        log.text()
    }

    #[test]
    fn word_that_is_no_level_is_refused() {
        for filter in
            ["info", "OFF", "warn,axum_trailers=debug", "axum_trailers[request]=debug", "[request{a}]=info"]
        {
            assert!(filter.parse::<Filter>().is_ok(), "{filter}");
        }
        for filter in
            ["nonsense", "info,axum_trailers", "hyper::proto", "axum_trailers=loud", "infos", "", " ", ","]
        {
            assert!(filter.parse::<Filter>().is_err(), "{filter}");
        }
    }

    #[test]
    fn warnings_of_rustls_alone_are_hidden_unless_it_is_named() {
        for (filter, expected) in [
            ("info", &["rustls-error", "own-warning"][..]),
            ("debug", &["rustls-debug", "rustls-error", "own-warning"]),
            ("axum_trailers=info", &["own-warning"]),
            ("off", &[]),
            ("info ", &["rustls-error", "own-warning"]),
            (" debug", &["rustls-debug", "rustls-error", "own-warning"]),
            ("info, rustls=warn", &["rustls-warning", "rustls-error", "own-warning"]),
            (", axum_trailers=info,", &["own-warning"]),
            ("info,rustls=warn", &["rustls-warning", "rustls-error", "own-warning"]),
            ("rustls::conn=debug", &["rustls-debug", "rustls-warning", "rustls-error"]),
        ] {
            let log = logged(filter);
            let all = ["rustls-debug", "rustls-warning", "rustls-error", "own-warning"];
            let found: Vec<_> = all.into_iter().filter(|message| log.contains(message)).collect();
            assert_eq!(found, expected, "{filter}: {log}");
        }
    }
}
