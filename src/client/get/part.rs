use super::{
    destination::cannot_write,
    files::{adopt_permissions, beside, check_writable, open_locked, sync_folder},
    kept::{self, Kept},
    sink::{Beginning, Rest},
};
use crate::client::output::Trouble;
use axum_trailers::digest::{Algorithm, Hashers};
use indicatif::BinaryBytes;
use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    path::PathBuf,
};

/// A `.part` file beside the file that it will replace, locked for this process.
pub(super) struct Part {
    /// The file to replace.
    target: PathBuf,
    path: PathBuf,
    kept_path: PathBuf,
    file: File,
    /// This process has created it.
    is_new: bool,
    /// This transfer has written content.
    has_begun: bool,
    /// In bytes.
    length: u64,
    kept: Option<Kept>,
    /// `kept` is in its file.
    is_kept_written: bool,
    /// Why it can't be.
    obstacle: Option<String>,
    hashed: Hashed,
}

/// What has been hashed of the beginning of a file.
struct Hashed {
    hashers: Hashers,
    length: u64,
}

/// What remains of a transfer that failed: at least one byte.
pub(super) struct Remains {
    pub(super) path: PathBuf,
    /// In bytes.
    pub(super) length: u64,
    /// Why it can't be continued.
    pub(super) obstacle: Option<String>,
}

/// Content from which on the validator is written: less is requested again after a sudden end, which saves small downloads
/// another file.
const WORTH_KEEPING: u64 = 64 * 1024;

impl Part {
    /// Opens or creates the file. Its content is only kept if it can be continued.
    pub(super) fn open(target: PathBuf, continues: bool) -> Result<Self, Trouble> {
        check_writable(&target).map_err(|error| Trouble::Local(cannot_write(&target, &error)))?;
        let path = beside(&target, ".part");
        let kept_path = beside(&target, ".part.json");
        let opened = open_locked(&path).map_err(|error| Trouble::Local(cannot_write(&path, &error)));
        let (file, is_new) = opened?;
        let (length, kept) = if continues {
            let found = file.metadata().map_err(|error| Trouble::Local(cannot_write(&path, &error)))?;
            (found.len(), Kept::read(&kept_path))
        } else {
            (0, None)
        };
        let is_kept_written = kept.is_some();
        let hashed = Hashed::nothing();
        Ok(Self {
            target,
            path,
            kept_path,
            file,
            is_new,
            has_begun: false,
            length,
            kept,
            is_kept_written,
            obstacle: None,
            hashed,
        })
    }

    pub(super) fn beginning(&mut self, url: &str) -> Result<Beginning, Trouble> {
        if self.length == 0 {
            return Ok(Beginning::Nothing);
        }
        let useless = |reason: &str| {
            Ok(Beginning::Useless(format!("{} is not continued: {reason}", self.path.display())))
        };
        let Some(kept) = self.kept.clone() else {
            return useless("no strong ETag was kept beside it, so the content may have changed since");
        };
        if kept.url != url {
            return useless(&format!("it comes from {}", kept.url));
        }
        let from = match kept.length {
            Some(length) if self.length > length => return useless("it is larger than the whole"),
            // The response to a request for its last byte has the digest of the whole; for an empty rest there is none.
            Some(length) if self.length == length => length - 1,
            _ => self.length,
        };
        self.rest(from, kept)
    }

    /// The last byte again, after a response that the rest is empty.
    pub(super) fn last_byte(&mut self) -> Result<Beginning, Trouble> {
        match self.kept.clone() {
            Some(kept) if self.length > 0 => self.rest(self.length - 1, kept),
            _ => Ok(Beginning::Nothing),
        }
    }

    fn rest(&mut self, from: u64, kept: Kept) -> Result<Beginning, Trouble> {
        if from == 0 {
            return Ok(Beginning::Nothing);
        }
        let hashed = self.hashed.extend(&mut self.file, from);
        hashed.map_err(|error| Trouble::Local(format!("can't read {}: {error}", self.path.display())))?;
        Ok(Beginning::Usable(Rest { from, kept, hashers: self.hashed.hashers.clone() }))
    }

    /// Starts over.
    pub(super) fn begin(&mut self, kept: Option<Kept>) -> Result<(), Trouble> {
        self.has_begun = true;
        self.is_kept_written = false;
        self.hashed = Hashed::nothing();
        // First, so that it never describes other content than it belongs to.
        self.kept = None;
        let result = kept::remove(&self.kept_path).and_then(|()| self.truncate(0));
        self.checked(result)?;
        self.kept = kept;
        Ok(())
    }

    /// Goes on at this position, in bytes.
    pub(super) fn resume(&mut self, from: u64) -> Result<(), Trouble> {
        self.has_begun = true;
        let result = self.truncate(from);
        self.checked(result)
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        if self.file.metadata()?.len() != length {
            self.file.set_len(length)?;
            if length == 0 {
                // Otherwise, after a crash of the system, earlier content may be beside a later validator.
                self.file.sync_all()?;
            }
        }
        self.file.seek(SeekFrom::Start(length))?;
        self.length = length;
        Ok(())
    }

    pub(super) fn write(&mut self, data: &[u8]) -> Result<(), Trouble> {
        let result = self.file.write_all(data);
        self.checked(result)?;
        self.length += data.len() as u64;
        if self.length >= WORTH_KEEPING {
            self.write_kept();
        }
        Ok(())
    }

    /// Writes what is needed to continue. If that fails, the download goes on, but can't be continued.
    pub(super) fn write_kept(&mut self) {
        let Some(kept) = self.kept.as_ref().filter(|_| !self.is_kept_written) else { return };
        // Otherwise, after a crash of the system, the validator may be beside less than there was.
        match self.file.sync_data().and_then(|()| kept.write(&self.kept_path)) {
            Ok(()) => self.is_kept_written = true,
            Err(error) => {
                self.obstacle = Some(cannot_write(&self.kept_path, &error));
                self.kept = None;
            }
        }
    }

    /// Replaces the file. After that, even a crash of the system does not lose it. Returns its path.
    pub(super) fn commit(self) -> Result<PathBuf, String> {
        let sync = || -> io::Result<()> {
            adopt_permissions(&self.file, &self.target)?;
            self.file.sync_all()
        };
        sync().map_err(|error| cannot_write(&self.path, &error))?;
        fs::rename(&self.path, &self.target).map_err(|error| cannot_write(&self.target, &error))?;
        let finish = || -> io::Result<()> {
            kept::remove(&self.kept_path)?;
            sync_folder(&self.target)
        };
        finish().map_err(|error| format!("{} is complete, but: {error}", self.target.display()))?;
        Ok(self.target)
    }

    /// Sets content aside that is wrong. Returns its path.
    pub(super) fn set_aside(self) -> Result<PathBuf, String> {
        // First, so that it can't be continued even if the other fails.
        kept::remove(&self.kept_path).map_err(|error| cannot_write(&self.kept_path, &error))?;
        let bad = beside(&self.target, ".bad");
        fs::rename(&self.path, &bad).map_err(|error| cannot_write(&bad, &error))?;
        Ok(bad)
    }

    /// Leaves what a transfer that failed has written.
    pub(super) fn leave(mut self) -> Option<Remains> {
        let is_earlier = !self.has_begun && !self.is_new;
        if is_earlier {
            return None;
        }
        let length = self.file.metadata().map_or(self.length, |found| found.len());
        if length == 0 {
            // What can't be removed is overwritten by the next transfer.
            let _failed = kept::remove(&self.path).and_then(|()| kept::remove(&self.kept_path));
            return None;
        }
        self.write_kept();
        let obstacle = self.obstacle.unwrap_or_else(|| "the server sent no strong ETag".to_owned());
        Some(Remains { path: self.path, length, obstacle: (!self.is_kept_written).then_some(obstacle) })
    }

    /// The same for content that must not be continued.
    pub(super) fn leave_for_good(mut self) -> Option<Remains> {
        self.kept = None;
        self.is_kept_written = false;
        let _failed = kept::remove(&self.kept_path);
        self.leave()
    }

    fn checked<T>(&self, result: io::Result<T>) -> Result<T, Trouble> {
        result.map_err(|error| Trouble::Local(cannot_write(&self.path, &error)))
    }
}

impl Remains {
    /// What to do with it after a cut.
    pub(super) fn advice(&self) -> String {
        let (path, size) = (self.path.display(), BinaryBytes(self.length));
        match &self.obstacle {
            None => format!("{path} has {size}: use --continue"),
            Some(obstacle) => format!("{path} has {size}, but it can't be continued: {obstacle}"),
        }
    }
}

impl Hashed {
    fn nothing() -> Self {
        Self { hashers: Hashers::new(Algorithm::ALL.iter().copied()), length: 0 }
    }

    /// Hashes the first `until` bytes of a file.
    fn extend(&mut self, file: &mut File, until: u64) -> io::Result<()> {
        if self.length > until {
            *self = Self::nothing();
        }
        file.seek(SeekFrom::Start(self.length))?;
        let mut buffer = vec![0; 256 * 1024];
        while self.length < until {
            let wanted = usize::try_from(until - self.length).unwrap_or(usize::MAX).min(buffer.len());
            match file.read(&mut buffer[..wanted]) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    self.hashers.update(&buffer[..read]);
                    self.length += read as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum_trailers::digest::Digest;
    use tempfile::TempDir;

    const URL: &str = "https://example.com/";

    fn kept(length: Option<u64>) -> Kept {
        Kept { url: URL.to_owned(), etag: "\"a\"".to_owned(), length }
    }

    fn digests(content: &[u8]) -> Vec<Digest> {
        let mut hashers = Hashed::nothing().hashers;
        hashers.update(content);
        hashers.finish()
    }

    struct Place(TempDir);

    impl Place {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a folder"))
        }

        fn part(&self, continues: bool) -> Part {
            Part::open(self.0.path().join("file"), continues).expect("it can be written")
        }

        fn read(&self, name: &str) -> Option<Vec<u8>> {
            fs::read(self.0.path().join(name)).ok()
        }

        fn write(&self, name: &str, content: &[u8]) {
            fs::write(self.0.path().join(name), content).expect("written");
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(self.0.path()).expect("a folder");
            let mut names: Vec<_> = entries
                .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
                .collect();
            names.sort();
            names
        }

        /// A transfer of this content that was cut.
        fn cut(&self, content: &[u8], length: Option<u64>) {
            let mut part = self.part(false);
            part.begin(Some(kept(length))).expect("written");
            part.write(content).expect("written");
            assert!(part.leave().is_some_and(|remains| remains.obstacle.is_none()));
        }
    }

    #[test]
    fn nothing_is_left_of_a_transfer_without_content() {
        let place = Place::new();
        assert!(place.part(false).leave().is_none());
        assert_eq!(place.names(), [""; 0]);
        let mut part = place.part(false);
        part.begin(Some(kept(None))).expect("written");
        assert!(part.leave().is_none());
        assert_eq!(place.names(), [""; 0]);
        // Nor is an earlier part touched.
        place.cut(b"abc", None);
        assert!(place.part(false).leave().is_none());
        assert_eq!(place.names(), ["file.part", "file.part.json"]);
        assert_eq!(place.read("file.part").as_deref(), Some(&b"abc"[..]));
    }

    #[test]
    fn whole_transfer_replaces_the_file_and_leaves_nothing_else() {
        let place = Place::new();
        place.write("file", b"before");
        let mut part = place.part(false);
        part.begin(Some(kept(Some(3)))).expect("written");
        part.write(b"abc").expect("written");
        part.write_kept();
        assert_eq!(place.read("file").as_deref(), Some(&b"before"[..]));
        assert_eq!(part.commit(), Ok(place.0.path().join("file")));
        assert_eq!(
            (place.names(), place.read("file").as_deref()),
            (vec!["file".to_owned()], Some(&b"abc"[..]))
        );
    }

    #[test]
    fn wrong_content_is_set_aside() {
        let place = Place::new();
        place.write("file.bad", b"an earlier one");
        let mut part = place.part(false);
        part.begin(Some(kept(None))).expect("written");
        part.write(b"abc").expect("written");
        part.write_kept();
        assert_eq!(part.set_aside(), Ok(place.0.path().join("file.bad")));
        assert_eq!(place.names(), ["file.bad"]);
        assert_eq!(place.read("file.bad").as_deref(), Some(&b"abc"[..]));
    }

    #[test]
    fn wrong_content_that_can_not_be_set_aside_is_not_continued() {
        let place = Place::new();
        fs::create_dir(place.0.path().join("file.bad")).expect("created");
        place.cut(b"abc", None);
        let mut part = place.part(true);
        part.resume(3).expect("written");
        assert!(part.set_aside().is_err());
        assert_eq!(place.names(), ["file.bad", "file.part"]);
    }

    #[test]
    fn validator_that_can_not_be_written_does_not_fail_the_download() {
        let place = Place::new();
        let target = place.0.path().join("a".repeat(249));
        let mut part = Part::open(target.clone(), false).expect("its name is short enough");
        part.begin(Some(kept(None))).expect("written");
        part.write(b"abc").expect("written");
        part.write_kept();
        assert_eq!(part.commit(), Ok(target.clone()));
        let mut part = Part::open(target, false).expect("its name is short enough");
        part.begin(Some(kept(None))).expect("written");
        part.write(b"abc").expect("written");
        let advice = part.leave().expect("content").advice();
        assert!(advice.contains("can't be continued: can't write"), "{advice}");
    }

    #[test]
    fn content_that_must_not_be_continued_is_left_without_its_validator() {
        for is_for_good in [false, true] {
            let place = Place::new();
            place.cut(b"abc", None);
            let mut part = place.part(true);
            part.begin(Some(kept(None))).expect("written");
            part.write(b"abc").expect("written");
            part.write_kept();
            let remains = if is_for_good { part.leave_for_good() } else { part.leave() };
            assert_eq!(remains.expect("content").obstacle.is_some(), is_for_good);
            assert_eq!(place.names().iter().any(|name| name.ends_with(".part.json")), !is_for_good);
        }
    }

    #[test]
    fn beginning_is_hashed_and_goes_on_where_it_ends() {
        for (length, from) in [(None, 3), (Some(9), 3), (Some(3), 2)] {
            let place = Place::new();
            place.cut(b"abc", length);
            let mut part = place.part(true);
            let Ok(Beginning::Usable(rest)) = part.beginning(URL) else { panic!("{length:?}") };
            assert_eq!(rest.from, from, "{length:?}");
            assert_eq!(rest.hashers.finish(), digests(&b"abc"[..usize::try_from(from).expect("small")]));
            part.resume(from).expect("written");
            part.write(b"cdef").expect("written");
            // What this process has written is hashed as well.
            let Ok(Beginning::Usable(rest)) = part.rest(5, kept(length)) else { panic!("{length:?}") };
            let expected = [&b"abc"[..usize::try_from(from).expect("small")], b"cdef"].concat();
            assert_eq!(rest.hashers.finish(), digests(&expected[..5]));
            assert_eq!(place.read("file.part"), Some(expected));
        }
    }

    #[test]
    fn beginning_that_may_belong_to_something_else_is_useless() {
        for (what, url, length, kept_file) in [
            ("another URL", "https://example.com/b", None, None),
            ("larger than the whole", URL, Some(2), None),
            ("malformed", URL, None, Some("{}")),
        ] {
            let place = Place::new();
            place.cut(b"abc", length);
            if let Some(content) = kept_file {
                place.write("file.part.json", content.as_bytes());
            }
            let mut part = place.part(true);
            assert!(matches!(part.beginning(url), Ok(Beginning::Useless(_))), "{what}");
            part.begin(None).expect("written");
            assert_eq!(place.names(), ["file.part"], "{what}");
            assert_eq!(place.read("file.part").as_deref(), Some(&b""[..]), "{what}");
        }
        let place = Place::new();
        place.write("file.part", b"");
        assert!(matches!(place.part(true).beginning(URL), Ok(Beginning::Nothing)));
    }

    #[test]
    fn last_byte_is_requested_again_only_behind_a_first_one() {
        for (content, from) in [(&b"abc"[..], Some(2)), (b"a", None)] {
            let place = Place::new();
            place.cut(content, None);
            let mut part = place.part(true);
            let from_now = match part.last_byte() {
                Ok(Beginning::Usable(rest)) => Some(rest.from),
                Ok(_) => None,
                Err(trouble) => panic!("{trouble:?}"),
            };
            assert_eq!(from_now, from);
        }
    }

    #[test]
    fn validator_is_written_before_much_content_is() {
        let place = Place::new();
        let mut part = place.part(false);
        part.begin(Some(kept(None))).expect("written");
        let half = vec![0; usize::try_from(WORTH_KEEPING / 2).expect("small")];
        part.write(&half).expect("written");
        assert_eq!(place.names(), ["file.part"]);
        part.write(&half).expect("written");
        assert_eq!(place.names(), ["file.part", "file.part.json"]);
        // And removed before other content.
        part.begin(None).expect("written");
        assert_eq!(place.names(), ["file.part"]);
    }
}
