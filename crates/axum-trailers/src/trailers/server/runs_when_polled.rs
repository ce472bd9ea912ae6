/// In the extensions of a response whose body needs no task besides: its first poll returns the data that is ready.
///
/// A server may wait a moment for the task that has just been spawned to produce a body, so that the first data is
/// sent together with the header section. For a body from [`body::produce`](crate::body::produce()) that would be in
/// vain, and `into_response` inserts this mark. If a layer drops it, the server waits.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RunsWhenPolled;
