//! Request content for an axum 0.6 router.

pub(crate) mod request_body;
