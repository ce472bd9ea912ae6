use rusqlite::{Connection, params};

/// A table of a database, with its columns in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
}

/// A column with its declared type, which may be empty. SQLite does not enforce it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) declared: String,
}

/// The names of all tables, sorted. Views, virtual tables and SQLite's own tables are left out.
pub(crate) fn table_names(connection: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    let mut names = connection.prepare(
        r"SELECT name FROM pragma_table_list
          WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name",
    )?;
    names.query_map([], |row| row.get(0))?.collect()
}

/// Reads a table that is known to exist. Its columns include generated ones.
pub(crate) fn table(connection: &Connection, name: &str) -> Result<Table, rusqlite::Error> {
    let mut columns = connection.prepare("SELECT name, type FROM pragma_table_xinfo(?1) ORDER BY cid")?;
    let column = |row: &rusqlite::Row<'_>| Ok(Column { name: row.get(0)?, declared: row.get(1)? });
    let columns = columns.query_map(params![name], column)?.collect::<Result<_, _>>()?;
    Ok(Table { name: name.to_owned(), columns })
}

/// All tables.
pub(crate) fn tables(connection: &Connection) -> Result<Vec<Table>, rusqlite::Error> {
    table_names(connection)?.iter().map(|name| table(connection, name)).collect()
}

/// Quotes a name for SQL, whatever characters it contains.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tables_are_listed() {
        let connection = Connection::open_in_memory().expect("memory");
        connection
            .execute_batch(
                r#"CREATE TABLE "a ""b"" c" (x INTEGER PRIMARY KEY AUTOINCREMENT, "y,z" TEXT, w AS (x + 1));
                   CREATE TABLE without (k, v, PRIMARY KEY (k)) WITHOUT ROWID;
                   CREATE INDEX i ON without (v);
                   CREATE VIEW view AS SELECT 1;"#,
            )
            .expect("a schema");
        let listed = tables(&connection).expect("a list");
        let names: Vec<_> = listed.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["a \"b\" c", "without"]);
        let columns: Vec<_> =
            listed[0].columns.iter().map(|c| (c.name.as_str(), c.declared.as_str())).collect();
        assert_eq!(columns, [("x", "INTEGER"), ("y,z", "TEXT"), ("w", "")]);

        let sql = format!("SELECT {} FROM {}", quoted("y,z"), quoted("a \"b\" c"));
        assert!(connection.prepare(&sql).is_ok());
        assert_eq!(table(&connection, "without").expect("a table"), listed[1]);
    }
}
