//! Checks of a path, and the proxies that they are tested with.

mod checked;
mod cli;
mod documented;
mod faults;
mod faulty_requests;
mod faulty_responses;
mod healthy_paths;
mod healthy_proxy;
mod hops;
mod path;
