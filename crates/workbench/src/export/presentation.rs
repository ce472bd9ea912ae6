use super::{
    format::Format,
    metadata::{DatabaseLost, Metadata, trailers_to_json},
};
use crate::json::milliseconds;
use axum_trailers::trailers::Trailers;
use serde_json::{Value, json};
use std::{io::Write, time::Duration};

/// Where a response contains the rows and their metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presentation {
    /// The content is the rows, the trailers are the metadata.
    Content,
    /// A JSON document of both.
    Document,
    /// Server-sent events.
    Events,
}

impl Presentation {
    pub(super) fn content_type(self, format: Format) -> &'static str {
        match self {
            Self::Content | Self::Document => format.content_type(),
            Self::Events => "text/event-stream",
        }
    }

    /// What precedes the rows.
    ///
    /// Events contain the export's id from the beginning: it identifies a client that reconnects after the end or a
    /// break.
    pub(super) fn opening(self, id: &str) -> Vec<u8> {
        match self {
            Self::Content => Vec::new(),
            Self::Document => b"{\"data\":".to_vec(),
            Self::Events => format!("id: {id}\n\n").into_bytes(),
        }
    }

    /// Rows, and with events also the progress.
    pub(super) fn rows(self, rows: Vec<u8>, progress: &Value) -> Vec<u8> {
        match self {
            Self::Content | Self::Document => rows,
            Self::Events => {
                let mut events = Vec::with_capacity(rows.len() * 5 / 4);
                event("rows", &rows, &mut events);
                event("progress", progress.to_string().as_bytes(), &mut events);
                events
            }
        }
    }

    /// What follows the last row.
    pub(super) fn complete(self, metadata: &Metadata, trailers: &Trailers) -> Vec<u8> {
        match self {
            Self::Content => Vec::new(),
            Self::Document => closing(&metadata.to_json()),
            Self::Events => last_event("end", trailers),
        }
    }

    /// What follows the rows before a failure, if the message stays whole.
    pub(super) fn failed(self, lost: &DatabaseLost, trailers: &Trailers, total: Duration) -> Vec<u8> {
        match self {
            Self::Content => Vec::new(),
            Self::Document => closing(&json!({
                "error": lost.to_string(),
                "processedRows": lost.row - 1,
                "durationMs": milliseconds(total),
            })),
            Self::Events => last_event("failed", trailers),
        }
    }
}

fn closing(metadata: &Value) -> Vec<u8> {
    format!(",\"metadata\":{metadata}}}\n").into_bytes()
}

fn last_event(name: &str, trailers: &Trailers) -> Vec<u8> {
    let mut events = Vec::new();
    event(name, trailers_to_json(trailers).to_string().as_bytes(), &mut events);
    events
}

/// Writes an event. `data` contains no CR; each of its lines becomes a `data` line.
fn event(name: &str, data: &[u8], out: &mut Vec<u8>) {
    writeln!(out, "event: {name}").expect("memory");
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        out.extend(b"data: ");
        out.extend(line);
    }
    out.extend(if data.ends_with(b"\n") { &b"\n"[..] } else { b"\n\n" });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_an_event_is_one() {
        let mut out = Vec::new();
        event("rows", b"{\"a\":1}\n{\"a\":2}\n", &mut out);
        event("end", b"{}", &mut out);
        assert_eq!(
            String::from_utf8(out).expect("text"),
            "event: rows\ndata: {\"a\":1}\ndata: {\"a\":2}\n\nevent: end\ndata: {}\n\n"
        );
    }
}
