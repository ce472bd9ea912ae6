//! The SQLite database whose rows are exported: the user's, or a sample.
//!
//! | Table of the sample | Rows | |
//! |---|---|---|
//! | `customers` | 5,000 | text with every delimiter, `NULL`, reals, blobs |
//! | `orders` | 100,000 | integers, reals, timestamps, text or `NULL` |
//!
//! The sample is in memory and always the same.

mod sample;
mod schema;
mod store;

pub(super) use self::schema::{Table, quoted, table, table_names, tables};
pub use self::store::{Database, DatabaseError};
pub(super) use self::store::{MAX_ROW, explained};
