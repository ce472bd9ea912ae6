use std::{fs::Metadata, time::SystemTime};

/// Reveals writes to an open file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Version {
    size: u64,
    modified: Option<SystemTime>,
    inode: Option<Inode>,
}

#[derive(Clone, Copy, Debug)]
struct Inode {
    /// The inode's change time. Resetting the modification time after a write changes it.
    changed: (i64, i64),
    links: u64,
}

impl Version {
    pub(super) fn of(file: &Metadata) -> Self {
        Self { size: file.len(), modified: file.modified().ok(), inode: inode(file) }
    }

    /// Whether the file is unchanged. The inode's change time also changes if the file gains or loses a name, for
    /// example if it is replaced; in that case it is not compared.
    pub(super) fn still_is(&mut self, file: &Metadata) -> bool {
        let (before, now) = (*self, Self::of(file));
        let has_other_names = before.links() != now.links();
        if has_other_names {
            self.inode = now.inode;
        }
        before.size == now.size
            && before.modified == now.modified
            && (has_other_names || before.changed() == now.changed())
    }

    fn links(&self) -> Option<u64> {
        self.inode.map(|inode| inode.links)
    }

    fn changed(&self) -> Option<(i64, i64)> {
        self.inode.map(|inode| inode.changed)
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have none")]
fn inode(file: &Metadata) -> Option<Inode> {
    use std::os::unix::fs::MetadataExt;
    Some(Inode { changed: (file.ctime(), file.ctime_nsec()), links: file.nlink() })
}

#[cfg(not(unix))]
fn inode(_file: &Metadata) -> Option<Inode> {
    None
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::{
        fs::{self, File},
        time::Duration,
    };

    #[test]
    fn write_is_seen_even_if_the_old_time_is_set_again_and_a_new_name_is_no_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let [path, other] = ["file", "other"].map(|name| folder.path().join(name));
        fs::write(&path, "one").expect("written");
        let file = File::options().write(true).open(&path).expect("a file");
        let metadata = || file.metadata().expect("metadata");
        let modified = metadata().modified().expect("a time");
        let write = || {
            // Longer than a tick of the kernel's clock.
            std::thread::sleep(Duration::from_millis(20));
            fs::write(&path, "two").expect("written");
            file.set_modified(modified).expect("dated");
        };
        let mut version = Version::of(&metadata());
        assert!(version.still_is(&metadata()));
        write();
        assert!(!version.still_is(&metadata()));

        let mut version = Version::of(&metadata());
        std::thread::sleep(Duration::from_millis(20));
        fs::hard_link(&path, &other).expect("a name");
        assert!(version.still_is(&metadata()));
        write();
        assert!(!version.still_is(&metadata()), "behind the new name");

        let mut version = Version::of(&metadata());
        std::thread::sleep(Duration::from_millis(20));
        fs::remove_file(&path).and_then(|()| fs::remove_file(&other)).expect("removed");
        assert!(version.still_is(&metadata()));
    }
}
