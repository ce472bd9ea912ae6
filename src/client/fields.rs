//! The header fields of requests: the defaults, then those of the user.

use super::{session::Session, target};
use crate::cli::HeaderLine;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};

impl Session<'_> {
    /// The fields of each request: the defaults, then the user's.
    pub(super) fn fields(&self, uri: &Uri, defaults: HeaderMap) -> HeaderMap {
        let mut fields = defaults;
        fields.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        fields.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        match &self.options.user_agent {
            Some(name) if name.is_empty() => drop(fields.remove(header::USER_AGENT)),
            Some(name) => drop(fields.insert(header::USER_AGENT, name.clone())),
            None => {}
        }
        if let Some(value) = self.authorization(uri) {
            fields.insert(header::AUTHORIZATION, value);
        }
        let mut given = HeaderMap::new();
        for line in &self.options.header {
            match line {
                HeaderLine::Remove(name) => drop(fields.remove(name)),
                HeaderLine::Set(name, value) => {
                    let mut value = value.clone();
                    value.set_sensitive(SECRET.contains(name));
                    given.append(name, value);
                }
            }
        }
        for name in given.keys() {
            fields.remove(name);
        }
        fields.extend(given);
        fields
    }

    /// Whether the user sends this field.
    pub(super) fn sends(&self, name: &HeaderName) -> bool {
        self.options.header.iter().any(|line| matches!(line, HeaderLine::Set(set, _) if set == name))
    }

    fn authorization(&self, uri: &Uri) -> Option<HeaderValue> {
        let text = match &self.options.user {
            Some(user) => format!("{}:{}", user.user, user.password),
            None => target::credentials(uri)?,
        };
        let mut value = HeaderValue::try_from(format!("Basic {}", BASE64_STANDARD.encode(text))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// Fields that `--verbose` does not show.
const SECRET: [HeaderName; 3] = [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE];

const USER_AGENT: &str = concat!("axum-trailers/", env!("CARGO_PKG_VERSION"));
