use crate::syntax::is_tchar;
use std::{borrow::Cow, fmt, time::Duration};

/// A metric of a `Server-Timing` field
/// ([W3C Server Timing](https://www.w3.org/TR/server-timing/#the-server-timing-header-field)): a name with an optional
/// duration and an optional description.
///
/// ```
/// use axum_trailers::layers::server_timing::Metric;
/// use std::time::Duration;
///
/// let metric = Metric::new("db").duration(Duration::from_micros(23_500)).description("orders, by \"date\"");
/// assert_eq!(metric.to_string(), r#"db;dur=23.5;desc="orders, by \"date\"""#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    name: Cow<'static, str>,
    duration: Option<Duration>,
    description: Option<Cow<'static, str>>,
}

/// Why a metric was not added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// The name is not a token ([RFC 9110 §5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)). Tokens have
    /// no escapes.
    #[error("`{name}` is not a valid metric name: use letters, digits and any of !#$%&'*+-.^_`|~")]
    Name {
        /// The name, with unprintable characters escaped.
        name: String,
    },
    /// The description contains control characters, which a quoted string can't contain
    /// ([RFC 9110 §5.6.4](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.4)).
    #[error("the description of `{name}` contains control characters")]
    Description {
        /// The metric's name.
        name: String,
    },
    /// The body has ended, or its response was dropped.
    #[error("`{name}` can't be added: the body has already ended")]
    Ended {
        /// The metric's name.
        name: String,
    },
}

impl Metric {
    /// Creates a metric with only a name. Names are tokens; keep them short, because browsers show them as labels.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), duration: None, description: None }
    }

    /// Sets how long it took. It is written in milliseconds, with microsecond precision.
    #[must_use]
    pub fn duration(self, duration: Duration) -> Self {
        Self { duration: Some(duration), ..self }
    }

    /// Sets a description for people. Quotes and backslashes are escaped. Non-ASCII characters are sent as UTF-8;
    /// browsers show them wrong because they read fields as Latin-1.
    #[must_use]
    pub fn description(self, description: impl Into<Cow<'static, str>>) -> Self {
        Self { description: Some(description.into()), ..self }
    }

    pub(super) fn checked(self) -> Result<Self, MetricError> {
        if self.name.is_empty() || !self.name.bytes().all(is_tchar) {
            return Err(MetricError::Name { name: self.name.escape_debug().to_string() });
        }
        if self.description.iter().any(|text| text.bytes().any(is_control)) {
            return Err(MetricError::Description { name: self.name.into_owned() });
        }
        Ok(self)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(duration) = self.duration {
            let micros = duration.as_micros();
            write!(f, ";dur={}", micros / 1000)?;
            if micros % 1000 != 0 {
                write!(f, ".{}", format!("{:03}", micros % 1000).trim_end_matches('0'))?;
            }
        }
        if let Some(description) = &self.description {
            let escaped = description.replace('\\', "\\\\").replace('"', "\\\"");
            write!(f, ";desc=\"{escaped}\"")?;
        }
        Ok(())
    }
}

fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_milliseconds_to_the_microsecond() {
        let cases =
            [(0, "0"), (999, "0"), (1_000, "0.001"), (23_500_000, "23.5"), (1_234_567_890, "1234.567")];
        for (nanos, expected) in cases {
            let metric = Metric::new("a").duration(Duration::from_nanos(nanos));
            assert_eq!(metric.to_string(), format!("a;dur={expected}"));
        }
        assert!(Metric::new("a").duration(Duration::MAX).to_string().starts_with("a;dur=184467440737095516"));
    }

    #[test]
    fn names_are_tokens_and_descriptions_are_without_control_characters() {
        for name in ["", "a b", "a;b", "a,b", "a\"b", "a\nb", "ä", "a:b", "a/b", "a=b"] {
            let error = Metric::new(name).checked().expect_err(name);
            assert!(
                matches!(&error, MetricError::Name { .. }) && !error.to_string().contains('\n'),
                "{error}"
            );
        }
        assert!(Metric::new("!#$%&'*+-.^_`|~aZ0").description("a\tb, \\ \"ä\"").checked().is_ok());
        for text in ["a\nb", "\r", "\0", "\u{7f}"] {
            let error = Metric::new("db").description(text).checked().expect_err("refused");
            assert_eq!(error, MetricError::Description { name: "db".to_owned() });
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(
            metrics in proptest::collection::vec(
                ("[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,8}", proptest::option::of(0_u32..), proptest::option::of("[\\t -~äλ]*")),
                0..5,
            ),
        ) {
            let metrics: Vec<_> = metrics.into_iter().map(|(name, micros, text)| Metric {
                name: name.into(),
                duration: micros.map(|micros| Duration::from_micros(micros.into())),
                description: text.map(Cow::from),
            }).collect();
            let field = super::super::metrics::field_value(&metrics);
            let field = String::from_utf8(field.as_bytes().to_vec()).expect("text");
            prop_assert_eq!(read(&field), metrics);
        }
    }

    /// Parses a field like a user agent, as the W3C specification describes it.
    fn read(field: &str) -> Vec<Metric> {
        let mut rest = field;
        let mut metrics = Vec::new();
        while !rest.is_empty() {
            let mut metric = Metric::new(take_token(&mut rest));
            while let Some(parameter) = rest.trim_start().strip_prefix(';') {
                rest = parameter.trim_start();
                let name = take_token(&mut rest);
                rest = rest.trim_start().strip_prefix('=').expect("a value").trim_start();
                let value =
                    if rest.starts_with('"') { take_quoted(&mut rest) } else { take_token(&mut rest) };
                metric = match &*name {
                    "dur" => {
                        let millis: f64 = value.parse().expect("a number");
                        metric.duration(Duration::from_secs_f64((millis * 1e3).round() / 1e6))
                    }
                    "desc" => metric.description(value),
                    _ => panic!("unknown parameter {name}"),
                };
            }
            metrics.push(metric);
            rest = rest.trim_start();
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        }
        metrics
    }

    fn take_token(rest: &mut &str) -> String {
        let end = rest.bytes().position(|byte| !is_tchar(byte)).unwrap_or(rest.len());
        assert!(end > 0, "a token in {rest:?}");
        let (token, after) = rest.split_at(end);
        *rest = after;
        token.to_owned()
    }

    fn take_quoted(rest: &mut &str) -> String {
        let mut value = String::new();
        let mut chars = rest.char_indices().skip(1);
        while let Some((at, char)) = chars.next() {
            match char {
                '\\' => value.push(chars.next().expect("an escaped character").1),
                '"' => {
                    *rest = &rest[at + 1..];
                    return value;
                }
                _ => value.push(char),
            }
        }
        panic!("no closing quote in {rest:?}");
    }
}
