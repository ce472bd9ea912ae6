use super::{
    Note, Verification,
    extent::Extent,
    hashing::{Algorithms, Hashing},
    section_digests::SectionDigests,
};
use crate::{
    bounds::{MOST_FIELDS, MOST_SECTION},
    connector::Transport,
    verdict::{Cut, GRPC_STATUS, Place, SenderFailure},
};
use axum_trailers::{
    syntax::list_elements,
    trailers::{Declared, server::section_size},
};
use http::{HeaderMap, StatusCode, header, response};

/// What is known about a response, and what has arrived of it.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) status: StatusCode,
    pub(super) announced: Declared,
    pub(super) extent: Extent,
    /// Whether the sender must prove the end of the connection, and can't be forged. Without TLS nothing does.
    pub(super) has_proven_end: bool,
    /// A `grpc-status` must follow.
    pub(super) needs_grpc_status: bool,
    pub(super) header: SectionDigests,
    pub(super) header_failures: Vec<SenderFailure>,
    pub(super) header_notes: Vec<Note>,
    pub(super) verification: Verification,
    pub(super) received: u64,
    pub(super) trailers: Option<HeaderMap>,
    pub(super) cut: Option<Cut>,
}

impl Evidence {
    pub(super) fn of_response(mut verification: Verification, head: &response::Parts) -> (Self, Hashing) {
        let prefix = verification.prefix.take();
        let prefix_length = prefix.as_ref().map(|prefix| prefix.length);
        let extent = Extent::of_response(head, verification.is_head, prefix_length);
        let announced = Declared::read(&head.headers);
        let header = SectionDigests::read(&head.headers, Place::Header);
        let algorithms = Algorithms::needed(&extent, &header, &verification.expected, &announced);
        let hashing = Hashing::new(&extent, algorithms, prefix);
        let is_tls = head.extensions.get::<Transport>().is_some_and(|transport| transport.is_tls);
        let evidence = Self {
            status: head.status,
            has_proven_end: !extent.ends_with_connection || is_tls,
            needs_grpc_status: extent.has_content
                && is_grpc(&head.headers)
                && !head.headers.contains_key(GRPC_STATUS),
            extent,
            announced,
            header,
            header_failures: SenderFailure::all_in(&head.headers),
            header_notes: coded(&head.headers).into_iter().collect(),
            verification,
            received: 0,
            trailers: None,
            cut: None,
        };
        (evidence, hashing)
    }

    pub(super) fn add_data(&mut self, data: &[u8]) {
        self.received += data.len() as u64;
        match self.extent.length {
            Some(expected) if self.received > expected => self.cut(Cut::Long { expected }),
            _ if self.trailers.is_some() => {
                self.cut(Cut::Malformed("content follows the trailer section".to_owned()));
            }
            _ => {}
        }
    }

    pub(super) fn add_trailers(&mut self, trailers: HeaderMap) {
        if trailers.len() > MOST_FIELDS || section_size(&trailers) > MOST_SECTION {
            let bounds = format!("{MOST_SECTION} bytes or {MOST_FIELDS} fields");
            self.cut(Cut::TooLarge(format!("the trailer section has more than {bounds}")));
        } else if self.trailers.replace(trailers).is_some() {
            self.cut(Cut::Malformed("a second trailer section arrived".to_owned()));
        }
    }

    /// The first cut counts.
    pub(super) fn cut(&mut self, cut: Cut) {
        self.cut.get_or_insert(cut);
    }
}

/// Whether a response is one of gRPC, whose last field section contains `grpc-status`
/// ([gRPC over HTTP/2](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses)). gRPC-Web is not: it
/// sends its trailers in the content.
fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
    let subtype = content_type.strip_prefix("application/grpc");
    subtype.is_some_and(|rest| rest.is_empty() || rest.starts_with(['+', ';', ' ']))
}

fn coded(headers: &HeaderMap) -> Option<Note> {
    let codings = list_elements(headers, header::CONTENT_ENCODING)
        .filter(|coding| !coding.eq_ignore_ascii_case(b"identity"));
    let codings: Vec<_> = codings.map(String::from_utf8_lossy).collect();
    (!codings.is_empty()).then(|| Note::Coded { codings: codings.join(", ") })
}
