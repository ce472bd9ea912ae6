use super::{options::Options, query::ExportQuery, registry::ExportPermit};
use crate::database::Database;
use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Instant,
};
use tokio::runtime::Handle;

/// What an export is to be.
pub(super) struct Job {
    pub(super) database: Database,
    pub(super) query: ExportQuery,
    pub(super) options: Options,
    pub(super) began: Instant,
    /// Whether only the header section is asked for.
    pub(super) is_head: bool,
    /// Whether who asked has gone before there was an answer.
    pub(super) is_abandoned: Arc<AtomicBool>,
    pub(super) permit: Arc<ExportPermit>,
    pub(super) runtime: Handle,
}
