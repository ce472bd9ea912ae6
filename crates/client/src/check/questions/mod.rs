//! The questions: which probe each needs, and what its ends say about the path.
//!
//! A question is judged from both ends. If something is missing at the origin, it was lost on the way there; if the origin has
//! sent it, on the way back.

pub(super) mod continue_100;
pub(super) mod cuts;
mod digest;
mod failure;
mod foreign;
mod framing;
mod grpc;
mod no_content;
mod request_line;
pub(super) mod request_trailers;
pub(super) mod response_trailers;
mod streaming;
pub(super) mod upload;

use super::{Answer, Question, path::Path};
use std::{future::Future, pin::Pin};

/// One probe, or several that are compared.
pub(super) struct Task {
    /// What it answers.
    pub(super) questions: &'static [Question],
    pub(super) run: fn(Path) -> Answers,
}

pub(super) type Answers = Pin<Box<dyn Future<Output = Vec<Answer>> + Send>>;

macro_rules! task {
    ($ask:path: $($question:ident),+) => {
        Task { questions: &[$(Question::$question),+], run: |path| Box::pin(async move { $ask(&path).await }) }
    };
}

/// The tasks of all modes at once. The slow ones are first.
pub(super) const TASKS: &[Task] = &[
    task!(upload::aborted: UploadCut),
    task!(continue_100::ask: Continue),
    task!(response_trailers::short_and_slow: Trailers, TrailersSlow, Timing, Length),
    task!(streaming::ask: Streaming),
    task!(cuts::reset: CutReset),
    task!(cuts::short: CutShort),
    task!(request_trailers::ask: RequestTrailers),
    task!(no_content::head: Head),
    task!(request_line::ask: Te, Protocol),
    task!(response_trailers::several: TrailersSeveral),
    task!(response_trailers::repeated: TrailersRepeated),
    task!(response_trailers::long: TrailersLong),
    task!(response_trailers::unannounced: TrailersUnannounced),
    task!(framing::coding: Coding),
    task!(digest::ask: Digest),
    task!(failure::ask: Failure),
    task!(no_content::no_content: NoContent),
    task!(no_content::not_modified: NotModified),
    task!(grpc::ok: GrpcOk),
    task!(grpc::failure: GrpcFailure),
    task!(grpc::trailers_only: GrpcTrailersOnly),
];

/// What ends a connection at the origin runs alone, behind all others: a proxy may share its connections between requests.
pub(super) const LONE_TASKS: &[Task] = &[task!(cuts::close: CutClose)];

/// Those for an origin that is not the workbench.
pub(super) const FOREIGN_TASKS: &[Task] =
    &[task!(foreign::response: Trailers, Digest), task!(foreign::head: Head)];

/// Those that also send content there.
pub(super) const FOREIGN_UPLOAD_TASKS: &[Task] =
    &[task!(foreign::request_trailers: RequestTrailers), task!(foreign::continue_100: Continue)];
