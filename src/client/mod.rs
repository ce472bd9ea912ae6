//! What the verbs `get`, `put` and `send` run.

use crate::cli::{ClientOptions, GetArgs, PutArgs, SendArgs};
use std::process::ExitCode;

pub(crate) fn get(args: GetArgs) -> ExitCode {
    not_built("get", args.client)
}

pub(crate) fn put(args: PutArgs) -> ExitCode {
    not_built("put", args.client)
}

pub(crate) fn send(args: SendArgs) -> ExitCode {
    not_built(args.method().as_str(), args.client)
}

fn not_built(request: &str, options: ClientOptions) -> ExitCode {
    let version = options.connection.http_version();
    drop(options);
    eprintln!("error: {request} is not built yet ({version:?})");
    ExitCode::from(2)
}
