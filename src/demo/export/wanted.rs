/// Which rows are asked for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) table: String,
    /// As they came: names, or several with commas between them. None for all of them.
    pub(super) columns: Vec<String>,
    pub(super) limit: Option<u64>,
    /// The row at which a failure is made up.
    pub(super) fail_at: Option<u64>,
}
