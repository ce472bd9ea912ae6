//! URLs.

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
    let has_port = authority.rsplit_once([']', '@']).map_or(authority, |(_, rest)| rest).contains(':');
    if has_port && uri.port_u16().is_none() {
        return Err("expected a port from 0 to 65535 after the host".to_owned());
    }
    match uri.host() {
        None | Some("") => Err("expected a host after ://".to_owned()),
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
            ("https://example.com/a b", "percent-encode"),
            ("https://exa\nmple.com/", "percent-encode"),
        ] {
            let error = url(wrong).expect_err(wrong);
            assert!(error.contains(says), "{wrong}: {error}");
        }
    }
}
