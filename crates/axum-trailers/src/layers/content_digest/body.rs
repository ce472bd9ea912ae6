use super::{buffered::Source, fields::Digests};
use crate::layers::response_body::response_body;

response_body! {
    /// The response body of [`ContentDigest`](super::ContentDigest): the same data, and the digests in the trailer section at
    /// its end.
    ResponseBody = Source<B>, seen by Digests
}
