//! The trailers of a response on their way to the client.

use crate::compat::{Unsendable, reuse_trailers, to_new};
use axum_trailers::trailers::{Declared, why_forbidden};
use http::{HeaderMap, HeaderName, Version};

/// Converts the trailers of the application's body.
///
/// # Errors
///
/// [`TrailersUnsendable`] if a name is not a token.
pub(super) fn received(trailers: http_02::HeaderMap) -> Result<HeaderMap, TrailersUnsendable> {
    let converted = to_new(&trailers)?;
    reuse_trailers(trailers);
    Ok(converted)
}

/// The trailers that are sent, and whether some are left out because they were not announced.
pub(super) struct Permitted {
    pub(super) section: HeaderMap,
    pub(super) lacks_unannounced: bool,
}

/// Removes trailers that must not be sent: a third-party body may have any. Over HTTP/1.1 hyper sends only announced
/// ones.
pub(super) fn permitted(
    mut section: HeaderMap,
    announced: &Declared,
    are_relayed: bool,
    version: Version,
) -> Permitted {
    let mut lacks_unannounced = false;
    let mut may_be_sent = |name: &HeaderName| {
        if let Some(reason) = why_forbidden(name) {
            tracing::warn!(%name, %reason, "forbidden trailer field omitted");
            return false;
        }
        let is_sent = version >= Version::HTTP_2 || announced.contains(name);
        lacks_unannounced |= !is_sent;
        match is_sent {
            true => {}
            false if are_relayed => {
                tracing::info!(%name, "unannounced relayed trailer field omitted over HTTP/1.1");
            }
            false => tracing::warn!(%name, "unannounced trailer field omitted over HTTP/1.1"),
        }
        is_sent
    };
    let left_out: Vec<_> = section.keys().filter(|name| !may_be_sent(name)).cloned().collect();
    for name in left_out {
        section.remove(name);
    }
    Permitted { section, lacks_unannounced }
}

/// The trailers have a field that hyper does not accept. Leaving it out would lose it silently.
#[derive(Debug, thiserror::Error)]
#[error("the trailers can't be sent")]
pub(super) struct TrailersUnsendable(#[from] Unsendable);
