use pin_project_lite::pin_project;
use std::{
    future::Future,
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// Keeps a connection open. When its clones are dropped, hyper shuts the connection down; a peer that does not read can't
/// keep it open for longer than [`GRACE`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Owner(Arc<Dropped>);

/// How long a connection may take to shut down.
const GRACE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct Dropped(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    is_dropped: bool,
    /// Of the task that drives the connection.
    waker: Option<Waker>,
}

impl Owner {
    /// Whether both keep the same connection open.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        let waker = {
            let mut state = lock(&self.0);
            state.is_dropped = true;
            state.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

pin_project! {
    /// The stream of an [`Owner`].
    #[derive(Debug)]
    pub(super) struct Owned<S> {
        #[pin]
        inner: S,
        state: Arc<Mutex<State>>,
        // Once the owner is dropped.
        grace: Option<Pin<Box<Sleep>>>,
    }
}

impl<S> Owned<S> {
    pub(super) fn new(inner: S, owner: &Owner) -> Self {
        Self { inner, state: owner.0.0.clone(), grace: None }
    }

    #[cfg(test)]
    pub(super) fn get_ref(&self) -> &S {
        &self.inner
    }

    fn poll<T>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let this = self.project();
        if this.grace.is_none() && is_dropped(this.state, cx) {
            *this.grace = Some(Box::pin(sleep(GRACE)));
        }
        if this.grace.as_mut().is_some_and(|grace| grace.as_mut().poll(cx).is_ready()) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        poll(this.inner, cx)
    }
}

/// If the owner is not dropped, that will wake the task.
fn is_dropped(state: &Mutex<State>, cx: &mut Context<'_>) -> bool {
    let mut state = lock(state);
    match &mut state.waker {
        Some(waker) => waker.clone_from(cx.waker()),
        none => *none = Some(cx.waker().clone()),
    }
    state.is_dropped
}

impl<S: AsyncRead> AsyncRead for Owned<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, |inner, cx| inner.poll_read(cx, buf))
    }
}

impl<S: AsyncWrite> AsyncWrite for Owned<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll(cx, |inner, cx| inner.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll(cx, |inner, cx| inner.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, S::poll_flush)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, S::poll_shutdown)
    }
}
