use super::stopwatch::Stopwatch;
use crate::layers::response_body::response_body;

response_body! {
    /// The response body of [`ServerTiming`](super::ServerTiming): the same data, with `Server-Timing` in the trailer
    /// section.
    ResponseBody = B, seen by Stopwatch
}
