//! An application is any `tower::Service` of `http` 1.

mod bodies;
mod calls;
mod requests;
