use crate::files::download::date;
use std::{fs::Metadata, time::SystemTime};

/// Stays the same as long as the file is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    /// The inode's change time. Resetting the modification time after a write changes it.
    changed: (i64, i64),
}

impl Identity {
    #[cfg(unix)]
    #[expect(clippy::unnecessary_wraps, reason = "other systems have none")]
    pub(crate) fn of(file: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Self {
            device: file.dev(),
            inode: file.ino(),
            size: file.size(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        })
    }

    /// Without inodes, a file can be replaced by one with the same size and time.
    #[cfg(not(unix))]
    pub(crate) fn of(_file: &Metadata) -> Option<Self> {
        None
    }

    /// Whether the next write is certain to change the identity.
    pub(crate) fn is_settled(&self, now: SystemTime) -> bool {
        date::is_settled(self.modified.0.max(self.changed.0), now)
    }

    #[cfg(test)]
    pub(super) fn numbered(inode: u64) -> Self {
        Self { device: 1, inode, size: 3, modified: (1_000, 5), changed: (2_000, 5) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn file_is_settled_behind_the_resolution_of_all_its_times() {
        let identity = Identity::numbered(1);
        for (seconds, settled) in [(1_500, false), (2_000, false), (2_002, false), (2_003, true)] {
            assert_eq!(identity.is_settled(UNIX_EPOCH + Duration::from_secs(seconds)), settled, "{seconds}");
        }
        let from_the_future = Identity { modified: (9_000, 0), ..identity };
        assert!(!from_the_future.is_settled(UNIX_EPOCH + Duration::from_secs(2_003)));
    }

    #[cfg(unix)]
    #[test]
    fn identity_changes_even_if_the_old_time_is_set_again() {
        use std::io::Write;
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"one").expect("written");
        let before = file.metadata().expect("metadata");
        let identity = Identity::of(&before);
        assert_eq!(Identity::of(&file.metadata().expect("metadata")), identity);
        std::thread::sleep(Duration::from_millis(20));
        file.set_modified(before.modified().expect("a time")).expect("dated");
        assert_ne!(Identity::of(&file.metadata().expect("metadata")), identity);
    }
}
