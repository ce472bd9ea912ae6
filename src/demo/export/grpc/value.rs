use super::v1::{self, value::Kind};
use crate::demo::export::format::{RowError, value};
use rusqlite::{Row, types::ValueRef};

/// A row of so many columns as a message.
pub(super) fn row(row: &Row<'_>, columns: usize) -> Result<v1::Row, RowError> {
    let mut size = 0;
    let values = (0..columns).map(|n| Ok(v1::Value { kind: kind(value(row, n, &mut size)?) }));
    Ok(v1::Row { values: values.collect::<Result<_, RowError>>()? })
}

fn kind(value: ValueRef<'_>) -> Option<Kind> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(integer) => Some(Kind::Integer(integer)),
        ValueRef::Real(real) => Some(Kind::Real(real)),
        ValueRef::Text(text) => Some(Kind::Text(String::from_utf8_lossy(text).into_owned())),
        ValueRef::Blob(blob) => Some(Kind::Blob(blob.to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn each_type_has_its_kind() {
        let connection = Connection::open_in_memory().expect("memory");
        let sql = "SELECT NULL, -9223372036854775808, 0.1, 'ä', CAST(x'61ff' AS TEXT), x'00ff', 9e999";
        let message =
            connection.query_row(sql, [], |found| Ok(row(found, 7))).expect("a row").expect("small");
        let kinds: Vec<_> = message.values.into_iter().map(|value| value.kind).collect();
        let expected = [
            None,
            Some(Kind::Integer(i64::MIN)),
            Some(Kind::Real(0.1)),
            Some(Kind::Text("ä".to_owned())),
            Some(Kind::Text("a\u{fffd}".to_owned())),
            Some(Kind::Blob(vec![0, 255])),
            Some(Kind::Real(f64::INFINITY)),
        ];
        assert_eq!(kinds, expected);
    }
}
