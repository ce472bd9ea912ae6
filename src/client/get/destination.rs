use super::name;
use crate::cli::{FileOrDash, GetArgs};
use http::Uri;
use std::{
    fs,
    io::{ErrorKind, IsTerminal},
    path::{Path, PathBuf},
};

/// Where content goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// Standard output. A terminal gets only text.
    StandardOutput { is_guarded: bool },
    /// A device or a pipe, which is written directly.
    Special(PathBuf),
    /// A file, which exists or not.
    File(PathBuf),
}

/// A chain of more symbolic links is a circle for Linux, too.
const MOST_LINKS: usize = 40;

impl Destination {
    /// What the options say. The error is a message.
    pub(super) fn of(args: &GetArgs, url: &Uri) -> Result<Self, String> {
        if args.client.report.json
            && matches!(&args.output, Some(FileOrDash::File(path)) if is_standard_output(path))
        {
            return Err("--json writes to standard output: name another file for the content".to_owned());
        }
        match &args.output {
            _ if args.remote_name => Self::at_name(PathBuf::from(name::of(url)?)),
            Some(FileOrDash::File(path)) => Self::at_path(path),
            Some(FileOrDash::Dash) => Ok(Self::StandardOutput { is_guarded: false }),
            None => Ok(Self::StandardOutput { is_guarded: std::io::stdout().is_terminal() }),
        }
    }

    /// A file whose name comes from a URL. A symbolic link is replaced, because it may lead out of the folder.
    fn at_name(path: PathBuf) -> Result<Self, String> {
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() || found.is_symlink() => Ok(Self::File(path)),
            Ok(found) => Self::of_kind(path, found.is_dir()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::File(path)),
            Err(error) => Err(cannot_write(&path, &error)),
        }
    }

    /// A file that the user named. A symbolic link is followed, as curl does.
    fn at_path(path: &Path) -> Result<Self, String> {
        if is_standard_output(path) {
            return Ok(Self::StandardOutput { is_guarded: false });
        }
        // To replace the file behind it would take it from the process that has opened it.
        if DESCRIPTORS.iter().any(|folder| path.starts_with(folder)) || path == Path::new("/dev/stderr") {
            return Ok(Self::Special(path.to_owned()));
        }
        if path.file_name().is_none() || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return Self::of_kind(path.to_owned(), true);
        }
        match fs::metadata(path) {
            Ok(found) if !found.is_file() => Self::of_kind(path.to_owned(), found.is_dir()),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot_write(path, &error)),
            _ => Ok(Self::File(followed(path))),
        }
    }

    fn of_kind(path: PathBuf, is_folder: bool) -> Result<Self, String> {
        if is_folder {
            return Err(format!("{} is a folder: name a file in it", path.display()));
        }
        Ok(Self::Special(path))
    }
}

/// The folders of open files.
const DESCRIPTORS: [&str; 2] = ["/dev/fd", "/proc/self/fd"];

fn is_standard_output(path: &Path) -> bool {
    path == Path::new("/dev/stdout")
        || DESCRIPTORS.iter().any(|folder| path.strip_prefix(folder).is_ok_and(|name| name == Path::new("1")))
}

/// What a symbolic link leads to, which may not exist.
fn followed(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(target) = fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    path
}

pub(super) fn cannot_write(path: &Path, error: &std::io::Error) -> String {
    format!("can't write {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_may_be_missing_but_a_folder_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = folder.path().join("missing");
        assert_eq!(Destination::at_path(&missing), Ok(Destination::File(missing.clone())));
        for path in [folder.path().to_owned(), "..".into(), "/".into(), missing.join("")] {
            let error = Destination::at_path(&path).expect_err("a folder");
            assert!(error.contains("is a folder"), "{error}");
            assert!(Destination::at_name(path.clone()).is_err() || path == missing.join(""), "{path:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn link_is_followed_only_if_the_user_named_it() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "").expect("written");
        for (link, target) in [("one", "file"), ("two", "one"), ("dangling", "nothing"), ("circle", "circle")]
        {
            symlink(target, at(link)).expect("linked");
        }
        for (link, target) in [("one", "file"), ("two", "file"), ("dangling", "nothing")] {
            assert_eq!(Destination::at_path(&at(link)), Ok(Destination::File(at(target))), "{link}");
            assert_eq!(Destination::at_name(at(link)), Ok(Destination::File(at(link))), "{link}");
        }
        assert!(Destination::at_path(&at("circle")).is_err());
        assert_eq!(Destination::at_name(at("circle")), Ok(Destination::File(at("circle"))));
    }

    #[cfg(unix)]
    #[test]
    fn open_file_is_not_replaced() {
        for path in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
            let standard = Destination::StandardOutput { is_guarded: false };
            assert_eq!(Destination::at_path(Path::new(path)), Ok(standard), "{path}");
        }
        for path in ["/dev/stderr", "/dev/fd/2", "/proc/self/fd/3"] {
            assert_eq!(Destination::at_path(Path::new(path)), Ok(Destination::Special(path.into())));
        }
    }

    #[cfg(unix)]
    #[test]
    fn device_is_written_directly() {
        let null = PathBuf::from("/dev/null");
        assert_eq!(Destination::at_path(&null), Ok(Destination::Special(null.clone())));
    }
}
