//! The command line `axum-trailers`: parse, run a verb, exit code.

#[cfg(feature = "client")]
mod check;
mod cli;
#[cfg(feature = "client")]
mod client;
#[cfg(any(feature = "serve", feature = "client"))]
mod file_size_limit;
mod generate;
#[cfg(feature = "serve")]
mod log;
#[cfg(feature = "serve")]
mod serve;

use cli::Invocation;
use std::process::ExitCode;

#[cfg(not(any(feature = "serve", feature = "client")))]
compile_error!("the binary needs a verb: turn on the feature `serve`, the feature `client`, or both");

fn main() -> ExitCode {
    match Invocation::read() {
        #[cfg(feature = "client")]
        Invocation::Get(args) => client::get(&args),
        #[cfg(feature = "client")]
        Invocation::Put(args) => client::put(&args),
        #[cfg(feature = "client")]
        Invocation::Send(args) => client::send(&args),
        #[cfg(feature = "client")]
        Invocation::Check(args) => check::run(&args),
        #[cfg(feature = "serve")]
        Invocation::Serve(args) => serve::run(&args),
        Invocation::Generate(args) => generate::run(&args),
    }
}
