//! The fields that the probes send, and what is shown of the others.

use super::{
    path::{Path, Sent},
    record::{Record, Recorded},
    sighting::{Seen, Sighting},
};
use axum_trailers::syntax::protocol_name;
use http::{HeaderMap, HeaderName, header};
use std::{cmp::Ordering, collections::BTreeMap};

pub(super) const A: HeaderName = HeaderName::from_static("x-path-a");
pub(super) const B: HeaderName = HeaderName::from_static("x-path-b");
pub(super) const C: HeaderName = HeaderName::from_static("x-path-c");

/// What both ends saw of a probe. Without times and ids: it is the same in each run.
pub(super) fn evidence(path: &Path, sent: &Sent) -> Vec<String> {
    let te = if path.mode.sends_te() { "TE: trailers" } else { "no TE" };
    let protocol = protocol_name(path.mode.version());
    let mut lines = vec![format!("the client sent: {protocol}, {te}")];
    match &sent.recorded {
        Recorded::Found(record) => lines.extend(of_origin(record)),
        Recorded::Absent => lines.push("the origin received no request".to_owned()),
        Recorded::Unreadable => lines.push("the origin could not be asked for its record".to_owned()),
    }
    lines.push(format!("the client received: {}", of_client(sent)));
    lines
}

fn of_origin(record: &Record) -> Vec<String> {
    let te = record.te().join(", ");
    let te = if te.is_empty() { "no TE".to_owned() } else { format!("TE: {te}") };
    let mut lines = vec![format!("the origin received: {}, {te}", record.protocol())];
    let Some(status) = record.status() else {
        lines.push("the origin sent nothing".to_owned());
        return lines;
    };
    let trailers = match (record.sent_trailer_names(), record.withheld()) {
        (names, _) if !names.is_empty() => format!("trailers {}", counted(&names)),
        (_, Some(reason)) => format!("no trailers ({reason})"),
        (_, None) => "no trailers".to_owned(),
    };
    lines.push(format!(
        "the origin sent: status {status}, {}, {trailers}",
        announced(&record.sent_header("trailer")),
    ));
    lines
}

fn of_client(sent: &Sent) -> String {
    received(&sent.seen, |sighting| difference(sent, sighting))
}

/// What the client received, for a probe without a record.
pub(super) fn received_alone(seen: &Seen) -> String {
    format!("the client received: {}", received(seen, |_| ""))
}

fn received(seen: &Seen, difference: impl FnOnce(&Sighting) -> &'static str) -> String {
    let Some(sighting) = seen.response() else {
        return seen.trouble().unwrap_or_default();
    };
    let announced = announced(&sighting.header_values(&header::TRAILER));
    let trailers = match &sighting.trailers {
        Some(trailers) => format!("trailers {}", counted(&names(trailers))),
        None => "no trailers".to_owned(),
    };
    let cut = sighting.cut_text().map(|cut| format!(", cut: {cut}")).unwrap_or_default();
    let status = sighting.status.as_u16();
    format!("status {status}, {announced}, {trailers}{}{cut}", difference(sighting))
}

/// Whether a whole response has another number of bytes. Without the numbers: a trailer that contains a time may be in them.
fn difference(sent: &Sent, sighting: &Sighting) -> &'static str {
    let is_whole = |record: &&Record| {
        record.has_sent_all()
            && record.status() == Some(sighting.status.as_u16().into())
            && sighting.cut().is_none()
    };
    match sent.record().filter(is_whole).map(|record| sighting.compared_with(record)) {
        Some(Ordering::Less) => ", less content than was sent",
        Some(Ordering::Greater) => ", more content than was sent",
        Some(Ordering::Equal) | None => "",
    }
}

/// The announced names, in the order of the alphabet: some proxies send them in any order.
fn announced(values: &[impl AsRef<str>]) -> String {
    let mut names: Vec<_> = values
        .iter()
        .flat_map(|value| value.as_ref().split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    names.sort();
    if names.is_empty() { "no Trailer".to_owned() } else { format!("Trailer: {}", names.join(", ")) }
}

fn names(fields: &HeaderMap) -> Vec<&str> {
    fields.iter().map(|(name, _)| name.as_str()).collect()
}

/// The names in order, each once, with their number if it is not 1.
fn counted(names: &[&str]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    let shown = |(name, count): (&str, usize)| {
        if count == 1 { name.to_owned() } else { format!("{name} ({count} times)") }
    };
    counts.into_iter().map(shown).collect::<Vec<_>>().join(", ")
}
