/// In the extensions of a response whose layer left its trailers out because the client takes none, so that the server can log
/// and count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrailersWithheld;
