use crate::digest::{Digest, Hashers};
use bytes::{Buf, Bytes};
use std::{
    collections::VecDeque,
    mem,
    num::NonZero,
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker, ready},
    thread::available_parallelism,
};
use tokio::runtime::Handle;

/// So much is hashed in one poll, in bytes. SHA-256 takes some 75 µs for it, and other streams of the same thread wait no
/// longer.
const STEP: usize = 128 * 1024;

/// From this size on, in bytes, a chunk is worth waking a thread for.
const LARGE: usize = 32 * 1024;

/// Where so much has gone on unhashed, in bytes, the next chunk waits.
const BEHIND: usize = 256 * 1024;

/// Hashes content as it passes: on the thread that sends it or, where chunks are large and a core may be free, beside it
/// on a thread for blocking work.
#[derive(Debug)]
pub(super) struct Hashing {
    here: Backlog,
    /// Where it is now, if it is not here.
    beside: Option<Arc<Beside>>,
    /// From its first large chunk on.
    large: Option<Large>,
}

impl Hashing {
    pub(super) fn new(hashers: Hashers) -> Self {
        Self { here: Backlog { hashers, chunks: VecDeque::new() }, beside: None, large: None }
    }

    /// Takes the next chunk.
    pub(super) fn push(&mut self, chunk: &Bytes) {
        if let Some(beside) = &self.beside {
            match beside.lock().push_unless_ended(chunk) {
                None => return,
                Some(backlog) => self.here = backlog,
            }
            self.beside = None;
        }
        if self.here.chunks.is_empty() && chunk.len() < LARGE {
            self.here.hashers.update(chunk);
        } else {
            self.large.get_or_insert_with(Large::new);
            self.here.chunks.push_back(chunk.clone());
            self.beside = Beside::begin(&mut self.here);
        }
    }

    /// Waits until little is behind.
    pub(super) fn poll_keeps_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_here(BEHIND, cx)
    }

    /// The digests, once all is hashed. There are none of them any more afterwards.
    pub(super) fn poll_digests(&mut self, cx: &mut Context<'_>) -> Poll<Vec<Digest>> {
        ready!(self.poll_here(0, cx));
        Poll::Ready(mem::take(&mut self.here.hashers).finish())
    }

    /// Hashes what is here, or waits until less than this is behind, or all is here again.
    fn poll_here(&mut self, behind: usize, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(beside) = &self.beside {
            match ready!(beside.lock().poll_back(behind, cx)) {
                None => return Poll::Ready(()),
                Some(backlog) => self.here = backlog,
            }
            self.beside = None;
        }
        self.here.poll_all(cx)
    }
}

/// What is hashed, and what is to be.
#[derive(Debug, Default)]
struct Backlog {
    hashers: Hashers,
    chunks: VecDeque<Bytes>,
}

impl Backlog {
    fn poll_all(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut room = STEP;
        while let Some(chunk) = self.chunks.front_mut() {
            if room == 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let step = chunk.len().min(room);
            self.hashers.update(&chunk[..step]);
            chunk.advance(step);
            room -= step;
            if chunk.is_empty() {
                self.chunks.pop_front();
            }
        }
        Poll::Ready(())
    }
}

/// A backlog that a thread for blocking work sees to.
///
/// Where none has begun when it is wanted, because all are busy or the runtime ends, whoever wants it takes it back.
#[derive(Debug)]
struct Beside(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Without its hashers while a thread has them.
    backlog: Backlog,
    is_out: bool,
    has_ended: bool,
    /// Bytes.
    behind: usize,
    waiting: Option<Waker>,
}

impl Beside {
    /// Gives a backlog to a thread, where one may be used.
    fn begin(here: &mut Backlog) -> Option<Arc<Self>> {
        let runtime = Handle::try_current().ok().filter(|_| Large::are_few())?;
        let beside = Arc::new(Self::new(mem::take(here)));
        let worker = beside.clone();
        runtime.spawn_blocking(move || worker.work());
        Some(beside)
    }

    fn new(backlog: Backlog) -> Self {
        let behind = backlog.chunks.iter().map(Bytes::len).sum();
        Self(Mutex::new(State { backlog, is_out: false, has_ended: false, behind, waiting: None }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hashes until nothing is left.
    fn work(&self) {
        let mut state = self.lock();
        let mut hashers = mem::take(&mut state.backlog.hashers);
        state.is_out = true;
        while let Some(chunk) = state.backlog.chunks.pop_front() {
            drop(state);
            hashers.update(&chunk);
            state = self.lock();
            state.behind -= chunk.len();
            if state.behind < BEHIND / 2 {
                state.wake();
            }
        }
        state.backlog.hashers = hashers;
        state.is_out = false;
        state.has_ended = true;
        state.wake();
    }
}

impl State {
    /// Takes a chunk, or gives all back where the thread has left.
    fn push_unless_ended(&mut self, chunk: &Bytes) -> Option<Backlog> {
        if self.has_ended {
            return Some(mem::take(&mut self.backlog));
        }
        self.behind += chunk.len();
        self.backlog.chunks.push_back(chunk.clone());
        None
    }

    /// Waits until less than this is behind, or gives all of it back where no thread is at it.
    fn poll_back(&mut self, behind: usize, cx: &mut Context<'_>) -> Poll<Option<Backlog>> {
        if !self.has_ended && self.behind < behind {
            return Poll::Ready(None);
        }
        if !self.is_out {
            return Poll::Ready(Some(mem::take(&mut self.backlog)));
        }
        self.waiting = Some(cx.waker().clone());
        Poll::Pending
    }

    fn wake(&mut self) {
        if let Some(task) = self.waiting.take() {
            task.wake();
        }
    }
}

/// A content with large chunks, while it is hashed.
#[derive(Debug)]
struct Large;

static LARGE_ONES: AtomicUsize = AtomicUsize::new(0);
static CORES: LazyLock<usize> = LazyLock::new(|| available_parallelism().map_or(1, NonZero::get));

impl Large {
    fn new() -> Self {
        LARGE_ONES.fetch_add(1, Relaxed);
        Self
    }

    /// Whether each of them could have a core to send it and one to hash it.
    fn are_few() -> bool {
        LARGE_ONES.load(Relaxed) * 2 <= *CORES
    }
}

impl Drop for Large {
    fn drop(&mut self) {
        LARGE_ONES.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Algorithm;
    use std::{
        future::poll_fn,
        sync::{atomic::AtomicBool, mpsc},
        task::Wake,
        time::{Duration, Instant},
    };

    fn hashers() -> Hashers {
        Hashers::new([Algorithm::Sha256])
    }

    /// Not all alike, so that every byte and its place counts.
    fn content(len: usize) -> Bytes {
        (0..len).map(|i| u8::try_from(i * 31 / 7 % 251).expect("small")).collect()
    }

    fn digests(content: &[u8]) -> Vec<Digest> {
        let mut hashers = hashers();
        hashers.update(content);
        hashers.finish()
    }

    /// Whether it has been woken since it was last asked.
    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Relaxed);
        }
    }

    #[test]
    fn large_chunk_is_hashed_in_steps_here_where_there_is_no_runtime() {
        let woken = Arc::<Woken>::default();
        let waker = woken.clone().into();
        let cx = &mut Context::from_waker(&waker);
        let content = content(2 * STEP + 1);
        let mut hashing = Hashing::new(hashers());
        hashing.push(&content);
        for _ in 0..2 {
            assert!(hashing.poll_keeps_up(cx).is_pending());
            assert!(woken.0.swap(false, Relaxed));
        }
        assert!(hashing.poll_keeps_up(cx).is_ready());
        assert_eq!(hashing.poll_digests(cx), Poll::Ready(digests(&content)));
    }

    #[test]
    fn step_may_be_many_chunks() {
        let cx = &mut Context::from_waker(Waker::noop());
        let content = content(2 * STEP);
        let mut hashing = Hashing::new(hashers());
        content.chunks(LARGE).for_each(|chunk| hashing.push(&Bytes::copy_from_slice(chunk)));
        assert!(hashing.poll_digests(cx).is_pending());
        assert_eq!(hashing.poll_digests(cx), Poll::Ready(digests(&content)));
    }

    #[tokio::test]
    async fn large_chunks_are_hashed_beside_where_there_are_cores() {
        let content = content(10 * LARGE);
        let began = Instant::now();
        // Other tests have large chunks, too.
        loop {
            let mut hashing = Hashing::new(hashers());
            let mut was_beside = false;
            for chunk in content.chunks(LARGE) {
                hashing.push(&Bytes::copy_from_slice(chunk));
                was_beside |= hashing.beside.is_some();
                poll_fn(|cx| hashing.poll_keeps_up(cx)).await;
                hashing.push(&Bytes::new());
            }
            assert_eq!(poll_fn(|cx| hashing.poll_digests(cx)).await, digests(&content));
            if was_beside == (*CORES > 1) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{} cores, {was_beside}", *CORES);
        }
    }

    #[tokio::test]
    async fn small_chunks_are_hashed_here() {
        let mut hashing = Hashing::new(hashers());
        let content = content(LARGE - 1);
        hashing.push(&content);
        assert!(hashing.beside.is_none() && hashing.large.is_none() && hashing.here.chunks.is_empty());
        let digested = hashing.poll_digests(&mut Context::from_waker(Waker::noop()));
        assert_eq!(digested, Poll::Ready(digests(&content)));
    }

    fn beside(content: &Bytes) -> (Hashing, Arc<Beside>) {
        let mut hashing = Hashing::new(hashers());
        hashing.here.chunks.push_back(content.clone());
        let beside = Arc::new(Beside::new(mem::take(&mut hashing.here)));
        hashing.beside = Some(beside.clone());
        (hashing, beside)
    }

    #[test]
    fn what_no_thread_begins_is_taken_back() {
        let cx = &mut Context::from_waker(Waker::noop());
        let content = content(BEHIND / 2);
        let (mut hashing, beside) = beside(&content);
        assert!(hashing.poll_keeps_up(cx).is_ready());
        assert!(hashing.beside.is_some(), "there is time yet");
        hashing.push(&content);
        assert!(hashing.poll_keeps_up(cx).is_pending());
        assert!(hashing.beside.is_none(), "it is hashed here, in steps");
        beside.work();
        while hashing.poll_keeps_up(cx).is_pending() {}
        let twice = [&*content, &*content].concat();
        assert_eq!(hashing.poll_digests(cx), Poll::Ready(digests(&twice)));
    }

    #[test]
    fn sender_waits_for_a_thread_that_is_behind_and_is_woken() {
        let woken = Arc::<Woken>::default();
        let waker = woken.clone().into();
        let cx = &mut Context::from_waker(&waker);
        let content = content(BEHIND);
        let (mut hashing, beside) = beside(&content);
        // As if the thread were at it.
        let at_it = mem::take(&mut beside.lock().backlog.hashers);
        beside.lock().is_out = true;
        assert!(hashing.poll_keeps_up(cx).is_pending());
        assert!(hashing.poll_digests(cx).is_pending());
        assert!(!woken.0.load(Relaxed));
        beside.lock().backlog.hashers = at_it;
        beside.work();
        assert!(woken.0.load(Relaxed));
        assert!(hashing.poll_keeps_up(cx).is_ready());
        assert_eq!(hashing.poll_digests(cx), Poll::Ready(digests(&content)));
    }

    #[test]
    fn runtime_that_ends_leaves_the_rest_to_the_sender() {
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build();
        let runtime = runtime.expect("a runtime");
        let (release, released) = mpsc::channel::<()>();
        let (begun, is_busy) = mpsc::channel();
        runtime.spawn_blocking(move || {
            begun.send(()).expect("somebody waits");
            released.recv()
        });
        is_busy.recv().expect("it has begun");
        let content = content(LARGE);
        let (mut hashing, beside) = beside(&content);
        runtime.spawn_blocking(move || beside.work());
        runtime.shutdown_background();
        drop(release);
        let digested = hashing.poll_digests(&mut Context::from_waker(Waker::noop()));
        assert_eq!(digested, Poll::Ready(digests(&content)));
    }
}
