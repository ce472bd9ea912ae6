//! The trailers of a response on their way to the client.

use super::overrides::Delivery;
use super::sendable::{Unsendable, prepare};
use axum_trailers::{
    BoxError,
    trailers::{Declared, why_forbidden},
};
use http::{HeaderMap, HeaderName, Version};

/// Makes the trailers of the application's body ready for hyper.
///
/// # Errors
///
/// [`TrailersUnsendable`] if a name is not a token.
pub(super) fn prepared(mut trailers: HeaderMap) -> Result<HeaderMap, TrailersUnsendable> {
    prepare(&mut trailers)?;
    Ok(trailers)
}

/// The error of a body whose trailers are not those of `http` 1: the same as that of [`prepared`].
pub(super) fn unconverted(error: BoxError) -> BoxError {
    #[cfg(feature = "axum-06")]
    let error = match error.downcast::<axum_trailers::compat::ConversionError>() {
        Ok(error) => return TrailersUnsendable(Unsendable::from(*error)).into(),
        Err(error) => error,
    };
    error
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
    delivery: Delivery,
    version: Version,
) -> Permitted {
    let mut lacks_unannounced = false;
    let mut may_be_sent = |name: &HeaderName| {
        if let Some(reason) = why_forbidden(name) {
            tracing::warn!(%name, %reason, "forbidden trailer field omitted");
            return false;
        }
        let is_sent =
            version >= Version::HTTP_2 || delivery == Delivery::ByTransport || announced.contains(name);
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
