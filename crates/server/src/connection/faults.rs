/// What is wrong with a request's head, and can't be seen of what hyper makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadFault {
    /// It has `Transfer-Encoding` and `Content-Length`, which hyper removes.
    AmbiguousLength,
    /// The target has a fragment, which hyper cuts off.
    Fragment,
}

/// What is wrong with a request's framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FramingError {
    #[error("a chunk's size is not a hexadecimal number of up to 16 digits, alone or before a semicolon")]
    Size,
    #[error("a chunk extension has a control character")]
    Extension,
    #[error("the chunk extensions are larger than {MOST_EXTENSIONS} bytes")]
    TooManyExtensions,
    #[error("a chunk is longer than its size says")]
    ChunkEnd,
    #[error("a line of the chunked framing ends without CRLF")]
    LineEnd,
    #[error("a line of the trailer section is not a field")]
    Trailer,
}

/// The most chunk extensions that the content of a request may have, in bytes.
pub(crate) const MOST_EXTENSIONS: usize = 8 * 1024;
