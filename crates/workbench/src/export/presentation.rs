use super::{
    format::Format,
    metadata::{DatabaseLost, Metadata, milliseconds, trailers_to_json},
};
use axum_trailers::trailers::Trailers;
use serde_json::{Value, json};
use std::{io::Write, time::Duration};

/// Where a response has its rows and what is said of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presentation {
    /// The rows are the content, the metadata are its trailers.
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

    /// What comes before all rows.
    ///
    /// Events have the export's id from the beginning: a client that asks again, after the end or because they broke
    /// off, is known by it.
    pub(super) fn opening(self, id: &str) -> Vec<u8> {
        match self {
            Self::Content => Vec::new(),
            Self::Document => b"{\"data\":".to_vec(),
            Self::Events => format!("id: {id}\n\n").into_bytes(),
        }
    }

    /// Some rows on their way, and how far that makes it.
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

    /// What comes after all rows.
    pub(super) fn complete(self, metadata: &Metadata, trailers: &Trailers) -> Vec<u8> {
        match self {
            Self::Content => Vec::new(),
            Self::Document => closing(&metadata.to_json()),
            Self::Events => last_event("end", trailers),
        }
    }

    /// What comes after the rows before a failure, where the message is to be whole.
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

/// An event. Its data have no CR, and each of their lines becomes one of its own.
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
