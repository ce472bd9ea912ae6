use std::{ffi::OsString, path::PathBuf};

/// A file, or `-` for standard input or output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileOrDash {
    /// Standard input or output.
    Dash,
    File(PathBuf),
}

impl FileOrDash {
    pub(super) fn parse(text: OsString) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("expected a file name, or -");
        }
        Ok(if text == "-" { Self::Dash } else { Self::File(text.into()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dash_alone_is_no_file() {
        assert_eq!(FileOrDash::parse("-".into()), Ok(FileOrDash::Dash));
        for file in ["a", "./-", "--"] {
            assert_eq!(FileOrDash::parse(file.into()), Ok(FileOrDash::File(file.into())));
        }
        assert!(FileOrDash::parse(OsString::new()).is_err());
    }
}
