#[cfg(unix)]
use futures_util::FutureExt;
use socket2::{SockRef, TcpKeepalive};
#[cfg(unix)]
use std::os::unix;
use std::{
    io::{self, IoSlice},
    net,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
#[cfg(unix)]
use tokio::{
    io::{Interest, Ready},
    net::UnixStream,
};

/// A client's connection over TCP or a Unix socket.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// The same on its way to another thread.
#[derive(Debug)]
pub(super) enum StdStream {
    Tcp(net::TcpStream),
    #[cfg(unix)]
    Unix(unix::net::UnixStream),
}

impl Stream {
    pub(super) fn into_std(self) -> io::Result<StdStream> {
        Ok(match self {
            Self::Tcp(stream) => StdStream::Tcp(stream.into_std()?),
            #[cfg(unix)]
            Self::Unix(stream) => StdStream::Unix(stream.into_std()?),
        })
    }

    pub(super) fn tune(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => tune(stream),
            #[cfg(unix)]
            Self::Unix(_) => Ok(()),
        }
    }

    /// Whether the client is gone although it has closed its direction properly before, so that no read fails. TCP's
    /// keep-alive probes are then answered with a reset. A Unix socket is closed for writing at once.
    pub(super) fn check(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.take_error()?.map_or(Ok(()), Err),
            #[cfg(unix)]
            Self::Unix(stream) => {
                let ready = stream.ready(Interest::WRITABLE).now_or_never().transpose()?;
                let is_closed = ready.is_some_and(Ready::is_write_closed);
                if is_closed { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
            }
        }
    }

    /// Makes the connection end in a reset once it is dropped. A Unix socket has no reset.
    pub(super) fn reset_on_drop(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_zero_linger(),
            #[cfg(unix)]
            Self::Unix(_) => Ok(()),
        }
    }
}

impl StdStream {
    /// Registers the stream with this thread's runtime.
    pub(super) fn on_runtime(self) -> io::Result<Stream> {
        Ok(match self {
            Self::Tcp(stream) => Stream::Tcp(TcpStream::from_std(stream)?),
            #[cfg(unix)]
            Self::Unix(stream) => Stream::Unix(UnixStream::from_std(stream)?),
        })
    }
}

/// After this long without a byte the kernel probes whether the client is still there, and again after the same time.
/// Otherwise an HTTP/1.1 client that has vanished goes unnoticed while its response has nothing to send.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// How much unsent data the kernel keeps for a slow reader, in bytes.
///
/// By default it takes megabytes, and reports room only when a third of them is gone. A reader that takes 20 KB/s could
/// read for a minute without visible progress.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT: u32 = 128 * 1024;

fn tune(stream: &TcpStream) -> io::Result<()> {
    // With Nagle's algorithm a small chunk waits for the acknowledgement of the previous one: 40 ms each.
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE))?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Err(error) = socket.set_tcp_notsent_lowat(UNSENT) {
        tracing::debug!(%error, "can't set TCP_NOTSENT_LOWAT: slow readers may be disconnected as stalled");
    }
    Ok(())
}

/// Polls the stream, whichever it is.
macro_rules! poll {
    ($stream:ident, $poll:ident($($argument:expr),*)) => {
        match $stream.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).$poll($($argument),*),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).$poll($($argument),*),
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        poll!(self, poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        poll!(self, poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll!(self, poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.is_write_vectored(),
            #[cfg(unix)]
            Self::Unix(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll!(self, poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll!(self, poll_shutdown(cx))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn accepted_connection_has_no_delay_and_keeps_little_unsent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (_client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (stream, _) = accepted.expect("a connection");
        tune(&stream).expect("tuned");
        assert!(stream.nodelay().expect("the option"));
        let socket = socket2::SockRef::from(&stream);
        assert!(socket.keepalive().expect("the option"));
        #[cfg(any(target_os = "linux", target_os = "android"))]
        assert_eq!(socket.tcp_notsent_lowat().expect("the option"), UNSENT);
    }
}
