use crate::digest::{Digest, Hashers};
use bytes::Bytes;
use std::{
    collections::VecDeque,
    mem,
    num::NonZero,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
    thread::available_parallelism,
    time::Instant,
};
use tokio::runtime::Handle;

/// So much is hashed at once, in bytes. SHA-256 takes some 75 µs for it, and other streams of the same thread wait no
/// longer.
const STEP: usize = 128 * 1024;

/// From this size on, in bytes, a chunk is worth waking a thread for.
const LARGE: usize = 32 * 1024;

/// Where so much before it is still to be hashed, in bytes, a chunk does not go on.
const BEHIND: usize = 256 * 1024;

/// Hashes content as it passes: on the thread that sends it or, where chunks are large and a core may be free, beside it
/// on a thread for blocking work.
#[derive(Debug)]
pub(super) struct Hashing {
    here: Backlog,
    /// Where it is now, if it is not here.
    beside: Option<Arc<Beside>>,
    /// What was taken back before a thread began.
    unbegun: Option<Arc<Beside>>,
    crowd: Crowd,
}

impl Hashing {
    pub(super) fn new(hashers: Hashers) -> Self {
        let here = Backlog { hashers, chunks: VecDeque::new() };
        Self { here, beside: None, unbegun: None, crowd: Crowd::default() }
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
            return;
        }
        self.here.chunks.push_back(chunk.clone());
        if self.a_thread_may_begin() && self.crowd.leaves_cores() {
            self.beside = Beside::begin(&mut self.here);
        }
    }

    /// Waits until so little is behind that the last chunk may go on.
    pub(super) fn poll_keeps_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_down_to(BEHIND, cx)
    }

    /// The digests, once all is hashed. There are none of them any more afterwards.
    pub(super) fn poll_digests(&mut self, cx: &mut Context<'_>) -> Poll<Vec<Digest>> {
        ready!(self.poll_down_to(0, cx));
        Poll::Ready(mem::take(&mut self.here.hashers).finish())
    }

    /// Waits until less than this is before the last chunk, or hashes what no thread is at.
    fn poll_down_to(&mut self, behind: usize, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(beside) = &self.beside {
            let was_begun = match ready!(beside.lock().poll_down_to(behind, cx)) {
                At::Thread => return Poll::Ready(()),
                At::Nobody { left, was_begun } => {
                    self.here = left;
                    was_begun
                }
            };
            self.unbegun = self.beside.take().filter(|_| !was_begun);
        }
        self.here.poll_all(cx)
    }

    /// While what was given to a thread before still waits for one, there is no use in giving it more.
    fn a_thread_may_begin(&mut self) -> bool {
        self.unbegun.take_if(|unbegun| Arc::strong_count(unbegun) == 1);
        self.unbegun.is_none()
    }
}

impl Drop for Hashing {
    /// A thread that is at it has nothing left to do.
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            let _unhashed = mem::take(&mut beside.lock().backlog.chunks);
        }
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
            let step = chunk.split_to(chunk.len().min(room));
            self.hashers.update(&step);
            room -= step.len();
            if chunk.is_empty() {
                self.chunks.pop_front();
            }
        }
        Poll::Ready(())
    }
}

/// A backlog that a thread for blocking work sees to.
///
/// Where none has begun when it is wanted, because all are busy or the runtime ends, the sender takes it back.
#[derive(Debug)]
struct Beside(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Without its hashers while a thread has them.
    backlog: Backlog,
    is_out: bool,
    has_ended: bool,
    /// Bytes to be hashed, the last chunk's among them.
    behind: usize,
    last_chunk: usize,
    waiting: Option<Waiting>,
}

/// A sender that waits until less than so many bytes are before its last chunk.
#[derive(Debug)]
struct Waiting {
    behind: usize,
    waker: Waker,
}

/// Who is at a backlog.
enum At {
    Thread,
    Nobody { left: Backlog, was_begun: bool },
}

impl Beside {
    /// Gives a backlog to a thread, where there is a runtime.
    fn begin(here: &mut Backlog) -> Option<Arc<Self>> {
        let runtime = Handle::try_current().ok()?;
        let beside = Arc::new(Self::new(mem::take(here)));
        let worker = beside.clone();
        runtime.spawn_blocking(move || worker.work());
        Some(beside)
    }

    fn new(backlog: Backlog) -> Self {
        Self(Mutex::new(State {
            behind: backlog.chunks.iter().map(Bytes::len).sum(),
            last_chunk: backlog.chunks.back().map_or(0, Bytes::len),
            backlog,
            is_out: false,
            has_ended: false,
            waiting: None,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hashes until nothing is left.
    fn work(&self) {
        let mut state = self.lock();
        let mut hashers = mem::take(&mut state.backlog.hashers);
        state.is_out = true;
        while let Some(step) = state.next_step() {
            drop(state);
            hashers.update(&step);
            state = self.lock();
            state.behind -= step.len();
            if let Some(task) = state.done_waiting() {
                drop(state);
                task.wake();
                state = self.lock();
            }
        }
        state.backlog.hashers = hashers;
        state.is_out = false;
        state.has_ended = true;
        let waiting = state.waiting.take();
        drop(state);
        if let Some(Waiting { waker, .. }) = waiting {
            waker.wake();
        }
    }
}

impl State {
    /// Takes a chunk, or gives all back where the thread has left.
    fn push_unless_ended(&mut self, chunk: &Bytes) -> Option<Backlog> {
        if self.has_ended {
            return Some(mem::take(&mut self.backlog));
        }
        self.behind += chunk.len();
        self.last_chunk = chunk.len();
        self.backlog.chunks.push_back(chunk.clone());
        None
    }

    fn next_step(&mut self) -> Option<Bytes> {
        let chunk = self.backlog.chunks.front_mut()?;
        let step = chunk.split_to(chunk.len().min(STEP));
        if chunk.is_empty() {
            self.backlog.chunks.pop_front();
        }
        Some(step)
    }

    /// Waits until less than this is before the last chunk, or gives all of it back where no thread is at it.
    fn poll_down_to(&mut self, behind: usize, cx: &mut Context<'_>) -> Poll<At> {
        if !self.has_ended && self.is_below(behind) {
            return Poll::Ready(At::Thread);
        }
        if !self.is_out {
            let left = mem::take(&mut self.backlog);
            return Poll::Ready(At::Nobody { left, was_begun: self.has_ended });
        }
        self.waiting = Some(Waiting { behind, waker: cx.waker().clone() });
        Poll::Pending
    }

    fn is_below(&self, behind: usize) -> bool {
        self.behind.saturating_sub(self.last_chunk) < behind
    }

    /// The sender, where it need wait no longer.
    fn done_waiting(&mut self) -> Option<Waker> {
        let Waiting { behind, .. } = self.waiting.as_ref()?;
        // Half of it, so that the sender has something to do.
        if !self.is_below(behind / 2) {
            return None;
        }
        self.waiting.take().map(|waiting| waiting.waker)
    }
}

/// Counts the bodies that have large chunks at the same time as this one.
#[derive(Debug, Default)]
struct Crowd {
    counted: Option<u64>,
}

/// For how many bodies there were large chunks in this tenth of a second, and in the one before. So one whose reader has
/// stopped does not count for long, and short ones that follow each other count like some at once.
static LATELY: Mutex<Lately> = Mutex::new(Lately { tenth: 0, now: 0, before: 0 });

static CORES: LazyLock<usize> = LazyLock::new(|| available_parallelism().map_or(1, NonZero::get));
static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Crowd {
    /// Whether each of them could have one core to send it and one to hash it.
    fn leaves_cores(&mut self) -> bool {
        let tenth = BEGIN.elapsed().as_secs() * 10 + u64::from(BEGIN.elapsed().subsec_millis() / 100);
        let mut lately = LATELY.lock().unwrap_or_else(PoisonError::into_inner);
        lately.reach(tenth);
        if self.counted.replace(tenth) != Some(tenth) {
            lately.now += 1;
        }
        lately.most() * 2 <= *CORES
    }
}

#[derive(Debug)]
struct Lately {
    tenth: u64,
    now: usize,
    before: usize,
}

impl Lately {
    fn reach(&mut self, tenth: u64) {
        if tenth > self.tenth {
            self.before = if tenth == self.tenth + 1 { self.now } else { 0 };
            self.now = 0;
            self.tenth = tenth;
        }
    }

    fn most(&self) -> usize {
        self.now.max(self.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Algorithm;
    use std::{
        future::poll_fn,
        sync::{
            atomic::{AtomicBool, Ordering::Relaxed},
            mpsc,
        },
        task::Wake,
        time::Duration,
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
            // Until this one does not count any more.
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    #[tokio::test]
    async fn small_chunks_are_hashed_here() {
        let mut hashing = Hashing::new(hashers());
        let content = content(LARGE - 1);
        hashing.push(&content);
        assert!(hashing.beside.is_none() && hashing.here.chunks.is_empty());
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
        let content = content(BEHIND);
        let (mut hashing, beside) = beside(&content);
        assert!(hashing.poll_keeps_up(cx).is_ready());
        assert!(hashing.beside.is_some(), "nothing is before it");
        hashing.push(&content);
        assert!(hashing.poll_keeps_up(cx).is_pending());
        assert!(hashing.beside.is_none(), "it is hashed here, in steps");
        assert!(!hashing.a_thread_may_begin(), "one may come yet");
        beside.work();
        drop(beside);
        assert!(hashing.a_thread_may_begin());
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
        hashing.push(&content);
        // As if the thread were at it.
        let at_it = mem::take(&mut beside.lock().backlog.hashers);
        beside.lock().is_out = true;
        assert!(hashing.poll_keeps_up(cx).is_pending());
        for enough in [false, true] {
            let step = beside.lock().next_step().expect("a step");
            beside.lock().behind -= step.len();
            assert_eq!(beside.lock().done_waiting().is_some(), enough);
            beside.lock().backlog.chunks.push_front(step);
        }
        assert!(hashing.poll_digests(cx).is_pending());
        assert!(beside.lock().done_waiting().is_none(), "it waits for the end");
        assert!(!woken.0.load(Relaxed));

        beside.lock().behind += 2 * STEP;
        beside.lock().backlog.hashers = at_it;
        beside.work();
        assert!(woken.0.load(Relaxed));
        assert_eq!(beside.lock().behind, 0);
        let twice = [&*content, &*content].concat();
        assert_eq!(hashing.poll_digests(cx), Poll::Ready(digests(&twice)));
    }

    #[test]
    fn thread_leaves_what_nobody_wants() {
        let (hashing, beside) = beside(&content(BEHIND));
        drop(hashing);
        beside.work();
        assert_eq!(beside.lock().behind, BEHIND, "nothing is hashed");
    }

    #[test]
    fn bodies_count_for_a_tenth_of_a_second_and_the_next() {
        let mut lately = Lately { tenth: 0, now: 0, before: 0 };
        let mut most = |tenth, more| {
            lately.reach(tenth);
            lately.now += more;
            lately.most()
        };
        assert_eq!([most(1, 2), most(1, 1), most(2, 1), most(3, 1), most(5, 0)], [2, 3, 3, 1, 0]);
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
