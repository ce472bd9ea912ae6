/// The rows that a client requests.
#[derive(Clone, Debug)]
pub(super) struct ExportQuery {
    pub(super) table: String,
    pub(super) columns: Columns,
    pub(super) limit: Option<u64>,
    /// The row at which a failure is simulated.
    pub(super) fail_at: Option<u64>,
}

/// The columns that a client requests, in order. An empty list means all.
#[derive(Clone, Debug)]
pub(super) enum Columns {
    /// Column names.
    Named(Vec<String>),
    /// Values of the query: a column name, or several separated by commas.
    Listed(Vec<String>),
}
