use super::{Digest, Hashers, core_budget::CoreBudget};
use bytes::Bytes;
use std::{
    collections::VecDeque,
    mem,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll, ready},
};
use tokio::{runtime::Handle, task::JoinHandle};

/// From this size on, in bytes, content is worth waking a thread for.
const LARGE: usize = 32 * 1024;

/// If so much before it is still to be hashed, in bytes, a chunk does not go on.
const BEHIND: usize = 256 * 1024;

/// So much is hashed at once, in bytes. SHA-256 takes some 75 µs for it, and other streams of the same thread wait no
/// longer.
const STEP: usize = 128 * 1024;

type Chunks = VecDeque<Bytes>;

/// Hashes content that comes in chunks: on the thread that polls it or, if chunks are large and a core may be free, beside
/// it on a thread for blocking work.
///
/// There is one job at a time. What comes meanwhile is the next one's.
#[derive(Debug)]
pub(crate) struct ParallelHashers {
    /// Of all before `given`.
    hashers: Hashers,
    /// What the job hashes. A job that begins shares it, so it can be taken back as long as it is not shared, and a job
    /// that finds it gone stops.
    given: Option<Arc<Chunks>>,
    /// Without `given`: one that had not begun when its chunks were taken back.
    job: Option<JoinHandle<Option<Hashed>>>,
    /// What comes after `given`.
    next: Chunks,
    /// The bytes of `given` and `next`, the last chunk's among them.
    behind: usize,
    last_chunk: usize,
    budget: CoreBudget,
}

/// The state after these chunks, which stay shared so that nobody takes them back.
type Hashed = (Hashers, Arc<Chunks>);

impl ParallelHashers {
    pub(crate) fn new(hashers: Hashers) -> Self {
        Self {
            hashers,
            given: None,
            job: None,
            next: Chunks::new(),
            behind: 0,
            last_chunk: 0,
            budget: CoreBudget::default(),
        }
    }

    /// Takes the next chunk.
    pub(crate) fn push(&mut self, chunk: &Bytes) {
        if self.behind == 0 && chunk.len() < LARGE {
            self.hashers.update(chunk);
            return;
        }
        self.behind += chunk.len();
        self.last_chunk = chunk.len();
        self.next.push_back(chunk.clone());
    }

    /// Waits until so little is behind that the last chunk may go on.
    pub(crate) fn poll_keeps_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.may_go_on() || self.job.as_ref().is_some_and(JoinHandle::is_finished) {
            ready!(self.poll_job(cx));
        }
        self.begin_job();
        if self.given.is_some() { Poll::Ready(()) } else { self.poll_here(cx) }
    }

    /// The digests, once all is hashed. There are none of them any more afterwards.
    pub(crate) fn poll_digests(&mut self, cx: &mut Context<'_>) -> Poll<Vec<Digest>> {
        ready!(self.poll_job(cx));
        ready!(self.poll_here(cx));
        Poll::Ready(mem::take(&mut self.hashers).finish())
    }

    fn may_go_on(&self) -> bool {
        self.behind.saturating_sub(self.last_chunk) < BEHIND
    }

    /// Gives what has come to a thread, if that pays and the job before has ended.
    fn begin_job(&mut self) {
        if self.job.is_some() || self.behind < LARGE || !self.may_go_on() || !self.budget.leaves_cores() {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            self.give_to(&runtime);
        }
    }

    fn give_to(&mut self, runtime: &Handle) {
        let given = Arc::new(mem::take(&mut self.next));
        let (hashers, chunks) = (self.hashers.clone(), Arc::downgrade(&given));
        self.job = Some(runtime.spawn_blocking(move || hash(hashers, &chunks)));
        self.given = Some(given);
    }

    /// Waits for the job, or takes its chunks back: if it has not begun, since all threads may be busy, and if it did not
    /// end well, since the runtime may have ended.
    fn poll_job(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(job) = &mut self.job else { return Poll::Ready(()) };
        let ended = Pin::new(job).poll(cx);
        if ended.is_ready() {
            self.job = None;
        }
        let Some(given) = self.given.take() else { return Poll::Ready(()) };
        let unhashed = match ended {
            Poll::Ready(Ok(Some((hashers, _)))) => {
                self.hashers = hashers;
                self.behind = self.next.iter().map(Bytes::len).sum();
                return Poll::Ready(());
            }
            Poll::Ready(_) => Arc::unwrap_or_clone(given),
            Poll::Pending => match Arc::try_unwrap(given) {
                Ok(unhashed) => unhashed,
                Err(given) => {
                    self.given = Some(given);
                    return Poll::Pending;
                }
            },
        };
        let after = mem::replace(&mut self.next, unhashed);
        self.next.extend(after);
        Poll::Ready(())
    }

    /// Hashes what no job has, a step a poll.
    fn poll_here(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut room = STEP;
        while let Some(chunk) = self.next.front_mut() {
            if room == 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let step = chunk.split_to(chunk.len().min(room));
            if chunk.is_empty() {
                self.next.pop_front();
            }
            self.hashers.update(&step);
            room -= step.len();
            self.behind -= step.len();
        }
        Poll::Ready(())
    }
}

/// The job. There is no result if the chunks were taken back, or nobody waits for it any more.
fn hash(mut hashers: Hashers, chunks: &Weak<Chunks>) -> Option<Hashed> {
    let chunks = chunks.upgrade()?;
    for step in chunks.iter().flat_map(|chunk| chunk.chunks(STEP)) {
        if Arc::strong_count(&chunks) == 1 {
            return None;
        }
        hashers.update(step);
    }
    Some((hashers, chunks))
}

#[cfg(test)]
mod tests {
    use super::{super::core_budget::CORES, *};
    use crate::digest::Algorithm;
    use std::{
        future::poll_fn,
        sync::{
            atomic::{AtomicBool, Ordering::Relaxed},
            mpsc,
        },
        task::{Wake, Waker},
        thread,
        time::{Duration, Instant},
    };
    use tokio::runtime::{Builder, Runtime};

    fn new() -> ParallelHashers {
        ParallelHashers::new(Hashers::new([Algorithm::Sha256]))
    }

    /// Not all alike, so that every byte and its place counts.
    fn content(len: usize) -> Bytes {
        (0..len).map(|i| u8::try_from(i * 31 / 7 % 251).expect("small")).collect()
    }

    fn digests(content: &[u8]) -> Vec<Digest> {
        let mut hashers = Hashers::new([Algorithm::Sha256]);
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

    /// A runtime whose only thread for blocking work is busy until the sender is dropped.
    fn busy_runtime() -> (Runtime, mpsc::Sender<()>) {
        let runtime = Builder::new_current_thread().max_blocking_threads(1).build().expect("a runtime");
        let (release, released) = mpsc::channel();
        let (begun, is_busy) = mpsc::channel();
        runtime.spawn_blocking(move || {
            begun.send(()).expect("somebody waits");
            released.recv()
        });
        is_busy.recv().expect("it has begun");
        (runtime, release)
    }

    /// Has a thread begin with what has come, and go on once the sender is dropped.
    fn begin_slow_job(hashers: &mut ParallelHashers, runtime: &Runtime) -> mpsc::Sender<()> {
        let given = Arc::new(mem::take(&mut hashers.next));
        let (job_hashers, job_chunks) = (hashers.hashers.clone(), given.clone());
        let (release, released) = mpsc::channel();
        hashers.given = Some(given);
        hashers.job = Some(runtime.spawn_blocking(move || {
            let _dropped = released.recv();
            hash(job_hashers, &Arc::downgrade(&job_chunks))
        }));
        release
    }

    fn finish_here(hashers: &mut ParallelHashers) -> Vec<Digest> {
        let cx = &mut Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(digests) = hashers.poll_digests(cx) {
                return digests;
            }
        }
    }

    #[test]
    fn large_chunk_is_hashed_in_steps_here_where_there_is_no_runtime() {
        let woken = Arc::<Woken>::default();
        let waker = woken.clone().into();
        let cx = &mut Context::from_waker(&waker);
        let content = content(2 * STEP + 1);
        let mut hashers = new();
        hashers.push(&content);
        for _ in 0..2 {
            assert!(hashers.poll_keeps_up(cx).is_pending());
            assert!(woken.0.swap(false, Relaxed));
        }
        assert!(hashers.poll_keeps_up(cx).is_ready());
        assert_eq!(hashers.poll_digests(cx), Poll::Ready(digests(&content)));
    }

    #[test]
    fn step_may_be_many_chunks() {
        let cx = &mut Context::from_waker(Waker::noop());
        let content = content(2 * STEP);
        let mut hashers = new();
        content.chunks(LARGE).for_each(|chunk| hashers.push(&Bytes::copy_from_slice(chunk)));
        assert!(hashers.poll_digests(cx).is_pending());
        assert_eq!(hashers.poll_digests(cx), Poll::Ready(digests(&content)));
    }

    #[tokio::test]
    async fn large_chunks_are_hashed_beside_where_there_are_cores() {
        let content = content(10 * LARGE);
        let began = Instant::now();
        // Other tests also have large chunks.
        loop {
            let mut hashers = new();
            let mut was_beside = false;
            for chunk in content.chunks(LARGE) {
                hashers.push(&Bytes::copy_from_slice(chunk));
                poll_fn(|cx| hashers.poll_keeps_up(cx)).await;
                was_beside |= hashers.given.is_some();
                hashers.push(&Bytes::new());
            }
            assert_eq!(poll_fn(|cx| hashers.poll_digests(cx)).await, digests(&content));
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
        let cx = &mut Context::from_waker(Waker::noop());
        let mut hashers = new();
        let content = content(LARGE - 1);
        hashers.push(&content);
        assert_eq!(hashers.behind, 0);
        assert!(hashers.poll_keeps_up(cx).is_ready());
        assert!(hashers.job.is_none());
        assert_eq!(hashers.poll_digests(cx), Poll::Ready(digests(&content)));
    }

    #[test]
    fn what_no_thread_begins_is_taken_back() {
        let cx = &mut Context::from_waker(Waker::noop());
        let (runtime, release) = busy_runtime();
        let content = content(2 * BEHIND);
        let mut hashers = new();
        hashers.push(&content.slice(..BEHIND));
        hashers.give_to(runtime.handle());
        assert!(hashers.poll_keeps_up(cx).is_ready());
        assert!(hashers.given.is_some(), "nothing is before it");
        hashers.push(&content.slice(BEHIND..));
        assert!(hashers.poll_keeps_up(cx).is_pending());
        assert!(hashers.given.is_none(), "it is hashed here, in steps");

        let _runtime = runtime.enter();
        while hashers.poll_keeps_up(cx).is_pending() {
            assert!(hashers.given.is_none(), "a thread may come yet, but not for a second job");
        }
        drop(release);
        let began = Instant::now();
        while hashers.job.is_some() {
            assert!(began.elapsed() < Duration::from_secs(20), "the job never ends");
            assert!(hashers.poll_keeps_up(cx).is_ready());
        }
        assert_eq!(finish_here(&mut hashers), digests(&content));
    }

    #[test]
    fn sender_waits_for_a_thread_that_is_behind_and_is_woken() {
        let woken = Arc::<Woken>::default();
        let waker = woken.clone().into();
        let cx = &mut Context::from_waker(&waker);
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        let content = content(3 * BEHIND);
        let chunks = [0..BEHIND, BEHIND..BEHIND + 1, BEHIND + 1..3 * BEHIND].map(|part| content.slice(part));
        let mut hashers = new();
        hashers.push(&chunks[0]);
        let release = begin_slow_job(&mut hashers, &runtime);
        assert!(hashers.poll_keeps_up(cx).is_ready(), "nothing is before it");
        hashers.push(&chunks[1]);
        assert!(hashers.poll_keeps_up(cx).is_pending());
        assert!(hashers.poll_digests(cx).is_pending());
        assert!(!woken.0.load(Relaxed));

        drop(release);
        let began = Instant::now();
        while !woken.0.load(Relaxed) {
            assert!(began.elapsed() < Duration::from_secs(20), "it is never woken");
            thread::yield_now();
        }
        assert!(hashers.poll_keeps_up(cx).is_ready());
        assert_eq!(hashers.behind, 0, "one byte is not worth a job");
        hashers.push(&chunks[2]);
        assert_eq!(finish_here(&mut hashers), digests(&content));
    }

    #[test]
    fn what_comes_during_a_job_is_the_next_ones() {
        let cx = &mut Context::from_waker(Waker::noop());
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        let content = content(4 * LARGE);
        let mut hashers = new();
        hashers.push(&content.slice(..LARGE));
        let release = begin_slow_job(&mut hashers, &runtime);
        for chunk in [LARGE..LARGE + 1, LARGE + 1..3 * LARGE, 3 * LARGE..4 * LARGE] {
            hashers.push(&content.slice(chunk));
            assert!(hashers.poll_keeps_up(cx).is_ready());
        }
        drop(release);
        while hashers.poll_job(cx).is_pending() {
            thread::yield_now();
        }
        assert_eq!((hashers.behind, hashers.next.len()), (3 * LARGE, 3));
        hashers.give_to(runtime.handle());
        assert_eq!((hashers.behind, hashers.next.len()), (3 * LARGE, 0));
        assert_eq!(finish_here(&mut hashers), digests(&content));
    }

    #[test]
    fn job_that_panics_is_done_again_here() {
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        let content = content(2 * LARGE);
        let mut hashers = new();
        hashers.push(&content.slice(..LARGE));
        let given = Arc::new(mem::take(&mut hashers.next));
        let begun = given.clone();
        hashers.given = Some(given);
        hashers.job = Some(runtime.spawn_blocking(move || panic!("with {} chunk", begun.len())));
        hashers.push(&content.slice(LARGE..));
        assert_eq!(finish_here(&mut hashers), digests(&content));
    }

    #[test]
    fn thread_leaves_what_nobody_wants() {
        let mut hashers = Hashers::new([Algorithm::Sha256]);
        let chunks = Arc::new(Chunks::from(vec![content(STEP); 2]));
        let weak = Arc::downgrade(&chunks);
        let (hashed, shared) = hash(hashers.clone(), &weak).expect("it is wanted");
        chunks.iter().for_each(|chunk| hashers.update(chunk));
        assert_eq!(hashed.finish(), hashers.clone().finish());
        drop((chunks, shared));
        assert!(hash(hashers.clone(), &weak).is_none(), "nobody wants it when it begins");

        // Minutes of work.
        let chunks = Arc::new(Chunks::from(vec![content(STEP); 1_000_000]));
        let weak = Arc::downgrade(&chunks);
        let job = thread::spawn(move || hash(hashers, &weak));
        while Arc::strong_count(&chunks) == 1 {
            thread::yield_now();
        }
        drop(chunks);
        assert!(job.join().expect("no panic").is_none());
    }

    #[test]
    fn runtime_that_ends_leaves_the_rest_to_the_sender() {
        let (runtime, release) = busy_runtime();
        let content = content(LARGE);
        let mut hashers = new();
        hashers.push(&content);
        hashers.give_to(runtime.handle());
        runtime.shutdown_background();
        drop(release);
        assert_eq!(finish_here(&mut hashers), digests(&content));
    }
}
