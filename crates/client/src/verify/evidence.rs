use super::Verification;
use crate::{
    connector::Transport,
    verdict::{Cut, DigestSource, Missing, Place, SenderFailure, Verdict},
};
use axum_trailers::{
    digest::{Algorithm, CONTENT_DIGEST, Digest, DigestField, Hashers, REPR_DIGEST},
    trailers::Declared,
};
use http::{HeaderMap, HeaderName, StatusCode, Version, header, response};

/// What is known about a response, and what has arrived of it.
#[derive(Debug)]
pub(super) struct Evidence {
    status: StatusCode,
    header: HeaderMap,
    announced: Declared,
    /// The announced length of the content in bytes.
    length: Option<u64>,
    /// Only the end of the connection delimits the content, and nothing proves that it is the end.
    has_unproven_end: bool,
    has_content: bool,
    expected: Vec<Digest>,
    requires_trailers: bool,
    /// Of the content of this response.
    content: Hashers,
    /// Of the representation, if this response continues it.
    whole: Option<Hashers>,
    received: u64,
    trailers: Option<HeaderMap>,
    cut: Option<Cut>,
}

/// What was found at the end.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) verdicts: Vec<Verdict>,
    pub(super) digests: Vec<Digest>,
    pub(super) missing: Vec<HeaderName>,
}

impl Evidence {
    pub(super) fn of_response(verification: Verification, head: &response::Parts) -> Self {
        let has_content = !(verification.is_head
            || head.status == StatusCode::NO_CONTENT
            || head.status == StatusCode::NOT_MODIFIED);
        let length = content_length(&head.headers).filter(|_| has_content);
        let is_delimited = head.version >= Version::HTTP_2
            || !has_content
            || length.is_some()
            || head.headers.contains_key(header::TRANSFER_ENCODING);
        let has_close_notify = head.extensions.get::<Transport>().is_some_and(|transport| transport.is_tls);
        let all = || Hashers::new(Algorithm::ALL.iter().copied());
        Self {
            status: head.status,
            header: head.headers.clone(),
            announced: Declared::read(&head.headers),
            length,
            has_unproven_end: !is_delimited && !has_close_notify,
            has_content,
            expected: verification.expected,
            requires_trailers: verification.requires_trailers,
            content: all(),
            whole: verification.prefix.map(|prefix| prefix.hashers),
            received: 0,
            trailers: None,
            cut: None,
        }
    }

    pub(super) fn received(&self) -> u64 {
        self.received
    }

    pub(super) fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_ref()
    }

    pub(super) fn announced(&self) -> &Declared {
        &self.announced
    }

    pub(super) fn add_data(&mut self, data: &[u8]) {
        self.received += data.len() as u64;
        self.content.update(data);
        if let Some(whole) = &mut self.whole {
            whole.update(data);
        }
    }

    pub(super) fn add_trailers(&mut self, trailers: HeaderMap) {
        self.trailers = Some(trailers);
    }

    pub(super) fn cut(&mut self, cut: Cut) {
        self.cut = Some(cut);
    }

    /// Judges what has arrived.
    pub(super) fn judge(&mut self) -> Findings {
        let content = self.content.clone().finish();
        let whole = match &self.whole {
            Some(whole) => Some(whole.clone().finish()),
            None if self.status == StatusCode::PARTIAL_CONTENT => None,
            None => Some(content.clone()),
        };
        let comparisons = self.comparisons(&content, whole.as_deref());
        let missing = self.missing();
        let mut verdicts = Vec::new();
        if self.status.is_client_error() || self.status.is_server_error() {
            verdicts.push(Verdict::Refused { status: self.status });
        }
        let is_verified =
            !comparisons.is_empty() && comparisons.iter().all(|(_, expected, got)| expected == got);
        if let Some(cut) = self.cut.clone().or_else(|| self.wrong_length()) {
            verdicts.push(Verdict::Cut(cut));
        } else if self.has_unproven_end && !is_verified {
            verdicts.push(Verdict::Cut(Cut::EndUnknown));
        }
        let is_complete = !verdicts.iter().any(|verdict| matches!(verdict, Verdict::Cut(_)));
        let sections = [self.trailers.as_ref(), Some(&self.header)];
        verdicts
            .extend(sections.into_iter().flatten().find_map(SenderFailure::read).map(Verdict::SenderFailed));
        if is_complete {
            verdicts.extend(comparisons.iter().filter(|(_, expected, got)| expected != got).map(
                |(by, expected, got)| Verdict::DigestDiffers {
                    by: by.clone(),
                    expected: expected.clone(),
                    got: got.clone(),
                },
            ));
            if self.is_failure(&missing) {
                let has_section = self.trailers.is_some();
                verdicts.push(Verdict::TrailerMissing(Missing { names: missing.clone(), has_section }));
            }
            verdicts.extend(comparisons.iter().filter(|(_, expected, got)| expected == got).map(
                |(by, expected, _)| Verdict::Verified { by: by.clone(), algorithm: expected.algorithm() },
            ));
            if comparisons.is_empty() {
                verdicts.push(Verdict::Unverified);
            }
        }
        Findings { verdicts, digests: whole.unwrap_or(content), missing }
    }

    /// Each expected digest that can be compared, beside that of what arrived.
    fn comparisons(
        &self,
        content: &[Digest],
        whole: Option<&[Digest]>,
    ) -> Vec<(DigestSource, Digest, Digest)> {
        let mut comparisons = Vec::new();
        let mut compare = |by: DigestSource, expected: &Digest, got: &[Digest]| {
            let same = |got: &&Digest| got.algorithm() == expected.algorithm();
            if let Some(got) = got.iter().find(same) {
                comparisons.push((by, expected.clone(), got.clone()));
            }
        };
        if let Some(whole) = whole {
            self.expected.iter().for_each(|expected| compare(DigestSource::User, expected, whole));
        }
        if !self.has_content {
            return comparisons;
        }
        let sections = [(Place::Header, Some(&self.header)), (Place::Trailer, self.trailers.as_ref())];
        for (place, section) in sections {
            let Some(section) = section else { continue };
            for (name, got) in [(CONTENT_DIGEST, Some(content)), (REPR_DIGEST, whole)] {
                let (Ok(Some(field)), Some(got)) = (DigestField::read(section, &name), got) else { continue };
                let by = DigestSource::Field { name, place };
                field.known.iter().for_each(|expected| compare(by.clone(), expected, got));
            }
        }
        comparisons
    }

    /// The announced trailers that did not arrive.
    fn missing(&self) -> Vec<HeaderName> {
        let arrived = |name: &str| self.trailers.as_ref().is_some_and(|section| section.contains_key(name));
        let missing = self.announced.iter().filter(|name| !arrived(name));
        missing.filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok()).collect()
    }

    fn is_failure(&self, missing: &[HeaderName]) -> bool {
        let is_digest = |name: &HeaderName| *name == CONTENT_DIGEST || *name == REPR_DIGEST;
        self.has_content
            && !missing.is_empty()
            && (self.requires_trailers || self.trailers.is_none() || missing.iter().any(is_digest))
    }

    fn wrong_length(&self) -> Option<Cut> {
        let expected = self.length?;
        match self.received {
            received if received < expected => Some(Cut::Short { expected, received }),
            received if received > expected => Some(Cut::Long { expected }),
            _ => None,
        }
    }
}

fn content_length(fields: &HeaderMap) -> Option<u64> {
    let length = fields.get(header::CONTENT_LENGTH)?.to_str().ok()?;
    // `parse` also accepts a sign.
    if length.bytes().all(|byte| byte.is_ascii_digit()) { length.parse().ok() } else { None }
}
