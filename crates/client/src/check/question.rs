use std::{fmt, str::FromStr};

/// What a check asks of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Question {
    /// Whether `TE: trailers` arrives at the origin.
    Te,
    /// Which protocol arrives at the origin.
    Protocol,
    /// Whether announced trailers of a short response arrive.
    Trailers,
    /// Whether announced trailers of a slow response arrive.
    TrailersSlow,
    /// Whether a short and a slow response give the same result.
    Timing,
    /// Whether several fields arrive.
    TrailersSeveral,
    /// Whether repeated fields keep their number and order.
    TrailersRepeated,
    /// Whether a field of 8 KiB arrives.
    TrailersLong,
    /// Whether fields arrive that are not announced in `Trailer`.
    TrailersUnannounced,
    /// Whether the content is passed on as it arrives.
    Streaming,
    /// Whether `Content-Length` is added to content of unknown length.
    Length,
    /// Whether a content coding is added.
    Coding,
    /// Whether content whose stream or connection is reset is cut.
    CutReset,
    /// Whether content whose connection is closed is cut.
    CutClose,
    /// Whether content that is shorter than its length is cut.
    CutShort,
    /// Whether a failure that trailers report arrives.
    Failure,
    /// Whether the content matches its digest.
    Digest,
    /// Whether request trailers arrive at the origin.
    RequestTrailers,
    /// Whether an upload that the client aborts is cut at the origin.
    UploadCut,
    /// Whether `100 Continue` arrives. Only over HTTP/1.1 and HTTP/3.
    Continue,
    /// Whether the response to HEAD arrives without content.
    Head,
    /// Whether 204 arrives.
    NoContent,
    /// Whether 304 arrives.
    NotModified,
    /// Whether the status 0 of a gRPC call arrives. The questions about gRPC are asked over HTTP/2 and HTTP/3 only.
    GrpcOk,
    /// Whether a status other than 0 arrives after messages.
    GrpcFailure,
    /// Whether a status arrives in a response without messages.
    GrpcTrailersOnly,
}

/// Id, title.
type Words = (&'static str, &'static str);

impl Question {
    /// All questions, in the order of a report.
    pub const ALL: &'static [Self] = &[
        Self::Te,
        Self::Protocol,
        Self::Trailers,
        Self::TrailersSlow,
        Self::Timing,
        Self::TrailersSeveral,
        Self::TrailersRepeated,
        Self::TrailersLong,
        Self::TrailersUnannounced,
        Self::Streaming,
        Self::Length,
        Self::Coding,
        Self::Digest,
        Self::Failure,
        Self::CutReset,
        Self::CutClose,
        Self::CutShort,
        Self::RequestTrailers,
        Self::UploadCut,
        Self::Continue,
        Self::Head,
        Self::NoContent,
        Self::NotModified,
        Self::GrpcOk,
        Self::GrpcFailure,
        Self::GrpcTrailersOnly,
    ];

    /// Its stable name, such as `trailers-slow`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.words().0
    }

    /// A few words for people, such as `trailers of a slow response`.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> Words {
        match self {
            Self::Te => ("te", "TE: trailers arrives"),
            Self::Protocol => ("protocol", "protocol at the origin"),
            Self::Trailers => ("trailers", "trailers of a short response"),
            Self::TrailersSlow => ("trailers-slow", "trailers of a slow response"),
            Self::Timing => ("timing", "the same for short and slow"),
            Self::TrailersSeveral => ("trailers-several", "several trailers"),
            Self::TrailersRepeated => ("trailers-repeated", "repeated trailers"),
            Self::TrailersLong => ("trailers-long", "a trailer of 8 KiB"),
            Self::TrailersUnannounced => ("trailers-unannounced", "trailers without Trailer"),
            Self::Streaming => ("streaming", "content streams"),
            Self::Length => ("length", "no Content-Length added"),
            Self::Coding => ("coding", "no content coding added"),
            Self::CutReset => ("cut-reset", "a reset is an error"),
            Self::CutClose => ("cut-close", "a close is an error"),
            Self::CutShort => ("cut-short", "short content is an error"),
            Self::Failure => ("failure", "a failure in trailers arrives"),
            Self::Digest => ("digest", "the digest matches"),
            Self::RequestTrailers => ("request-trailers", "request trailers"),
            Self::UploadCut => ("upload-cut", "an aborted upload is cut"),
            Self::Continue => ("continue", "100 Continue"),
            Self::Head => ("head", "HEAD"),
            Self::NoContent => ("no-content", "204"),
            Self::NotModified => ("not-modified", "304"),
            Self::GrpcOk => ("grpc-ok", "gRPC: status 0"),
            Self::GrpcFailure => ("grpc-failure", "gRPC: a failure after messages"),
            Self::GrpcTrailersOnly => ("grpc-trailers-only", "gRPC: a failure without messages"),
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

/// An id that no question has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such question")]
pub struct UnknownQuestion;

impl FromStr for Question {
    type Err = UnknownQuestion;

    fn from_str(id: &str) -> Result<Self, UnknownQuestion> {
        Self::ALL.iter().copied().find(|question| question.id() == id).ok_or(UnknownQuestion)
    }
}
