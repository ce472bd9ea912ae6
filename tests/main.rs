//! What is guaranteed, checked on the bytes that reach a client. One file per guarantee; those of the library are in
//! `library`, those of the server for any application in `server`.

mod answer;
mod binary;
#[cfg(unix)]
mod blocked_log;
mod check;
mod client;
#[cfg(unix)]
mod client_hello;
mod clients;
mod digest;
mod documents;
mod echo;
mod examples;
mod export_costs;
mod export_failures;
mod exports;
mod faults;
mod file_conditions;
mod files;
mod grpc;
mod grpc_routes;
mod help;
mod http3;
#[cfg(unix)]
mod inherited;
#[cfg(unix)]
mod json_log;
mod library;
mod lines;
mod log;
mod metrics;
mod probes;
mod problems;
mod progress;
mod reload;
mod repr_digest;
mod routes;
mod seen;
mod server;
mod services;
mod start_page;
mod support;
#[cfg(target_os = "linux")]
mod systemd;
mod ui;
mod uploads;
