/// Bounds on what a peer sends, before it is in memory.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Bounds {
    /// The largest `HEADERS` frame, as encoded, in bytes.
    pub section: u64,
    /// The largest frame of another type that is not `DATA`, in bytes.
    pub other: u64,
}

impl Bounds {
    /// The same bound for each, in bytes.
    #[must_use]
    pub fn new(section: u64, other: u64) -> Self {
        Self { section, other }
    }
}

/// 64 KiB for each.
impl Default for Bounds {
    fn default() -> Self {
        Self::new(64 * 1024, 64 * 1024)
    }
}
