//! Checks of a path, and the proxies that they are tested with.

mod cli;
mod documented;
mod faulty_requests;
mod faulty_responses;
mod healthy_proxy;
mod path;
