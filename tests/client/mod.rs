//! The client, run against this server and against scripted servers that misbehave. One file per promise.

mod attempts;
mod connections;
mod cut_http1;
mod cut_http2;
mod endings;
#[cfg(unix)]
mod files;
mod hostile_text;
mod http3;
mod interim;
#[cfg(unix)]
mod interrupted;
mod killed;
mod library;
mod names;
mod output;
// The names of variables have no case elsewhere.
#[cfg(unix)]
mod proxy;
mod put;
mod redirects;
mod resume;
mod sections;
mod send;
mod sends;
mod slow;
#[cfg(target_os = "linux")]
mod terminal;
mod uploads;
mod verdicts;
mod workbench;
