use super::{
    console,
    exit_code::SUCCESS,
    interrupt::Interrupt,
    session::{Session, Setup},
};
use crate::{
    cli::{ClientOptions, GetArgs, PutArgs, SendArgs},
    file_size_limit,
};
use std::process::ExitCode;
use tokio::runtime::Builder;

pub(crate) fn get(args: &GetArgs) -> ExitCode {
    run(&args.client, async |session| super::get::get(args, session).await)
}

pub(crate) fn put(args: &PutArgs) -> ExitCode {
    run(&args.client, async |session| super::put::put(args, session).await)
}

pub(crate) fn send(args: &SendArgs) -> ExitCode {
    run(&args.client, async |session| super::send::send(args, session).await)
}

fn run(options: &ClientOptions, verb: impl AsyncFnOnce(&Session<'_>) -> Result<u8, Setup>) -> ExitCode {
    let run = || {
        // One thread receives and writes, and large chunks are hashed on another. With two that share the connection, each
        // chunk wakes the other thread: four times as many switches, and a fifth more of the processor's time.
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Setup::local(format!("can't start threads: {error}")))?;
        let session = Session::new(options)?;
        let signals = |error| Setup::local(format!("can't handle signals: {error}"));
        let mut interrupt = if options.connection.may_use_http3() {
            Interrupt::watch().map_err(signals)?
        } else {
            Interrupt::default()
        };
        let code = runtime.block_on(async {
            file_size_limit::outlive().map_err(signals)?;
            let code = tokio::select! {
                biased;
                // The requests are cancelled, because the verb is dropped.
                () = interrupt.received() => Ok(SUCCESS),
                code = verb(&session) => code,
            };
            session.close().await;
            interrupt.obey();
            code
        });
        // A thread that still reads standard input must not delay the end.
        runtime.shutdown_background();
        code
    };
    ExitCode::from(run().unwrap_or_else(|Setup { code, message }| {
        console::error(format_args!("error: {message}"));
        code
    }))
}
