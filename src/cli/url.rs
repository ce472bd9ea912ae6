//! URLs.

use axum_trailers::syntax::host_and_port;
use http::Uri;

/// Parses the URL of a request: `https` or `http`, with a host.
pub(super) fn url(text: &str) -> Result<Uri, String> {
    if !text.contains("://") {
        return Err(format!("expected a URL with its scheme, such as https://{text}"));
    }
    let uri: Uri = text.parse().map_err(|error| {
        format!("{error}: percent-encode spaces and other characters that a URL does not permit")
    })?;
    if !matches!(uri.scheme_str(), Some("https" | "http")) {
        return Err("expected a URL that starts with https:// or http://".to_owned());
    }
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let authority = authority.rsplit_once('@').map_or(authority, |(_, rest)| rest);
    if authority.is_empty() || authority.starts_with(':') {
        return Err("expected a host after ://".to_owned());
    }
    match host_and_port(authority) {
        None => {
            Err(format!("expected a host such as example.com:3000 or [::1]:3000 after ://, not {authority}"))
        }
        Some((_, Some(port))) if port.parse::<u16>().is_err() => {
            Err("expected a port from 0 to 65535 after the host".to_owned())
        }
        Some(_) => Ok(uri),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_has_a_scheme_of_http_and_a_host() {
        for right in [
            "https://example.com",
            "http://localhost:8080/a?b=c#d",
            "https://[::1]:3000/",
            "https://user:password@example.com/a%20b",
            "HTTPS://EXAMPLE.COM/",
        ] {
            assert!(url(right).is_ok(), "{right}: {:?}", url(right));
        }
        for (wrong, says) in [
            ("", "https://"),
            ("example.com/a", "such as https://example.com/a"),
            ("ftp://example.com/", "starts with https:// or http://"),
            ("https:///a", ""),
            ("https://:3000/a", ""),
            ("https://example.com:70000/", "port"),
            ("https://example.com:/", "port"),
            ("https://user@a[b:]c/", "not a[b:]c"),
            ("https://[::1]a/", "not [::1]a"),
            ("https://example.com/a b", "percent-encode"),
            ("https://exa\nmple.com/", "percent-encode"),
        ] {
            let error = url(wrong).expect_err(wrong);
            assert!(error.contains(says), "{wrong}: {error}");
        }
    }
}
