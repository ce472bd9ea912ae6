use super::{
    Fault,
    body::{Incoming, Kept, Piece, length, take_trailers},
    message::{Asked, Broken, append, has, is_grpc, joined},
    proxy::Setup,
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, TRAILER},
    response::Parts,
};
use std::io::Write;

/// What a proxy that shortens trailers leaves of a value, in bytes.
const LONG: usize = 4096;

const GRPC_STATUS: &str = "grpc-status";

/// Fields that report a failure.
const FAILURES: [&str; 3] = ["x-stream-error", GRPC_STATUS, "grpc-message"];

impl Setup {
    /// Whether it takes this for the end of the content.
    pub(super) fn ends_at(&self, broken: Broken) -> bool {
        self.has(match broken {
            Broken::Reset => Fault::EndAtReset,
            Broken::Close => Fault::EndAtClose,
            Broken::Short => Fault::EndAtShort,
        })
    }
}

/// What a proxy changes in a response.
pub(super) struct Changes<'a> {
    setup: &'a Setup,
    asked: &'a Asked,
    is_grpc: bool,
    has_digest: bool,
    announced: HeaderMap,
    has_begun: bool,
    encoder: Option<GzEncoder<Vec<u8>>>,
    /// What follows the content.
    rest: Vec<u8>,
}

impl<'a> Changes<'a> {
    pub(super) fn new(setup: &'a Setup, asked: &'a Asked, head: &Parts) -> Self {
        let fields = &head.headers;
        let has_digest = has(fields, "trailer", "digest") || fields.contains_key("content-digest");
        let announced = fields.get_all(TRAILER).iter().map(|value| (TRAILER, value.clone())).collect();
        Self {
            setup,
            asked,
            is_grpc: is_grpc(fields),
            has_digest,
            announced,
            has_begun: false,
            encoder: None,
            rest: Vec::new(),
        }
    }

    /// Changes the header section. Returns whether content is sent where none can be.
    pub(super) async fn begin(&mut self, head: &mut Parts, body: &mut Incoming) -> bool {
        let Some(fault) = self.setup.fault else { return false };
        let has_content = self.asked.has_content(head.status);
        let fields = &mut head.headers;
        match fault {
            Fault::DropTrailersAndAnnouncement => {
                fields.remove(TRAILER);
            }
            Fault::HoldBack | Fault::AddLength | Fault::MergeTrailers if has_content => {
                let pieces = body.keep().await;
                *body = Incoming::Kept(self.kept(fields, pieces));
            }
            // What is sent has another length, or none that is known.
            Fault::LeakTrailers | Fault::EndAtReset | Fault::EndAtClose | Fault::EndAtShort
                if has_content =>
            {
                fields.remove(CONTENT_LENGTH);
            }
            Fault::Compress | Fault::CompressIfAccepted if has_content => {
                let is_wanted = fault == Fault::Compress || self.asked.accepts_gzip;
                // Most proxies have a list of media types.
                if is_wanted && !has(fields, "content-type", "json") {
                    fields.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                    fields.remove(CONTENT_LENGTH);
                    self.encoder = Some(GzEncoder::new(Vec::new(), Compression::fast()));
                }
            }
            Fault::ContentAfterHead => return self.asked.method == Method::HEAD,
            Fault::DropGrpcStatus | Fault::ChangeGrpcStatus if self.is_grpc => self.change_status(fields),
            _ => return self.change_empty(head, body),
        }
        false
    }

    /// Changes responses that have no content.
    fn change_empty(&self, head: &mut Parts, body: &mut Incoming) -> bool {
        const CONTENT: &[u8] = b"content\n";
        let (status, content): (_, &[u8]) = match (self.setup.fault, head.status) {
            (Some(Fault::NoContentWithContent), StatusCode::NO_CONTENT)
            | (Some(Fault::NotModifiedWithContent), StatusCode::NOT_MODIFIED) => (head.status, CONTENT),
            (Some(Fault::NoContentAsOk), StatusCode::NO_CONTENT)
            | (Some(Fault::NotModifiedAsOk), StatusCode::NOT_MODIFIED) => (StatusCode::OK, b""),
            _ => return false,
        };
        head.status = status;
        head.headers.insert(CONTENT_LENGTH, content.len().into());
        *body = Incoming::Kept([Ok(Piece::Data(content.into()))].into());
        !content.is_empty()
    }

    fn kept(&self, fields: &mut HeaderMap, mut pieces: Kept) -> Kept {
        if self.setup.has(Fault::MergeTrailers) {
            append(fields, take_trailers(&mut pieces));
        }
        let is_whole = pieces.iter().all(Result::is_ok);
        if self.setup.has(Fault::AddLength) && is_whole {
            fields.insert(CONTENT_LENGTH, length(&pieces).into());
        }
        pieces
    }

    /// Changes a piece of content.
    pub(super) fn data(&mut self, data: Bytes) -> Bytes {
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        if let Some(encoder) = &mut self.encoder {
            encoder.write_all(&data).expect("memory");
            encoder.flush().expect("memory");
            return std::mem::take(encoder.get_mut()).into();
        }
        if self.setup.has(Fault::ChangeContent) && self.has_digest && is_first && !data.is_empty() {
            let mut data = data.to_vec();
            data[0] ^= 1;
            return data.into();
        }
        data
    }

    /// Content that the origin has not sent.
    pub(super) fn rest(&mut self) -> Bytes {
        if let Some(encoder) = self.encoder.take() {
            return encoder.finish().expect("memory").into();
        }
        std::mem::take(&mut self.rest).into()
    }

    /// Changes trailers.
    pub(super) fn trailers(&mut self, mut trailers: HeaderMap) -> Option<HeaderMap> {
        let Some(fault) = self.setup.fault else { return Some(trailers) };
        match fault {
            Fault::DropTrailers | Fault::DropTrailersAndAnnouncement => return None,
            Fault::DropTrailersOfShort if !self.asked.is_slow => return None,
            Fault::DropTrailersOfSlow if self.asked.is_slow => return None,
            Fault::LeakTrailers => {
                self.rest = super::http1::head("", &trailers);
                return None;
            }
            Fault::JoinTrailers => trailers = joined(&trailers),
            Fault::ReorderTrailers => trailers = reversed(&trailers),
            Fault::DropSecondTrailer => {
                let first = trailers.keys().next().cloned();
                retain(&mut trailers, |name, _| Some(name) == first.as_ref());
            }
            Fault::TruncateLongTrailers => {
                change(&mut trailers, |value| value[..value.len().min(LONG)].to_vec());
            }
            Fault::DropLongTrailers => retain(&mut trailers, |_, value| value.len() <= LONG),
            Fault::DropUnannouncedTrailers => {
                retain(&mut trailers, |name, _| has(&self.announced, "trailer", name.as_str()));
            }
            Fault::ChangeTrailers => {
                change(&mut trailers, |value| [b"z", value.get(1..).unwrap_or_default()].concat());
            }
            Fault::LoseFailure if !self.is_grpc => {
                retain(&mut trailers, |name, _| !FAILURES.contains(&name.as_str()));
            }
            Fault::DropGrpcStatus | Fault::ChangeGrpcStatus if self.is_grpc => {
                self.change_status(&mut trailers);
            }
            _ => {}
        }
        (!trailers.is_empty()).then_some(trailers)
    }

    fn change_status(&self, fields: &mut HeaderMap) {
        let Some(status) = fields.remove(GRPC_STATUS) else { return };
        if self.setup.has(Fault::ChangeGrpcStatus) {
            let other = if status == "2" { "13" } else { "2" };
            fields.insert(GRPC_STATUS, HeaderValue::from_static(other));
        }
    }
}

fn retain(fields: &mut HeaderMap, is_kept: impl Fn(&HeaderName, &HeaderValue) -> bool) {
    *fields = fields
        .iter()
        .filter(|(name, value)| is_kept(name, value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
}

fn change(fields: &mut HeaderMap, changed: impl Fn(&[u8]) -> Vec<u8>) {
    for value in fields.values_mut() {
        *value = changed(value.as_bytes()).try_into().expect("a value of a field");
    }
}

fn reversed(fields: &HeaderMap) -> HeaderMap {
    let fields: Vec<_> = fields.iter().collect();
    fields.into_iter().rev().map(|(name, value)| (name.clone(), value.clone())).collect()
}
