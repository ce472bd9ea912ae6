/// A fault in a request's head that hyper's output does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadFault {
    /// Both `Transfer-Encoding` and `Content-Length`, which hyper removes.
    AmbiguousLength,
    /// A fragment in the target, which hyper removes.
    Fragment,
}

/// A fault in a request's framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FramingError {
    #[error("a chunk size is not a hexadecimal number of up to 16 digits")]
    Size,
    #[error("a chunk extension contains a control character")]
    Extension,
    #[error("the chunk extensions are larger than {MOST_EXTENSIONS} bytes")]
    TooManyExtensions,
    #[error("a chunk is longer than its chunk size")]
    ChunkEnd,
    #[error("a line of the chunked framing ends without CRLF")]
    LineEnd,
    #[error("a line of the trailer section is not a field")]
    Trailer,
}

/// The maximum size of the chunk extensions in a request's content, in bytes.
pub(crate) const MOST_EXTENSIONS: usize = 8 * 1024;
