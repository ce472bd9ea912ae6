use super::v1::{self, value::Kind};
use crate::export::format::{RowError, value};
use prost::Message;
use rusqlite::{Row, types::ValueRef};

/// The largest size of a message, in bytes: the default limit of clients.
const MAX_MESSAGE: usize = 4 * 1024 * 1024;

/// A row as a message.
pub(super) struct RowMessage {
    pub(super) message: v1::Row,
    /// Its size on the wire, in bytes.
    pub(super) encoded: usize,
    /// Its approximate size in memory, in bytes, which is larger if its values are small.
    pub(super) memory: usize,
}

/// Converts a row with this number of columns.
pub(super) fn row(row: &Row<'_>, columns: usize) -> Result<RowMessage, RowError> {
    let mut size = 0;
    let values = (0..columns).map(|n| Ok(v1::Value { kind: kind(value(row, n, &mut size)?) }));
    let message = v1::Row { values: values.collect::<Result<_, RowError>>()? };
    let encoded = message.encoded_len();
    if encoded > MAX_MESSAGE {
        return Err(RowError::TooLarge);
    }
    let memory = size_of::<v1::Row>() + columns * size_of::<v1::Value>() + size;
    Ok(RowMessage { message, encoded, memory })
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
        let found = connection.query_row(sql, [], |found| Ok(row(found, 7))).expect("a row").expect("small");
        let kinds: Vec<_> = found.message.values.into_iter().map(|value| value.kind).collect();
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

    #[test]
    fn small_values_are_counted_by_their_memory_and_large_ones_bounded_by_their_message() {
        let connection = Connection::open_in_memory().expect("memory");
        let null = connection.query_row("SELECT NULL", [], |found| Ok(row(found, 1))).expect("a row");
        let null = null.expect("small");
        assert!(null.encoded <= 2 && null.memory >= 48, "{} and {}", null.encoded, null.memory);
        for (size, fits) in [(MAX_MESSAGE - 64, true), (MAX_MESSAGE, false)] {
            let sql = format!("SELECT zeroblob({size})");
            let found = connection.query_row(&sql, [], |found| Ok(row(found, 1))).expect("a row");
            assert_eq!(found.is_ok(), fits, "{size}");
        }
    }
}
