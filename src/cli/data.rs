use super::file_or_dash::FileOrDash;
use std::ffi::OsString;

/// The content of `--data`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    /// The bytes themselves.
    Bytes(Vec<u8>),
    /// What a file or standard input contains.
    Of(FileOrDash),
}

impl Data {
    /// Parses `TEXT`, `@FILE` or `@-`.
    pub(super) fn parse(text: OsString) -> Result<Self, &'static str> {
        match text.to_str().and_then(|text| text.strip_prefix('@')) {
            Some("") => Err("expected a file name, or - for standard input, after @"),
            Some(name) => FileOrDash::parse(name.into()).map(Self::Of),
            None if text.as_encoded_bytes().starts_with(b"@") => {
                Err("the file name after @ is not valid UTF-8: use @- and redirect standard input")
            }
            None => Ok(Self::Bytes(text.into_encoded_bytes())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_text_unless_it_names_a_file() {
        for (text, expected) in [
            ("", Data::Bytes(Vec::new())),
            ("a@b\r\n", Data::Bytes(b"a@b\r\n".to_vec())),
            ("-", Data::Bytes(b"-".to_vec())),
            ("@-", Data::Of(FileOrDash::Dash)),
            ("@./-", Data::Of(FileOrDash::File("./-".into()))),
            ("@@", Data::Of(FileOrDash::File("@".into()))),
        ] {
            assert_eq!(Data::parse(text.into()), Ok(expected), "{text}");
        }
        assert!(Data::parse("@".into()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_are_sent_as_they_are() {
        use std::os::unix::ffi::OsStringExt;
        let parse = |bytes: &[u8]| Data::parse(OsString::from_vec(bytes.to_vec()));
        assert_eq!(parse(b"\xff@"), Ok(Data::Bytes(b"\xff@".to_vec())));
        assert!(parse(b"@\xff").is_err());
    }
}
