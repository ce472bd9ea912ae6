use super::{sample::SAMPLE, table_names};
use axum::BoxError;
use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig, limits::Limit};
use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// How long a reader waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// The largest size of a row, in bytes: the row and its output are held in memory. Reading a larger value fails.
pub(crate) const MAX_ROW: usize = 4 * 1024 * 1024;

/// A read-only database.
#[derive(Clone)]
pub struct Database {
    source: Source,
}

#[derive(Clone)]
enum Source {
    File(PathBuf),
    /// A database in memory exists as long as there is a connection to it.
    Sample {
        name: String,
        _keep: Arc<Mutex<Connection>>,
    },
}

/// Why a database can't be read.
#[derive(Debug, thiserror::Error)]
#[error("can't read the database")]
pub struct DatabaseError(#[source] BoxError);

impl DatabaseError {
    fn of_sqlite(error: &rusqlite::Error) -> Self {
        Self(explained(error).into())
    }

    fn of_file(error: io::Error) -> Self {
        Self(error.into())
    }
}

/// SQLite's message, with its meaning for a read-only database.
pub(crate) fn explained(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::ReadOnly) => format!(
            "{error} (a writer was interrupted, or the database is in WAL mode in a read-only folder: open \
             it once with write access, for example with `sqlite3 FILE .tables`)"
        ),
        Some(ErrorCode::DatabaseBusy) => format!("{error} (another process is writing to it: try again)"),
        _ => error.to_string(),
    }
}

impl Database {
    /// Opens a database file, read-only.
    ///
    /// # Errors
    ///
    /// [`DatabaseError`] if the file does not exist or can't be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DatabaseError> {
        // An absolute path is none of SQLite's special names, such as `:memory:`.
        let path = path.as_ref().canonicalize().map_err(DatabaseError::of_file)?;
        if !path.is_file() {
            return Err(DatabaseError::of_file(io::Error::other("not a regular file")));
        }
        let database = Self { source: Source::File(path) };
        let read = database.connect().and_then(|connection| table_names(&connection));
        read.map_err(|error| DatabaseError::of_sqlite(&error))?;
        Ok(database)
    }

    /// Creates the sample in memory, about 8 MB.
    ///
    /// # Errors
    ///
    /// [`DatabaseError`] if there is not enough memory.
    pub fn sample() -> Result<Self, DatabaseError> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("file:/sample-{}?vfs=memdb", NUMBER.fetch_add(1, Ordering::Relaxed));
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let filled = Connection::open_with_flags(&name, flags | OpenFlags::SQLITE_OPEN_URI)
            .and_then(|connection| connection.execute_batch(SAMPLE).map(|()| connection));
        let connection = filled.map_err(|error| DatabaseError::of_sqlite(&error))?;
        Ok(Self { source: Source::Sample { name, _keep: Arc::new(Mutex::new(connection)) } })
    }

    /// Opens a connection for one thread.
    pub(crate) fn connect(&self) -> Result<Connection, rusqlite::Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match &self.source {
            Source::File(path) => Connection::open_with_flags(path, flags),
            Source::Sample { name, .. } => {
                Connection::open_with_flags(name, flags | OpenFlags::SQLITE_OPEN_URI)
            }
        }?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, i32::try_from(MAX_ROW).unwrap_or(i32::MAX))?;
        // The file may come from anywhere: SQLite must not run functions that its schema names.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        Ok(connection)
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::File(path) => f.debug_tuple("Database").field(path).finish(),
            Source::Sample { .. } => f.write_str("Database(sample)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_is_always_the_same_and_can_only_be_read() {
        let sum = |database: &Database| {
            let connection = database.connect().expect("the sample");
            let sum = "SELECT count(*), sum(length(quote(comment))), sum(price), max(placed_at) FROM orders";
            let row: (i64, i64, f64, String) = connection
                .query_row(sum, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
                .expect("a sum");
            assert!(connection.execute("DELETE FROM orders", []).is_err());
            row
        };
        let (first, second) = (Database::sample().expect("memory"), Database::sample().expect("memory"));
        assert_eq!(sum(&first).0, 100_000);
        assert_eq!(sum(&first), sum(&second));
    }

    #[test]
    fn file_is_only_read_and_its_schema_not_trusted() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.db");
        Connection::open(&file).expect("a database").execute_batch("CREATE TABLE t (x)").expect("a table");
        let connection = Database::open(&file).expect("a database").connect().expect("a connection");
        let refused = connection.execute("INSERT INTO t VALUES (1)", []).expect_err("read only");
        assert_eq!(refused.sqlite_error_code(), Some(rusqlite::ErrorCode::ReadOnly));
        let is_set = |config| connection.db_config(config).expect("a setting");
        assert!(is_set(DbConfig::SQLITE_DBCONFIG_DEFENSIVE));
        assert!(!is_set(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA));
        assert_eq!(connection.limit(Limit::SQLITE_LIMIT_LENGTH).expect("a limit"), 4 * 1024 * 1024);
    }

    #[test]
    fn what_is_no_database_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("text.db");
        assert!(Database::open(&file).is_err(), "nothing is there");
        assert!(!file.exists(), "nothing was made");
        std::fs::write(&file, "no database ".repeat(1000)).expect("written");
        assert!(Database::open(&file).is_err());
        assert!(Database::open(folder.path()).is_err());
    }
}
