//! Checks of a path, and the proxies that they are tested with.

// Its second loopback address is Linux's.
#[cfg(target_os = "linux")]
mod cli;
mod faulty_requests;
mod faulty_responses;
mod healthy_proxy;
mod path;
