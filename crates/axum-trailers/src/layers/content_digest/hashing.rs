use super::{
    backlog::Backlog,
    core_budget::CoreBudget,
    offload::{At, Offload},
};
use crate::digest::{Digest, Hashers};
use bytes::Bytes;
use std::{
    collections::VecDeque,
    mem,
    sync::Arc,
    task::{Context, Poll, ready},
};

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
    offload: Option<Arc<Offload>>,
    /// What was taken back before a thread began.
    unbegun: Option<Arc<Offload>>,
    budget: CoreBudget,
}

impl Hashing {
    pub(super) fn new(hashers: Hashers) -> Self {
        let here = Backlog { hashers, chunks: VecDeque::new() };
        Self { here, offload: None, unbegun: None, budget: CoreBudget::default() }
    }

    /// Takes the next chunk.
    pub(super) fn push(&mut self, chunk: &Bytes) {
        if let Some(beside) = &self.offload {
            match beside.lock().push_unless_ended(chunk) {
                None => return,
                Some(backlog) => self.here = backlog,
            }
            self.offload = None;
        }
        if self.here.chunks.is_empty() && chunk.len() < LARGE {
            self.here.hashers.update(chunk);
            return;
        }
        self.here.chunks.push_back(chunk.clone());
        if self.a_thread_may_begin() && self.budget.leaves_cores() {
            self.offload = Offload::begin(&mut self.here);
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
        if let Some(beside) = &self.offload {
            let was_begun = match ready!(beside.lock().poll_down_to(behind, cx)) {
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

    /// While what was given to a thread before still waits for one, there is no use in giving it more.
    fn a_thread_may_begin(&mut self) -> bool {
        self.unbegun.take_if(|unbegun| Arc::strong_count(unbegun) == 1);
        self.unbegun.is_none()
    }
}

impl Drop for Hashing {
    /// A thread that is at it has nothing left to do.
    fn drop(&mut self) {
        if let Some(beside) = &self.offload {
            let _unhashed = mem::take(&mut beside.lock().backlog.chunks);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{backlog::STEP, core_budget::CORES},
        *,
    };
    use crate::digest::Algorithm;
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
        // Other tests also have large chunks.
        loop {
            let mut hashing = Hashing::new(hashers());
            let mut was_beside = false;
            for chunk in content.chunks(LARGE) {
                hashing.push(&Bytes::copy_from_slice(chunk));
                was_beside |= hashing.offload.is_some();
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
        assert!(hashing.offload.is_none() && hashing.here.chunks.is_empty());
        let digested = hashing.poll_digests(&mut Context::from_waker(Waker::noop()));
        assert_eq!(digested, Poll::Ready(digests(&content)));
    }

    fn beside(content: &Bytes) -> (Hashing, Arc<Offload>) {
        let mut hashing = Hashing::new(hashers());
        hashing.here.chunks.push_back(content.clone());
        let beside = Arc::new(Offload::new(mem::take(&mut hashing.here)));
        hashing.offload = Some(beside.clone());
        (hashing, beside)
    }

    #[test]
    fn what_no_thread_begins_is_taken_back() {
        let cx = &mut Context::from_waker(Waker::noop());
        let content = content(BEHIND);
        let (mut hashing, beside) = beside(&content);
        assert!(hashing.poll_keeps_up(cx).is_ready());
        assert!(hashing.offload.is_some(), "nothing is before it");
        hashing.push(&content);
        assert!(hashing.poll_keeps_up(cx).is_pending());
        assert!(hashing.offload.is_none(), "it is hashed here, in steps");
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
