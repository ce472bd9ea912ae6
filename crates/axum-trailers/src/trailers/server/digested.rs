use crate::{
    compat::{Fields, ResponseHead},
    syntax::without_outer_whitespace,
};
use http::{HeaderName, header};

/// The content codings (`Content-Encoding`) of the bytes that each digest of a response covers.
/// [`ContentDigestLayer`](crate::layers::ContentDigestLayer) inserts it into the response's extensions.
///
/// A compression layer around the digest layer changes the bytes afterwards, which makes the digest wrong. A server
/// sends none of the [`outdated`](Self::outdated) fields, neither in the header section nor in the trailer section.
#[derive(Clone, Debug, Default)]
pub struct DigestedCodings(Vec<(HeaderName, Vec<Vec<u8>>)>);

impl DigestedCodings {
    /// Records in the response's extensions that field `name` contains the digest of the content as it is encoded now.
    pub(crate) fn record(response: &mut impl ResponseHead, name: &HeaderName) {
        let now = codings(response.fields()).map(<[u8]>::to_vec).collect();
        let mut all: Self = response.remove_extension().unwrap_or_default();
        all.0.retain(|(other, _)| other != name);
        all.0.push((name.clone(), now));
        response.insert_extension(all);
    }

    /// The fields whose digest covers bytes with a different `Content-Encoding` than this header section has.
    pub fn outdated(&self, headers: &impl Fields) -> impl Iterator<Item = &HeaderName> {
        let is_outdated = |then: &Vec<Vec<u8>>| !then.iter().map(Vec::as_slice).eq(codings(headers));
        self.0.iter().filter(move |(_, then)| is_outdated(then)).map(|(name, _)| name)
    }
}

/// Without the whitespace around values, which a server removes.
fn codings<F: Fields>(headers: &F) -> impl Iterator<Item = &[u8]> {
    headers.values(&header::CONTENT_ENCODING).map(without_outer_whitespace)
}
