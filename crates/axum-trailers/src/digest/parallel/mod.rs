mod backlog;
mod core_budget;
mod offload;

use self::{
    backlog::Backlog,
    core_budget::CoreBudget,
    offload::{At, Offload},
};
use super::{Digest, Hashers};
use bytes::Bytes;
use std::{
    collections::VecDeque,
    mem,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// The size from which a chunk is worth waking a thread for, in bytes.
const LARGE: usize = 32 * 1024;

/// While so many bytes before it are still to be hashed, a chunk waits, by default.
const BEHIND: usize = 256 * 1024;

/// Hashes content in chunks: on the thread that polls it or, if chunks are large and a core may be free, on a thread for
/// blocking work.
#[derive(Debug)]
pub struct ParallelHashers {
    here: Backlog,
    /// The backlog, while a thread for blocking work has it.
    offload: Option<Arc<Offload>>,
    /// A backlog that was taken back before a thread began with it.
    unbegun: Option<Arc<Offload>>,
    budget: CoreBudget,
    behind: usize,
}

impl ParallelHashers {
    /// Hashes with these.
    #[must_use]
    pub fn new(hashers: Hashers) -> Self {
        let here = Backlog { hashers, chunks: VecDeque::new() };
        Self { here, offload: None, unbegun: None, budget: CoreBudget::default(), behind: BEHIND }
    }

    /// Lets a chunk wait while so many bytes before it are still to be hashed. With more, its task wakes less often.
    #[must_use]
    pub fn behind(mut self, bytes: usize) -> Self {
        self.behind = bytes;
        self
    }

    /// Takes the next chunk.
    pub fn push(&mut self, chunk: &Bytes) {
        if self.is_taken_by_thread(chunk) {
            return;
        }
        if self.here.chunks.is_empty() && chunk.len() < LARGE {
            self.here.hashers.update(chunk);
            return;
        }
        self.here.chunks.push_back(chunk.clone());
        self.offload();
    }

    /// Takes the next chunks. They count as one, so that small ones are also worth waking a thread for.
    pub fn push_all(&mut self, chunks: impl IntoIterator<Item = Bytes>) {
        for chunk in chunks {
            if !self.is_taken_by_thread(&chunk) {
                self.here.chunks.push_back(chunk);
            }
        }
        if self.here.chunks.iter().map(Bytes::len).sum::<usize>() >= LARGE {
            self.offload();
        }
    }

    /// Gives the chunk to the thread that has the backlog. If there is none, returns false.
    fn is_taken_by_thread(&mut self, chunk: &Bytes) -> bool {
        let Some(offload) = &self.offload else { return false };
        let left = offload.lock().push_unless_ended(chunk);
        if let Some(backlog) = left {
            self.here = backlog;
            self.offload = None;
            return false;
        }
        true
    }

    /// Gives the backlog to a thread, if one may begin.
    fn offload(&mut self) {
        if self.a_thread_may_begin() && self.budget.leaves_cores() {
            self.offload = Offload::begin(&mut self.here);
        }
    }

    /// Waits until the last chunk may go on.
    pub fn poll_keeps_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_down_to(self.behind, cx)
    }

    /// Returns the digests once everything is hashed, and only once.
    pub fn poll_digests(&mut self, cx: &mut Context<'_>) -> Poll<Vec<Digest>> {
        ready!(self.poll_down_to(0, cx));
        Poll::Ready(mem::take(&mut self.here.hashers).finish())
    }

    /// Waits until less than `behind` bytes are to be hashed before the last chunk, or hashes the chunks that no thread has.
    fn poll_down_to(&mut self, behind: usize, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(offload) = &self.offload {
            let was_begun = match ready!(offload.lock().poll_down_to(behind, cx)) {
                At::Thread => return Poll::Ready(()),
                At::Nobody { left, was_begun } => {
                    self.here = left;
                    was_begun
                }
            };
            self.unbegun = self.offload.take().filter(|_| !was_begun);
        }
        self.here.poll_all(cx)
    }

    /// Returns whether to offload more: not while an earlier backlog still waits for a thread.
    fn a_thread_may_begin(&mut self) -> bool {
        self.unbegun.take_if(|unbegun| Arc::strong_count(unbegun) == 1);
        self.unbegun.is_none()
    }
}

impl Drop for ParallelHashers {
    /// Leaves nothing to do for a thread that has the backlog.
    fn drop(&mut self) {
        if let Some(offload) = &self.offload {
            let _unhashed = mem::take(&mut offload.lock().backlog.chunks);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Algorithm, backlog::STEP, core_budget::CORES, *};
    use std::{
        future::poll_fn,
        sync::{
            atomic::{AtomicBool, Ordering::Relaxed},
            mpsc,
        },
        task::{Wake, Waker},
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
        let mut hashing = ParallelHashers::new(hashers());
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
        let mut hashing = ParallelHashers::new(hashers());
        content.chunks(LARGE).for_each(|chunk| hashing.push(&Bytes::copy_from_slice(chunk)));
        assert!(hashing.poll_digests(cx).is_pending());
        assert_eq!(hashing.poll_digests(cx), Poll::Ready(digests(&content)));
    }

    #[tokio::test]
    async fn large_chunks_are_offloaded_if_there_are_cores() {
        let content = content(10 * LARGE);
        let began = Instant::now();
        // Other tests also have large chunks.
        loop {
            let mut hashing = ParallelHashers::new(hashers());
            let mut was_offloaded = false;
            for chunk in content.chunks(LARGE) {
                hashing.push(&Bytes::copy_from_slice(chunk));
                was_offloaded |= hashing.offload.is_some();
                poll_fn(|cx| hashing.poll_keeps_up(cx)).await;
                hashing.push(&Bytes::new());
            }
            assert_eq!(poll_fn(|cx| hashing.poll_digests(cx)).await, digests(&content));
            if was_offloaded == (*CORES > 1) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{} cores, {was_offloaded}", *CORES);
            // Until this one does not count any more.
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    #[tokio::test]
    async fn small_chunks_are_hashed_here() {
        let mut hashing = ParallelHashers::new(hashers());
        let content = content(LARGE - 1);
        hashing.push(&content);
        assert!(hashing.offload.is_none() && hashing.here.chunks.is_empty());
        let digested = hashing.poll_digests(&mut Context::from_waker(Waker::noop()));
        assert_eq!(digested, Poll::Ready(digests(&content)));
    }

    #[tokio::test]
    async fn small_chunks_are_hashed_like_a_large_one_if_they_come_together() {
        let content = content(4 * LARGE + 1);
        for number in [1, 7, 4 * LARGE] {
            let mut hashing = ParallelHashers::new(hashers());
            for chunks in content.chunks(LARGE) {
                hashing.push_all(chunks.chunks(number).map(Bytes::copy_from_slice));
                poll_fn(|cx| hashing.poll_keeps_up(cx)).await;
            }
            assert_eq!(poll_fn(|cx| hashing.poll_digests(cx)).await, digests(&content), "{number}");
        }
        let mut hashing = ParallelHashers::new(hashers());
        hashing.push_all([content.slice(..LARGE - 1)]);
        assert!(hashing.offload.is_none(), "it is not worth a thread");
        hashing.push_all([content.slice(LARGE - 1..)]);
        assert_eq!(poll_fn(|cx| hashing.poll_digests(cx)).await, digests(&content));
    }

    fn offloaded(content: &Bytes) -> (ParallelHashers, Arc<Offload>) {
        let mut hashing = ParallelHashers::new(hashers());
        hashing.here.chunks.push_back(content.clone());
        let offload = Arc::new(Offload::new(mem::take(&mut hashing.here)));
        hashing.offload = Some(offload.clone());
        (hashing, offload)
    }

    #[test]
    fn what_no_thread_begins_is_taken_back() {
        let cx = &mut Context::from_waker(Waker::noop());
        let content = content(BEHIND);
        let (mut hashing, offload) = offloaded(&content);
        assert!(hashing.poll_keeps_up(cx).is_ready());
        assert!(hashing.offload.is_some(), "nothing is before it");
        hashing.push(&content);
        assert!(hashing.poll_keeps_up(cx).is_pending());
        assert!(hashing.offload.is_none(), "it is hashed here, in steps");
        assert!(!hashing.a_thread_may_begin(), "one may come yet");
        offload.work();
        drop(offload);
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
        let (mut hashing, offload) = offloaded(&content);
        hashing.push(&content);
        // As if the thread were at it.
        let at_it = mem::take(&mut offload.lock().backlog.hashers);
        offload.lock().is_out = true;
        assert!(hashing.poll_keeps_up(cx).is_pending());
        for enough in [false, true] {
            let step = offload.lock().next_step().expect("a step");
            offload.lock().behind -= step.len();
            assert_eq!(offload.lock().done_waiting().is_some(), enough);
            offload.lock().backlog.chunks.push_front(step);
        }
        assert!(hashing.poll_digests(cx).is_pending());
        assert!(offload.lock().done_waiting().is_none(), "it waits for the end");
        assert!(!woken.0.load(Relaxed));

        offload.lock().behind += 2 * STEP;
        offload.lock().backlog.hashers = at_it;
        offload.work();
        assert!(woken.0.load(Relaxed));
        assert_eq!(offload.lock().behind, 0);
        let twice = [&*content, &*content].concat();
        assert_eq!(hashing.poll_digests(cx), Poll::Ready(digests(&twice)));
    }

    #[test]
    fn thread_leaves_what_nobody_wants() {
        let (hashing, offload) = offloaded(&content(BEHIND));
        drop(hashing);
        offload.work();
        assert_eq!(offload.lock().behind, BEHIND, "nothing is hashed");
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
        let (mut hashing, offload) = offloaded(&content);
        runtime.spawn_blocking(move || offload.work());
        runtime.shutdown_background();
        drop(release);
        let digested = hashing.poll_digests(&mut Context::from_waker(Waker::noop()));
        assert_eq!(digested, Poll::Ready(digests(&content)));
    }
}
