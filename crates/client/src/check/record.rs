//! What the origin saw and sent.

use http::StatusCode;
use serde_json::Value;

/// The origin's record of a request and its response: `GET /seen/{token}`.
#[derive(Clone, Debug)]
pub(super) struct Record(Value);

/// What is to be had of a record.
#[derive(Clone, Debug)]
pub(super) enum Recorded {
    Found(Record),
    /// The origin has none: the request did not arrive.
    Absent,
    /// The origin could not be asked.
    Unreadable,
}

impl Recorded {
    /// Reads the answer to `GET /seen/{token}`. What a proxy appends to it is ignored.
    pub(super) fn read(status: StatusCode, content: &[u8]) -> Self {
        let value = serde_json::Deserializer::from_slice(content).into_iter::<Value>().next();
        match value {
            Some(Ok(record)) if record["request"].is_object() => Self::Found(Record(record)),
            Some(Ok(problem)) if status == StatusCode::NOT_FOUND && problem["status"] == 404 => Self::Absent,
            _ => Self::Unreadable,
        }
    }

    pub(super) fn found(&self) -> Option<&Record> {
        if let Self::Found(record) = self { Some(record) } else { None }
    }
}

impl Record {
    /// How the response ended: `running`, `complete`, `failed`, `cut` or `gone`.
    pub(super) fn state(&self) -> &str {
        self.0["state"].as_str().unwrap_or_default()
    }

    /// Whether the origin has sent the whole response.
    pub(super) fn has_sent_all(&self) -> bool {
        ["complete", "failed"].contains(&self.state())
    }

    /// Whether the origin still receives the request, or sends the response.
    pub(super) fn is_running(&self) -> bool {
        self.request_state() == "running" || self.state() == "running"
    }

    /// `running`, `complete`, `cut` or `unread`.
    pub(super) fn request_state(&self) -> &str {
        self.0["request"]["state"].as_str().unwrap_or_default()
    }

    /// `HTTP/1.1`, for example.
    pub(super) fn protocol(&self) -> &str {
        self.0["request"]["protocol"].as_str().unwrap_or_default()
    }

    /// The values of `TE` as they arrived.
    pub(super) fn te(&self) -> Vec<&str> {
        texts(&self.0["request"]["te"])
    }

    /// The values of a field of the request's header section.
    pub(super) fn request_header(&self, name: &str) -> Vec<&str> {
        named(&self.0["request"]["headers"], name)
    }

    /// The values of a field of the request's trailer section.
    pub(super) fn request_trailer(&self, name: &str) -> Vec<&str> {
        named(&self.0["request"]["trailers"], name)
    }

    /// The received protocol of each `Via` element, from the client's side.
    pub(super) fn via(&self) -> Vec<String> {
        let elements = self.request_header("via").join(",");
        let protocol = |element: &str| element.split_whitespace().next().map(str::to_owned);
        elements.split(',').filter_map(protocol).collect()
    }

    /// The status that was sent.
    pub(super) fn status(&self) -> Option<u64> {
        self.0["status"].as_u64()
    }

    /// The values of a field of the header section that was sent.
    pub(super) fn sent_header(&self, name: &str) -> Vec<&str> {
        pairs(&self.0["fields"], name)
    }

    /// Whether a trailer section was sent.
    pub(super) fn has_sent_trailers(&self) -> bool {
        self.0["trailers"].as_array().is_some_and(|trailers| !trailers.is_empty())
    }

    /// The values of a field of the trailer section that was sent.
    pub(super) fn sent_trailer(&self, name: &str) -> Vec<&str> {
        pairs(&self.0["trailers"], name)
    }

    /// The name of each field of the trailer section that was sent.
    pub(super) fn sent_trailer_names(&self) -> Vec<&str> {
        let trailers = self.0["trailers"].as_array().into_iter().flatten();
        trailers.filter_map(|field| field[0].as_str()).collect()
    }

    /// The content that was sent, in bytes.
    pub(super) fn sent_bytes(&self) -> u64 {
        self.0["data"]["bytes"].as_u64().unwrap_or_default()
    }

    /// Milliseconds from the first piece of the content to the last one.
    pub(super) fn sent_span(&self) -> f64 {
        let data = &self.0["data"];
        let times = |pieces: &Value| -> Vec<f64> {
            pieces.as_array().into_iter().flatten().filter_map(|piece| piece[0].as_f64()).collect()
        };
        let times = [times(&data["first"]), times(&data["last"])].concat();
        match (times.first(), times.last()) {
            (Some(first), Some(last)) => last - first,
            _ => 0.0,
        }
    }

    /// Why trailers were withheld.
    pub(super) fn withheld(&self) -> Option<&str> {
        self.0["withheld"].as_str()
    }
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The values of a field in `[{"name": …, "value": …}]`.
fn named<'v>(fields: &'v Value, name: &str) -> Vec<&'v str> {
    let fields = fields.as_array().into_iter().flatten();
    fields.filter(|field| field["name"] == name).filter_map(|field| field["value"].as_str()).collect()
}

/// The values of a field in `[["name", "value"]]`.
fn pairs<'v>(fields: &'v Value, name: &str) -> Vec<&'v str> {
    let fields = fields.as_array().into_iter().flatten();
    fields.filter(|field| field[0] == name).filter_map(|field| field[1].as_str()).collect()
}
