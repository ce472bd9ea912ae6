use super::stream::{StdStream, Stream};
use crate::accept::Thread;
use std::io;

/// A stream on its way to the thread that serves it.
#[derive(Debug)]
pub(crate) struct AcceptedStream {
    accepted: Accepted,
    /// The UDP port on which the same is served over HTTP/3.
    pub(super) http3_port: Option<u16>,
}

/// It was accepted on the thread that serves it, or on another one.
#[derive(Debug)]
enum Accepted {
    Here(Stream),
    Elsewhere(StdStream),
}

impl AcceptedStream {
    pub(super) fn new(stream: Stream, thread: Thread, http3_port: Option<u16>) -> io::Result<Self> {
        let accepted = match thread {
            Thread::This => Accepted::Here(stream),
            Thread::Other => Accepted::Elsewhere(stream.into_std()?),
        };
        Ok(Self { accepted, http3_port })
    }

    /// The stream, registered with this thread's runtime.
    pub(super) fn on_runtime(self) -> io::Result<Stream> {
        match self.accepted {
            Accepted::Here(stream) => Ok(stream),
            Accepted::Elsewhere(stream) => stream.on_runtime(),
        }
    }
}
