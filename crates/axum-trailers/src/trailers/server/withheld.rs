/// In the extensions of a response whose layer left out its trailers because the client accepts none. Servers log and
/// count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrailersWithheld;
