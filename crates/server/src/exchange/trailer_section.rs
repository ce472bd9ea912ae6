//! The trailers of a response on their way to the client.

use crate::compat::{Unsendable, to_new};
use axum::BoxError;
use axum_trailers::{
    syntax::is_lowercase_token,
    trailers::{Declared, why_forbidden},
};
use http::{HeaderMap, HeaderName, Version};

/// The trailers that are sent, in both generations of `http`.
pub(super) struct Section {
    pub(super) old: HeaderMap,
    pub(super) new: http_1::HeaderMap,
}

impl Section {
    pub(super) fn of(old: HeaderMap) -> Result<Option<Self>, BoxError> {
        if old.is_empty() {
            return Ok(None);
        }
        let new = to_new(&old).map_err(TrailersUnsendable::from)?;
        Ok(Some(Self { old, new }))
    }
}

/// Removes trailers that must not be sent: a third-party body may have any. Over HTTP/1.1 hyper sends only announced
/// ones. A name that is not a token can't be announced: it stays, and fails the body.
pub(super) fn permitted(
    mut trailers: HeaderMap,
    announced: &Declared,
    are_relayed: bool,
    version: Version,
) -> HeaderMap {
    let may_be_sent = |name: &HeaderName| {
        if let Some(reason) = why_forbidden(name) {
            tracing::warn!(%name, %reason, "forbidden trailer field omitted");
            return false;
        }
        let is_sent =
            version >= Version::HTTP_2 || announced.contains(name) || !is_lowercase_token(name.as_str());
        match is_sent {
            true => {}
            false if are_relayed => {
                tracing::info!(%name, "unannounced relayed trailer field omitted over HTTP/1.1");
            }
            false => tracing::warn!(%name, "unannounced trailer field omitted over HTTP/1.1"),
        }
        is_sent
    };
    let left_out: Vec<_> = trailers.keys().filter(|name| !may_be_sent(name)).cloned().collect();
    for name in left_out {
        trailers.remove(name);
    }
    trailers
}

/// The trailers have a field that hyper does not accept. Leaving it out would lose it silently.
#[derive(Debug, thiserror::Error)]
#[error("the trailers can't be sent")]
struct TrailersUnsendable(#[from] Unsendable);
