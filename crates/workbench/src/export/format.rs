//! Writes rows in a format.

use crate::database::MAX_ROW;
use base64::{Engine, prelude::BASE64_STANDARD};
use rusqlite::{Row, types::ValueRef};
use std::{borrow::Cow, io::Write};

/// The format of exported rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Ndjson,
    Json,
}

impl Format {
    /// All formats with their names.
    pub(super) const NAMED: [(&str, Self); 3] =
        [("csv", Self::Csv), ("ndjson", Self::Ndjson), ("json", Self::Json)];
    pub(super) const MEDIA_TYPES: [(&str, Self); 3] =
        [("text/csv", Self::Csv), ("application/x-ndjson", Self::Ndjson), ("application/json", Self::Json)];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Json => "json",
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
            Self::Json => "application/json",
        }
    }
}

/// Writes rows in a format.
pub(super) struct Writer {
    format: Format,
    /// The columns' names, encoded for the format: CSV's header line, or the keys of an object.
    names: Vec<Vec<u8>>,
    is_first: bool,
}

impl Writer {
    pub(super) fn new(format: Format, columns: &[String]) -> Self {
        let names = columns.iter().enumerate().map(|(n, name)| match format {
            Format::Csv => {
                let mut field = Vec::new();
                csv_text(name, &mut field);
                field
            }
            Format::Ndjson | Format::Json => {
                let mut key = if n == 0 { b"{".to_vec() } else { b",".to_vec() };
                json_text(name, &mut key);
                key.push(b':');
                key
            }
        });
        Self { format, names: names.collect(), is_first: true }
    }

    /// Writes what precedes the first row.
    pub(super) fn begin(&self, out: &mut Vec<u8>) {
        match self.format {
            Format::Csv => {
                out.extend(self.names.join(&b","[..]));
                out.extend(b"\r\n");
            }
            Format::Ndjson => {}
            Format::Json => out.push(b'['),
        }
    }

    /// Writes a row, or nothing if it can't be read.
    pub(super) fn row(&mut self, row: &Row<'_>, out: &mut Vec<u8>) -> Result<(), RowError> {
        let length = out.len();
        let written = match self.format {
            Format::Csv => self.csv(row, out),
            Format::Ndjson => self.object(row, out).map(|()| out.push(b'\n')),
            Format::Json => {
                out.extend(if self.is_first { &b"\n"[..] } else { b",\n" });
                self.object(row, out)
            }
        };
        match written {
            Ok(()) => self.is_first = false,
            Err(_) => out.truncate(length),
        }
        written
    }

    /// Writes what follows the last row.
    pub(super) fn end(&self, out: &mut Vec<u8>) {
        match self.format {
            Format::Csv | Format::Ndjson => {}
            Format::Json if self.is_first => out.extend(b"]\n"),
            Format::Json => out.extend(b"\n]\n"),
        }
    }

    fn csv(&self, row: &Row<'_>, out: &mut Vec<u8>) -> Result<(), RowError> {
        let mut size = 0;
        for n in 0..self.names.len() {
            if n > 0 {
                out.push(b',');
            }
            match value(row, n, &mut size)? {
                ValueRef::Null if self.names.len() == 1 => out.extend(b"\"\""),
                ValueRef::Null => {}
                ValueRef::Integer(integer) => number(integer, out),
                ValueRef::Real(real) => out.extend(real_text(real).as_bytes()),
                ValueRef::Text(text) => csv_text(&String::from_utf8_lossy(text), out),
                ValueRef::Blob(blob) => csv_text(&BASE64_STANDARD.encode(blob), out),
            }
        }
        out.extend(b"\r\n");
        Ok(())
    }

    fn object(&self, row: &Row<'_>, out: &mut Vec<u8>) -> Result<(), RowError> {
        let mut size = 0;
        for (n, key) in self.names.iter().enumerate() {
            out.extend(key);
            match value(row, n, &mut size)? {
                ValueRef::Null => out.extend(b"null"),
                ValueRef::Integer(integer) => number(integer, out),
                ValueRef::Real(real) if real.is_finite() => out.extend(real_text(real).as_bytes()),
                ValueRef::Real(real) => json_text(&real_text(real), out),
                ValueRef::Text(text) => json_text(&String::from_utf8_lossy(text), out),
                ValueRef::Blob(blob) => json_text(&BASE64_STANDARD.encode(blob), out),
            }
        }
        out.push(b'}');
        Ok(())
    }
}

/// Why a row can't be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum RowError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("the row is larger than {MAX_ROW} bytes")]
    TooLarge,
}

/// A value of a row. `size` is the size of the row's values so far, in bytes.
pub(super) fn value<'r>(row: &'r Row<'_>, n: usize, size: &mut usize) -> Result<ValueRef<'r>, RowError> {
    let value = row.get_ref(n)?;
    if let ValueRef::Text(bytes) | ValueRef::Blob(bytes) = value {
        *size += bytes.len();
    }
    if *size > MAX_ROW { Err(RowError::TooLarge) } else { Ok(value) }
}

/// The shortest digits that round-trip, in JSON syntax. SQLite has no NaN: it stores `NULL`.
fn real_text(real: f64) -> Cow<'static, str> {
    match serde_json::Number::from_f64(real) {
        Some(number) => number.to_string().into(),
        None if real.is_sign_positive() => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

fn number(integer: i64, out: &mut Vec<u8>) {
    write!(out, "{integer}").expect("memory");
}

fn json_text(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("text is JSON, and memory takes it");
}

/// Writes a field (RFC 4180 §2). An empty field without quotes is a `NULL`. Text that a spreadsheet runs as a formula
/// is written like any other.
fn csv_text(text: &str, out: &mut Vec<u8>) {
    let needs_quotes = text.is_empty()
        || text.starts_with(' ')
        || text.ends_with(' ')
        || text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n'));
    if needs_quotes {
        out.push(b'"');
        out.extend(text.replace('"', "\"\"").as_bytes());
        out.push(b'"');
    } else {
        out.extend(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    /// The export of this query in a format.
    fn written(format: Format, columns: &[&str], sql: &str) -> String {
        let connection = Connection::open_in_memory().expect("memory");
        let mut statement = connection.prepare(sql).expect("a query");
        let mut rows = statement.query([]).expect("rows");
        let columns: Vec<_> = columns.iter().map(|name| (*name).to_owned()).collect();
        let (mut writer, mut out) = (Writer::new(format, &columns), Vec::new());
        writer.begin(&mut out);
        while let Some(row) = rows.next().expect("a row") {
            writer.row(row, &mut out).expect("a row");
        }
        writer.end(&mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn each_type_has_its_form_in_each_format() {
        // SQL, CSV, JSON.
        let cases = [
            ("NULL", "", "null"),
            ("9223372036854775807", "9223372036854775807", "9223372036854775807"),
            ("-9223372036854775808", "-9223372036854775808", "-9223372036854775808"),
            ("0.1", "0.1", "0.1"),
            ("3.0", "3.0", "3.0"),
            ("-0.0", "-0.0", "-0.0"),
            ("1e300", "1e+300", "1e+300"),
            ("5e-324", "5e-324", "5e-324"),
            ("9e999", "Infinity", "\"Infinity\""),
            ("-9e999", "-Infinity", "\"-Infinity\""),
            ("'plain; and\ttabs'", "plain; and\ttabs", r#""plain; and\ttabs""#),
            ("''", "\"\"", "\"\""),
            ("'a,b'", "\"a,b\"", "\"a,b\""),
            ("'say \"hi\"'", "\"say \"\"hi\"\"\"", r#""say \"hi\"""#),
            ("'one' || char(13) || 'two'", "\"one\rtwo\"", r#""one\rtwo""#),
            ("'one' || char(10) || 'two'", "\"one\ntwo\"", r#""one\ntwo""#),
            ("' a'", "\" a\"", "\" a\""),
            ("'a '", "\"a \"", "\"a \""),
            ("'NULL'", "NULL", "\"NULL\""),
            ("'ä€😀'", "ä€😀", "\"ä€😀\""),
            ("char(0, 1)", "\0\u{1}", r#""\u0000\u0001""#),
            ("CAST(x'61ff62' AS TEXT)", "a\u{fffd}b", "\"a\u{fffd}b\""),
            ("x'00fffe'", "AP/+", "\"AP/+\""),
            ("x'00'", "AA==", "\"AA==\""),
            ("x''", "\"\"", "\"\""),
        ];
        for (sql, csv, json) in cases {
            let sql = format!("SELECT {sql}, 1");
            assert_eq!(written(Format::Csv, &["a", "b"], &sql), format!("a,b\r\n{csv},1\r\n"), "{sql}");
            let object = format!("{{\"a\":{json},\"b\":1}}");
            assert_eq!(written(Format::Ndjson, &["a", "b"], &sql), format!("{object}\n"), "{sql}");
            assert_eq!(written(Format::Json, &["a", "b"], &sql), format!("[\n{object}\n]\n"), "{sql}");
        }
    }

    #[test]
    fn rows_are_separated_and_may_be_absent() {
        let (two, none) = ("SELECT 1 UNION SELECT 2", "SELECT 1 WHERE 0");
        assert_eq!(written(Format::Csv, &["a"], two), "a\r\n1\r\n2\r\n");
        assert_eq!(written(Format::Ndjson, &["a"], two), "{\"a\":1}\n{\"a\":2}\n");
        assert_eq!(written(Format::Json, &["a"], two), "[\n{\"a\":1},\n{\"a\":2}\n]\n");
        assert_eq!(written(Format::Csv, &["a"], none), "a\r\n");
        assert_eq!(written(Format::Ndjson, &["a"], none), "");
        assert_eq!(written(Format::Json, &["a"], none), "[]\n");
    }

    #[test]
    fn column_names_are_written_as_text_is() {
        assert_eq!(written(Format::Csv, &["a,b", ""], "SELECT 1, 2 WHERE 0"), "\"a,b\",\"\"\r\n");
        assert_eq!(written(Format::Ndjson, &["a\"b"], "SELECT 1"), "{\"a\\\"b\":1}\n");
    }

    #[test]
    fn single_null_column_is_not_an_empty_line() {
        assert_eq!(written(Format::Csv, &["a"], "SELECT NULL"), "a\r\n\"\"\r\n");
    }

    #[test]
    fn media_types_are_those_that_are_sent() {
        for (name, format) in Format::NAMED {
            assert_eq!(format.name(), name);
            let media_type = Format::MEDIA_TYPES.iter().find(|(_, meant)| *meant == format).expect("one");
            assert!(format.content_type().starts_with(media_type.0));
        }
    }
}
