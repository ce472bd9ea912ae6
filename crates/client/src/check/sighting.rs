//! What the client saw of a response.

use super::record::Record;
use crate::{
    exchange::{Error, ResponseBody},
    verdict::{Cut, Verdict},
    verify::VerifiedBody,
};
use http::{HeaderMap, HeaderName, Response, StatusCode, Version};
use http_body::Frame;
use http_body_util::BodyExt;
use std::{
    cmp::Ordering,
    time::{Duration, Instant},
};

/// A response as the client received it.
#[derive(Debug)]
pub(super) struct Sighting {
    pub(super) status: StatusCode,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
    pub(super) content: Vec<u8>,
    pub(super) trailers: Option<HeaderMap>,
    /// All verdicts that hold.
    pub(super) verdicts: Vec<Verdict>,
    /// The time from the first byte of the content to the last.
    pub(super) span: Duration,
}

/// The result of a probe at the client.
#[derive(Debug)]
pub(super) enum Seen {
    Response(Box<Sighting>),
    /// There was no response.
    Failed(Error),
    /// Nothing ended in time. What has arrived of a response.
    Hung(Option<StatusCode>),
}

/// The most content that is kept, in bytes. The responses of the workbench are smaller.
const MOST_CONTENT: usize = 1024 * 1024;

impl Sighting {
    pub(super) async fn read(response: Response<VerifiedBody<ResponseBody>>) -> Self {
        let (head, mut body) = response.into_parts();
        let mut content = Vec::new();
        let mut times: Option<(Instant, Instant)> = None;
        while let Some(frame) = body.frame().await {
            // An error is one of the verdicts.
            let Ok(Ok(data)) = frame.map(Frame::into_data) else { continue };
            let now = Instant::now();
            times = Some((times.map_or(now, |(first, _)| first), now));
            if content.len() + data.len() > MOST_CONTENT {
                body.cut(Cut::TooLarge(format!("the check reads at most {MOST_CONTENT} bytes")));
                break;
            }
            content.extend_from_slice(&data);
        }
        Self {
            status: head.status,
            version: head.version,
            headers: head.headers,
            content,
            trailers: body.trailers().cloned(),
            verdicts: body.findings().to_vec(),
            span: times.map_or(Duration::ZERO, |(first, last)| last - first),
        }
    }

    pub(super) fn cut(&self) -> Option<&Cut> {
        self.verdicts.iter().find_map(Verdict::cut)
    }

    /// How it was cut, for people. Without the number of bytes that have arrived, which depends on the moment.
    pub(super) fn cut_text(&self) -> Option<String> {
        self.cut().map(|cut| match cut {
            Cut::Short { expected, .. } => format!("fewer than the announced {expected} bytes arrived"),
            Cut::Malformed(reason) => {
                let reason = reason.split_once(" after ").map_or(reason.as_str(), |(reason, _)| reason);
                Cut::Malformed(reason.to_owned()).to_string()
            }
            cut => cut.to_string(),
        })
    }

    /// The number of bytes that have arrived, compared with what the origin has sent.
    pub(super) fn compared_with(&self, record: &Record) -> Ordering {
        (self.content.len() as u64).cmp(&record.sent_bytes())
    }

    /// The values of a trailer field, in order, with invalid UTF-8 replaced.
    pub(super) fn trailer_values(&self, name: &HeaderName) -> Vec<String> {
        self.trailers.as_ref().map(|trailers| values(trailers, name)).unwrap_or_default()
    }

    pub(super) fn header_values(&self, name: &HeaderName) -> Vec<String> {
        values(&self.headers, name)
    }
}

impl Seen {
    /// The response, if it has a status of success.
    pub(super) fn success(&self) -> Option<&Sighting> {
        self.response().filter(|sighting| sighting.status.is_success())
    }

    pub(super) fn response(&self) -> Option<&Sighting> {
        match self {
            Self::Response(sighting) => Some(sighting),
            Self::Failed(_) | Self::Hung(_) => None,
        }
    }

    /// What went wrong, for people. `None` if there is a complete response of success.
    pub(super) fn trouble(&self) -> Option<String> {
        match self {
            Self::Failed(error) => Some(error.to_string()),
            Self::Hung(None) => Some("no response in time".to_owned()),
            Self::Hung(Some(status)) => Some(format!("{status}, and its content did not end in time")),
            Self::Response(sighting) => match sighting.cut_text() {
                Some(cut) => Some(format!("cut: {cut}")),
                None if !sighting.status.is_success() => Some(format!("status {}", sighting.status)),
                None => None,
            },
        }
    }
}

fn values(fields: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    fields.get_all(name).iter().map(text).collect()
}
