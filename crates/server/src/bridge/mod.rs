//! The bridge between hyper 1.x, which carries the messages, and the axum 0.6 router, which answers them: two
//! generations of `http` and `http-body`, and a body's trailers in both directions.

mod answer;
mod content;
mod grpc;
mod head;
mod host;
mod pace;
mod pieces;
mod refusal;
mod request_body;
mod request_fault;
mod response_body;
mod section_limit;
mod service;
mod unread_content;

pub use self::grpc::GrpcRequestBody;
pub(super) use self::{
    grpc::GrpcServices,
    service::{Bridge, MakeBridge},
};
