/// Which rows are asked for.
#[derive(Clone, Debug)]
pub(super) struct ExportQuery {
    pub(super) table: String,
    pub(super) columns: Columns,
    pub(super) limit: Option<u64>,
    /// The row at which a failure is made up.
    pub(super) fail_at: Option<u64>,
}

/// Which columns are asked for, in which order. None for all of them.
#[derive(Clone, Debug)]
pub(super) enum Columns {
    /// By their names.
    Named(Vec<String>),
    /// As a query has them: by their names, or several with commas between them.
    Listed(Vec<String>),
}
