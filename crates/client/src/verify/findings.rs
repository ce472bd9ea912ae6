use super::{
    Comparison, Note, compared::Compared, evidence::Evidence, hashing::Digests,
    section_digests::SectionDigests,
};
use crate::verdict::{Cut, GRPC_STATUS, Missing, Place, SenderFailure, Verdict};
use axum_trailers::digest::{CONTENT_DIGEST, Digest, REPR_DIGEST};
use http::HeaderName;

/// What was found at the end.
#[derive(Debug)]
pub(super) struct Findings {
    /// At least one.
    pub(super) verdicts: Vec<Verdict>,
    pub(super) comparisons: Vec<Comparison>,
    pub(super) digests: Vec<Digest>,
    pub(super) missing: Vec<HeaderName>,
    pub(super) notes: Vec<Note>,
}

impl Findings {
    /// Judges what has arrived. `digests` are those of it, unless the transfer was cut.
    pub(super) fn of(evidence: &Evidence, digests: Option<Digests>) -> Self {
        let trailer = evidence.trailers.as_ref().map(|section| SectionDigests::read(section, Place::Trailer));
        let trailer = trailer.unwrap_or_default();
        let cut = cut(evidence);
        // Those of a part of the content are of no use.
        let digests = digests.filter(|_| cut.is_none());
        let compared = digests.as_ref().map(|digests| Compared::of(evidence, &trailer, digests));
        let compared = compared.unwrap_or_default();
        let missing = missing(evidence, &trailer);
        let mut notes = evidence.header_notes.clone();
        notes
            .extend([&evidence.header.notes, &trailer.notes, &compared.notes].into_iter().flatten().cloned());
        Self {
            verdicts: verdicts(evidence, cut, &compared, &missing),
            comparisons: compared.comparisons,
            digests: digests.map(|digests| digests.whole.unwrap_or(digests.content)).unwrap_or_default(),
            missing: missing.names,
            notes,
        }
    }

    pub(super) fn verdict(&self) -> &Verdict {
        self.verdicts.first().expect("a transfer is cut, or complete with or without a comparison")
    }

    /// The first verdict that means that the content is not what the sender meant to send, or not what was required. A
    /// refusal is complete.
    pub(super) fn error(&self) -> Option<&Verdict> {
        let is_error =
            |verdict: &&Verdict| !verdict.is_success() && !matches!(verdict, Verdict::Refused { .. });
        self.verdicts.iter().find(is_error)
    }
}

/// All verdicts that hold, in their order.
fn verdicts(evidence: &Evidence, cut: Option<Cut>, compared: &Compared, missing: &Missing) -> Vec<Verdict> {
    let has_end = cut.is_none();
    let (verified, differing): (Vec<_>, Vec<_>) =
        compared.comparisons.iter().partition(|comparison| comparison.matches());
    let is_verified = differing.is_empty() && !verified.is_empty();
    let is_unproven = !evidence.has_proven_end && !is_verified;
    let cut = cut.or(is_unproven.then_some(Cut::EndUnknown));
    let is_complete = cut.is_none();

    let mut verdicts = Vec::new();
    if let Some(Cut::RequestBody(reason)) = &cut {
        verdicts.push(Verdict::LocalTrouble(reason.clone()));
    }
    if evidence.status.is_client_error() || evidence.status.is_server_error() {
        verdicts.push(Verdict::Refused { status: evidence.status });
    }
    verdicts.extend(cut.filter(|cut| !matches!(cut, Cut::RequestBody(_))).map(Verdict::Cut));
    verdicts.extend(failures(evidence).map(Verdict::SenderFailed));
    verdicts.extend(differing.into_iter().map(Comparison::verdict));
    if has_end && is_failure(evidence, missing) {
        verdicts.push(Verdict::TrailerMissing(missing.clone()));
    }
    verdicts.extend(compared.lacking.iter().cloned().map(Verdict::NoDigest));
    verdicts.extend(verified.into_iter().map(Comparison::verdict));
    if is_complete && compared.comparisons.is_empty() && compared.lacking.is_empty() {
        verdicts.push(Verdict::Unverified);
    }
    verdicts
}

fn cut(evidence: &Evidence) -> Option<Cut> {
    let received = evidence.received;
    let short = evidence.extent.length.filter(|expected| received < *expected);
    match (&evidence.cut, short) {
        (Some(Cut::Closed), Some(expected)) => Some(Cut::Short { expected, received }),
        // Over HTTP/2 the reason may be just that length.
        (Some(Cut::Malformed(reason)), Some(expected)) => {
            Some(Cut::Malformed(format!("{reason} after {received} of {expected} bytes")))
        }
        (Some(cut), _) => Some(cut.clone()),
        (None, short) => match evidence.extent.malformed {
            Some(reason) => Some(Cut::Malformed(reason.to_owned())),
            None => short.map(|expected| Cut::Short { expected, received }),
        },
    }
}

fn failures(evidence: &Evidence) -> impl Iterator<Item = SenderFailure> {
    let of_trailers = evidence.trailers.iter().flat_map(SenderFailure::all_in);
    of_trailers.chain(evidence.header_failures.iter().cloned())
}

/// The announced trailers that did not arrive.
fn missing(evidence: &Evidence, trailer: &SectionDigests) -> Missing {
    let mut missing =
        Missing { names: Vec::new(), malformed: Vec::new(), has_section: evidence.trailers.is_some() };
    if !evidence.extent.has_content {
        return missing;
    }
    let arrived =
        |name: &HeaderName| evidence.trailers.as_ref().is_some_and(|section| section.contains_key(name));
    let announced = evidence.announced.iter().filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok());
    let mut announced: Vec<_> = announced.collect();
    if evidence.needs_grpc_status && !announced.contains(&GRPC_STATUS) {
        announced.push(GRPC_STATUS);
    }
    missing.malformed = announced.iter().filter(|name| trailer.malformed.contains(name)).cloned().collect();
    announced.retain(|name| !arrived(name) || trailer.malformed.contains(name));
    missing.names = announced;
    missing
}

fn is_failure(evidence: &Evidence, missing: &Missing) -> bool {
    let is_essential = |name: &HeaderName| [CONTENT_DIGEST, REPR_DIGEST, GRPC_STATUS].contains(name);
    !missing.names.is_empty()
        && (evidence.verification.requires_trailers
            || !missing.has_section
            || missing.names.iter().any(is_essential))
}
