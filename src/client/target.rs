//! URLs: references, origins, credentials, and the place of an upload.

use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use std::path::Path;
use url::Url;

/// Resolves a reference against the URL that contains it, without its fragment and its credentials: those of a redirect
/// are the server's. `None` if the result is no http or https URL.
pub(super) fn join(base: &Uri, reference: &[u8]) -> Option<Uri> {
    let mut url = Url::parse(&base.to_string()).ok()?.join(str::from_utf8(reference).ok()?).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    url.set_fragment(None);
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
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

/// The URL without user name and password, which are sent in `Authorization`.
pub(super) fn without_credentials(uri: &Uri) -> Uri {
    let shorter = || {
        let (_, host) = uri.authority()?.as_str().rsplit_once('@')?;
        let mut parts = uri.clone().into_parts();
        parts.authority = Some(host.parse().ok()?);
        Uri::from_parts(parts).ok()
    };
    shorter().unwrap_or_else(|| uri.clone())
}

/// Where a file is uploaded: a URL whose path ends with a slash gets the file's name, as with curl, unless it has a query.
pub(super) fn of_upload(uri: &Uri, file: &Path) -> Uri {
    let named = || {
        let path = uri.path().strip_suffix('/').filter(|_| uri.query().is_none())?;
        let name = percent_encode(file.file_name()?.as_encoded_bytes(), OF_A_SEGMENT);
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(format!("{path}/{name}").parse().ok()?);
        Uri::from_parts(parts).ok()
    };
    named().unwrap_or_else(|| uri.clone())
}

/// What is not unreserved ([RFC 3986 §2.3](https://www.rfc-editor.org/rfc/rfc3986#section-2.3)).
const OF_A_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().expect(text)
    }

    #[test]
    fn references_are_resolved_without_fragment_and_credentials() {
        let base = uri("https://a.example:8443/b/c?d=e");
        for (reference, expected) in [
            ("/x", "https://a.example:8443/x"),
            ("x?y", "https://a.example:8443/b/x?y"),
            ("../x", "https://a.example:8443/x"),
            ("?y", "https://a.example:8443/b/c?y"),
            ("", "https://a.example:8443/b/c?d=e"),
            ("//b.example/x", "https://b.example/x"),
            ("http://b.example", "http://b.example/"),
            ("HTTPS://B.example:443/x#y", "https://b.example/x"),
            ("https://me:secret@b.example/x", "https://b.example/x"),
            ("//me@b.example/x", "https://b.example/x"),
            ("https://[::1]:3000/x", "https://[::1]:3000/x"),
            ("/ä b", "https://a.example:8443/%C3%A4%20b"),
            ("/a%2Fb", "https://a.example:8443/a%2Fb"),
            ("/x\r\ny: z", "https://a.example:8443/xy:%20z"),
        ] {
            assert_eq!(join(&base, reference.as_bytes()), Some(uri(expected)), "{reference:?}");
        }
        for other in [
            "ftp://a.example/",
            "file:///etc/passwd",
            "data:,x",
            "javascript:x",
            "https://",
            "//",
            "https://a b/",
        ] {
            assert_eq!(join(&base, other.as_bytes()), None, "{other}");
        }
        assert_eq!(join(&base, b"/\xff"), None);
        let plain = uri("http://[::1]:3000");
        assert_eq!(join(&plain, b"x"), Some(uri("http://[::1]:3000/x")));
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let is_same = |one, other| is_same_origin(&uri(one), &uri(other));
        for (one, other) in [
            ("https://a.example/x", "https://a.example:443/y"),
            ("http://A.example/", "http://a.example:80/?q"),
            ("https://me:secret@a.example/", "https://a.example/"),
            ("https://[::1]/", "https://[0:0:0:0:0:0:0:1]/"),
        ] {
            assert!(is_same(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("https://a.example/", "http://a.example/"),
            ("https://a.example/", "https://a.example:8443/"),
            ("https://a.example/", "https://b.a.example/"),
            ("http://127.0.0.1/", "http://localhost/"),
        ] {
            assert!(!is_same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn credentials_are_decoded_and_do_not_stay_in_the_url() {
        for (url, credentials_of_it, rest) in [
            ("https://me:secret@a.example/x", Some("me:secret"), "https://a.example/x"),
            ("https://me@a.example:1/x?y", Some("me:"), "https://a.example:1/x?y"),
            ("https://m%40e:s%3Ac@[::1]:1/", Some("m@e:s:c"), "https://[::1]:1/"),
            ("https://a.example/x@y", None, "https://a.example/x@y"),
        ] {
            assert_eq!(credentials(&uri(url)).as_deref(), credentials_of_it, "{url}");
            assert_eq!(without_credentials(&uri(url)), uri(rest), "{url}");
        }
    }

    #[test]
    fn a_file_gets_its_name_behind_a_slash() {
        for (url, file, expected) in [
            ("https://a.example/files/", "b/c d.txt", "https://a.example/files/c%20d.txt"),
            ("https://a.example", "ä?#%.txt", "https://a.example/%C3%A4%3F%23%25.txt"),
            ("https://a.example/files/", "..", "https://a.example/files/"),
            ("https://a.example/files", "c", "https://a.example/files"),
            ("https://a.example/?name=", "c", "https://a.example/?name="),
        ] {
            assert_eq!(of_upload(&uri(url), Path::new(file)), uri(expected), "{url} {file}");
        }
    }
}
