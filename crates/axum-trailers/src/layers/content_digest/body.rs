use super::{buffered::Source, fields::Digests};
use crate::layers::response_body::response_body;

response_body! {
    /// The response body of [`ContentDigest`](super::ContentDigest): the same data, with the digests in the trailer
    /// section.
    ResponseBody = Source<B>, seen by Digests
}
