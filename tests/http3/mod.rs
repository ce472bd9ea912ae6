//! HTTP/3 on the wire: what a client may send that is malformed, unusual or too much, and what the server's packets say.

#[cfg(target_os = "linux")]
mod addresses;
#[cfg(target_os = "linux")]
mod closed_windows;
#[cfg(target_os = "linux")]
mod excessive;
mod handshakes;
#[cfg(target_os = "linux")]
mod malformed;
mod parameters;
mod peer;
mod sections;
#[cfg(target_os = "linux")]
mod slow_paths;
#[cfg(target_os = "linux")]
mod survivor;
mod threads;
