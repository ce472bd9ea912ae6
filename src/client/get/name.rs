use crate::client::escape;
use http::Uri;
use percent_encoding::percent_decode_str;

/// The name of a file for the content of a URL: the last segment of its path. It can't leave the folder.
///
/// # Errors
///
/// The reason and what to do, if there is no such name.
pub(super) fn of(url: &Uri) -> Result<String, String> {
    let segment = url.path().rsplit('/').next().unwrap_or_default();
    named(segment).map_err(|reason| format!("the URL {reason}: use --output FILE"))
}

fn named(segment: &str) -> Result<String, &'static str> {
    let name = percent_decode_str(segment).decode_utf8().map_err(|_| "ends in a name that is not UTF-8")?;
    let has_drive = matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    match &*name {
        "" => Err("ends in no file name"),
        "." | ".." => Err("ends in the name of a folder"),
        _ if name.contains(['/', '\\']) || has_drive => Err("ends in a name with a folder or a drive in it"),
        _ if name.contains(escape::is_harmful) => Err("ends in a name with invisible characters"),
        _ => Ok(name.into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_the_last_segment_decoded() {
        for (path, expected) in [
            ("/a.iso", "a.iso"),
            ("/a/b%20c?d/e", "b c"),
            ("/%C3%A4", "ä"),
            ("/.hidden", ".hidden"),
            ("/...", "..."),
            ("/ab:c", "ab:c"),
            ("/%252e%252e", "%2e%2e"),
            ("/a+b", "a+b"),
        ] {
            let url: Uri = format!("https://example.com{path}").parse().expect(path);
            let name = of(&url).unwrap_or_default();
            assert_eq!(name, expected, "{path}");
        }
    }

    #[test]
    fn name_never_leaves_the_folder() {
        for path in [
            "",
            "/",
            "/folder/",
            "/.",
            "/..",
            "/%2e%2e",
            "/%2E",
            "/..%2fa",
            "/%2fetc%2fpasswd",
            "/..%5ca",
            "/C:a",
            "/c%3A",
            "/a%00",
            "/a%0Ab",
            "/%1b[31m",
            "/%7f",
            "/%C2%9B",
            "/a%E2%80%AEb",
            "/%ff",
        ] {
            let url: Uri = format!("https://example.com{path}").parse().expect(path);
            let error = of(&url).expect_err(path);
            assert!(error.ends_with(": use --output FILE"), "{error}");
        }
    }
}
