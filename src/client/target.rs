//! URLs: references, origins, credentials, file names.

use http::Uri;
use percent_encoding::percent_decode_str;
use url::Url;

/// Resolves a reference against the URL that contains it. `None` if the result is no http or https URL.
pub(super) fn join(base: &Uri, reference: &str) -> Option<Uri> {
    let mut url = Url::parse(&base.to_string()).ok()?.join(reference).ok()?;
    url.set_fragment(None);
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    url.as_str().parse().ok()
}

/// Whether both URLs have the same scheme, host and port.
pub(super) fn is_same_origin(one: &Uri, other: &Uri) -> bool {
    let origin = |uri: &Uri| Url::parse(&uri.to_string()).map(|url| url.origin());
    matches!((origin(one), origin(other)), (Ok(one), Ok(other)) if one == other)
}

/// The user name and password in a URL, as `USER:PASSWORD`.
pub(super) fn credentials(uri: &Uri) -> Option<String> {
    let (credentials, _) = uri.authority()?.as_str().rsplit_once('@')?;
    let text = percent_decode_str(credentials).decode_utf8_lossy().into_owned();
    Some(if credentials.contains(':') { text } else { format!("{text}:") })
}
