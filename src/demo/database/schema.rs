use rusqlite::{Connection, params};

/// A table of a database, with its columns in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::demo) struct Table {
    pub(in crate::demo) name: String,
    pub(in crate::demo) columns: Vec<Column>,
}

/// A column, with the type it was declared with, which may be empty and binds no value of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::demo) struct Column {
    pub(in crate::demo) name: String,
    pub(in crate::demo) declared: String,
}

/// All tables, by name. Views, virtual tables and those of SQLite itself are none.
pub(in crate::demo) fn tables(connection: &Connection) -> Result<Vec<Table>, rusqlite::Error> {
    let mut names = connection.prepare(
        r"SELECT name FROM pragma_table_list
          WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name",
    )?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    names.into_iter().map(|name| Ok(Table { columns: columns(connection, &name)?, name })).collect()
}

/// The table of this name.
pub(in crate::demo) fn find(tables: Vec<Table>, name: &str) -> Result<Table, Vec<String>> {
    let names = tables.iter().map(|table| table.name.clone()).collect();
    tables.into_iter().find(|table| table.name == name).ok_or(names)
}

/// Generated columns are among them, the hidden ones of virtual tables are not.
fn columns(connection: &Connection, table: &str) -> Result<Vec<Column>, rusqlite::Error> {
    let mut columns =
        connection.prepare("SELECT name, type FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid")?;
    columns
        .query_map(params![table], |row| Ok(Column { name: row.get(0)?, declared: row.get(1)? }))?
        .collect()
}

/// A name as SQL has it, whatever characters it has.
pub(in crate::demo) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_listed_and_nothing_else_is() {
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
        assert_eq!(find(listed.clone(), "without").expect("a table").columns.len(), 2);
        assert_eq!(find(listed, "sqlite_sequence").expect_err("none"), ["a \"b\" c", "without"]);
    }
}
