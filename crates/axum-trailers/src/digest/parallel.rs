use super::{Digest, Hashers, core_budget::CoreBudget};
use bytes::Bytes;
use std::{
    collections::VecDeque,
    mem,
    pin::Pin,
    sync::{Arc, Weak, mpsc},
    task::{Context, Poll, ready},
};
use tokio::{
    runtime::Handle,
    sync::oneshot::{self, error::TryRecvError},
    task::JoinHandle,
};

/// From this size on, in bytes, content is worth waking a thread for.
const LARGE: usize = 32 * 1024;

/// If so much before it is still to be hashed, in bytes, a chunk does not go on.
const BEHIND: usize = 256 * 1024;

/// So much is hashed at once, in bytes. SHA-256 takes some 75 µs for it, and other streams of the same thread wait no
/// longer.
const STEP: usize = 128 * 1024;

/// Hashes content that comes in chunks: on the thread that polls it or, if chunks are large and a core may be free, beside
/// it in a job on a thread for blocking work. The job ends when no chunk is left.
///
/// For each chunk the job returns the state of the hashers behind it. If it never does, the chunk is hashed here, from the
/// state before it.
#[derive(Debug)]
pub(crate) struct ParallelHashers {
    /// Of all before `sent`.
    hashers: Hashers,
    /// What a job is to hash.
    sent: VecDeque<Sent>,
    /// What comes after `sent`.
    next: VecDeque<Bytes>,
    /// The bytes of `sent` and `next`, the last chunk's among them.
    behind: usize,
    last_chunk: usize,
    orders: Option<mpsc::Sender<Order>>,
    job: Option<JoinHandle<()>>,
    budget: CoreBudget,
}

/// A chunk that a job is to hash. While the job is at it, it shares it.
#[derive(Debug)]
struct Sent {
    chunk: Arc<Bytes>,
    hashed: oneshot::Receiver<Hashers>,
}

impl Sent {
    fn is_begun(&self) -> bool {
        Arc::strong_count(&self.chunk) > 1
    }
}

/// The same for the job. If the chunk is gone, nobody wants it hashed.
#[derive(Debug)]
struct Order {
    chunk: Weak<Bytes>,
    hashed: oneshot::Sender<Hashers>,
}

impl ParallelHashers {
    pub(crate) fn new(hashers: Hashers) -> Self {
        Self {
            hashers,
            sent: VecDeque::new(),
            next: VecDeque::new(),
            behind: 0,
            last_chunk: 0,
            orders: None,
            job: None,
            budget: CoreBudget::default(),
        }
    }

    /// Takes the next chunk.
    pub(crate) fn push(&mut self, chunk: &Bytes) {
        if self.behind == 0 && chunk.len() < LARGE {
            self.hashers.update(chunk);
            return;
        }
        if !chunk.is_empty() {
            self.behind += chunk.len();
            self.last_chunk = chunk.len();
            self.next.push_back(chunk.clone());
        }
    }

    /// Waits until so little is behind that the last chunk may go on.
    pub(crate) fn poll_keeps_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.sent.is_empty() {
            let has_job = self.send_next();
            if !self.may_go_on() {
                // Half of it, so that the sender then has something to do.
                ready!(self.poll_job(BEHIND / 2 + self.last_chunk, cx));
            } else if !has_job {
                ready!(self.poll_job(0, cx));
            }
        }
        self.begin_job();
        if self.sent.is_empty() { self.poll_here(cx) } else { Poll::Ready(()) }
    }

    /// The digests, once all is hashed. There are none of them any more afterwards.
    pub(crate) fn poll_digests(&mut self, cx: &mut Context<'_>) -> Poll<Vec<Digest>> {
        ready!(self.poll_job(0, cx));
        ready!(self.poll_here(cx));
        Poll::Ready(mem::take(&mut self.hashers).finish())
    }

    fn may_go_on(&self) -> bool {
        self.behind.saturating_sub(self.last_chunk) < BEHIND
    }

    /// Begins a job if that pays. After one that no thread has begun yet, it would wait as long.
    fn begin_job(&mut self) {
        let may_begin = self.sent.is_empty() && self.job.as_ref().is_none_or(JoinHandle::is_finished);
        if may_begin
            && self.behind >= LARGE
            && self.may_go_on()
            && self.budget.leaves_cores()
            && let Ok(runtime) = Handle::try_current()
        {
            self.begin_job_on(&runtime);
        }
    }

    fn begin_job_on(&mut self, runtime: &Handle) {
        let (orders, received) = mpsc::channel();
        self.orders = Some(orders);
        self.send_next();
        let hashers = self.hashers.clone();
        self.job = Some(runtime.spawn_blocking(move || hash(hashers, &received)));
    }

    /// Sends the job what has come, and returns whether there still is a job.
    fn send_next(&mut self) -> bool {
        let mut has_job = true;
        for chunk in self.next.drain(..) {
            let chunk = Arc::new(chunk);
            let (done, hashed) = oneshot::channel();
            let order = Order { chunk: Arc::downgrade(&chunk), hashed: done };
            self.sent.push_back(Sent { chunk, hashed });
            has_job = self.orders.as_ref().is_some_and(|orders| orders.send(order).is_ok());
        }
        has_job
    }

    /// Waits until the job has left no more than this, or takes the chunks back: if no thread has begun, since all may be
    /// busy, and if the job is gone, since it or its runtime has ended.
    fn poll_job(&mut self, behind: usize, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(sent) = self.sent.front_mut() {
            match sent.hashed.try_recv() {
                Ok(hashers) => self.take_hashed(0, hashers),
                Err(TryRecvError::Closed) => self.take_back(),
                Err(TryRecvError::Empty) => break,
            }
        }
        let mut left = self.behind;
        let is_needed = |sent: &&Sent| {
            let is_needed = left > behind;
            left -= sent.chunk.len();
            is_needed
        };
        let last = self.sent.iter().take_while(is_needed).count().checked_sub(1);
        let Some(last) = last else { return Poll::Ready(()) };
        match Pin::new(&mut self.sent[last].hashed).poll(cx) {
            Poll::Ready(Ok(hashers)) => self.take_hashed(last, hashers),
            Poll::Pending if self.sent.iter().any(Sent::is_begun) => return Poll::Pending,
            Poll::Pending | Poll::Ready(Err(_)) => self.take_back(),
        }
        Poll::Ready(())
    }

    fn take_hashed(&mut self, last: usize, hashers: Hashers) {
        self.hashers = hashers;
        self.behind -= self.sent.drain(..=last).map(|sent| sent.chunk.len()).sum::<usize>();
    }

    fn take_back(&mut self) {
        let unhashed = self.sent.drain(..).map(|sent| Arc::unwrap_or_clone(sent.chunk));
        self.next = unhashed.chain(mem::take(&mut self.next)).collect();
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

/// The job.
fn hash(mut hashers: Hashers, orders: &mpsc::Receiver<Order>) {
    while let Ok(order) = orders.try_recv() {
        let Some(chunk) = order.chunk.upgrade() else { return };
        for step in chunk.chunks(STEP) {
            if Arc::strong_count(&chunk) == 1 {
                return;
            }
            hashers.update(step);
        }
        let _or_nobody_waits = order.hashed.send(hashers.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::{super::core_budget::CORES, *};
    use crate::digest::Algorithm;
    use proptest::{collection::vec, prelude::*, sample::select};
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

    /// Gives what has come to a job that the test sees to.
    fn send_by_hand(hashers: &mut ParallelHashers) -> mpsc::Receiver<Order> {
        let (orders, received) = mpsc::channel();
        hashers.orders = Some(orders);
        hashers.send_next();
        received
    }

    /// Has a thread begin with what has come, and go on once the sender is dropped.
    fn begin_slow_job(hashers: &mut ParallelHashers, runtime: &Runtime) -> mpsc::Sender<()> {
        let received = send_by_hand(hashers);
        let (begun, state) = (hashers.sent[0].chunk.clone(), hashers.hashers.clone());
        let (release, released) = mpsc::channel();
        hashers.job = Some(runtime.spawn_blocking(move || {
            let _dropped = released.recv();
            drop(begun);
            hash(state, &received);
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
                was_beside |= !hashers.sent.is_empty();
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
        hashers.begin_job_on(runtime.handle());
        assert!(hashers.poll_keeps_up(cx).is_ready());
        assert!(!hashers.sent.is_empty(), "nothing is before it");
        hashers.push(&content.slice(BEHIND..));
        assert!(hashers.poll_keeps_up(cx).is_pending());

        let _runtime = runtime.enter();
        while hashers.poll_keeps_up(cx).is_pending() {
            assert!(hashers.sent.is_empty(), "a thread may come yet, but not for a second job");
        }
        drop(release);
        let began = Instant::now();
        while !hashers.job.as_ref().expect("a job").is_finished() {
            assert!(began.elapsed() < Duration::from_secs(20), "the job never ends");
        }
        assert_eq!(finish_here(&mut hashers), digests(&content));
    }

    #[test]
    fn sender_waits_for_a_thread_that_is_behind_and_is_woken() {
        let woken = Arc::<Woken>::default();
        let waker = woken.clone().into();
        let cx = &mut Context::from_waker(&waker);
        let quarter = BEHIND / 4;
        let content = content(5 * quarter);
        let mut hashers = new();
        content.chunks(quarter).for_each(|chunk| hashers.push(&Bytes::copy_from_slice(chunk)));
        let received = send_by_hand(&mut hashers);
        let begun = hashers.sent[0].chunk.clone();
        assert!(hashers.poll_keeps_up(cx).is_pending());
        let mut state = hashers.hashers.clone();
        for is_half in [false, true] {
            assert!(!woken.0.load(Relaxed));
            let order = received.try_recv().expect("a chunk");
            state.update(&order.chunk.upgrade().expect("wanted"));
            order.hashed.send(state.clone()).expect("somebody waits");
            assert_eq!(woken.0.load(Relaxed), is_half);
        }
        drop(begun);
        assert!(hashers.poll_keeps_up(cx).is_ready());
        assert_eq!(hashers.behind, 3 * quarter);

        let begun = hashers.sent[0].chunk.clone();
        woken.0.store(false, Relaxed);
        assert!(hashers.poll_digests(cx).is_pending());
        drop(begun);
        hash(state, &received);
        assert!(woken.0.load(Relaxed));
        assert_eq!(hashers.poll_digests(cx), Poll::Ready(digests(&content)));
    }

    #[test]
    fn what_comes_during_a_job_goes_to_it_and_what_comes_after_does_not() {
        let cx = &mut Context::from_waker(Waker::noop());
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        let content = content(5 * LARGE);
        let mut hashers = new();
        hashers.push(&content.slice(..LARGE));
        let release = begin_slow_job(&mut hashers, &runtime);
        for chunk in [LARGE..LARGE + 1, LARGE + 1..3 * LARGE, 3 * LARGE..4 * LARGE] {
            hashers.push(&content.slice(chunk));
            assert!(hashers.poll_keeps_up(cx).is_ready());
        }
        assert_eq!((hashers.sent.len(), hashers.next.len()), (4, 0));
        drop(release);
        while !hashers.job.as_ref().expect("a job").is_finished() {
            thread::yield_now();
        }
        hashers.push(&content.slice(4 * LARGE..));
        hashers.push(&Bytes::new());
        assert!(hashers.poll_keeps_up(cx).is_ready(), "less than a step is left to be hashed here");
        assert_eq!((hashers.behind, hashers.sent.len()), (0, 0));
        assert_eq!(finish_here(&mut hashers), digests(&content));
    }

    #[test]
    fn job_that_panics_is_done_again_here() {
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        let content = content(2 * LARGE);
        let mut hashers = new();
        hashers.push(&content.slice(..LARGE));
        let received = send_by_hand(&mut hashers);
        hashers.job = Some(runtime.spawn_blocking(move || {
            let order = received.try_recv().expect("a chunk");
            panic!("with {} bytes", order.chunk.upgrade().expect("wanted").len());
        }));
        hashers.push(&content.slice(LARGE..));
        assert_eq!(finish_here(&mut hashers), digests(&content));
    }

    #[test]
    fn thread_leaves_what_nobody_wants() {
        let (job, answers) = thread::scope(|scope| {
            let mut hashers = new();
            // Half a second of work.
            hashers.push(&Bytes::from(vec![0; 1 << 30]));
            hashers.push(&content(LARGE));
            let received = send_by_hand(&mut hashers);
            let state = hashers.hashers.clone();
            let answers: Vec<_> = hashers.sent.drain(..).collect();
            let (chunks, answers): (Vec<_>, Vec<_>) =
                answers.into_iter().map(|sent| (sent.chunk, sent.hashed)).unzip();
            let job = scope.spawn(move || hash(state, &received));
            while Arc::strong_count(&chunks[0]) == 1 {
                thread::yield_now();
            }
            drop(chunks);
            (job.join(), answers)
        });
        job.expect("no panic");
        for mut answer in answers {
            assert!(answer.try_recv().is_err());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn digests_are_right_however_chunks_and_jobs_come(
            chunks in vec((select(vec![0, 1, 1000, LARGE, STEP + 1, BEHIND]), 0..4), 1..12),
        ) {
            let cx = &mut Context::from_waker(Waker::noop());
            let runtime = Builder::new_current_thread().build().expect("a runtime");
            let mut content = content(chunks.iter().map(|(len, _)| len).sum());
            let expected = digests(&content);
            let mut hashers = new();
            for (len, then) in chunks {
                hashers.push(&content.split_to(len));
                match then {
                    0 => {}
                    1 if hashers.sent.is_empty() && hashers.behind > 0 => hashers.begin_job_on(runtime.handle()),
                    2 => while hashers.poll_keeps_up(cx).is_pending() {},
                    _ => {
                        let _ = hashers.poll_keeps_up(cx);
                        thread::sleep(Duration::from_micros(50));
                    }
                }
            }
            prop_assert_eq!(finish_here(&mut hashers), expected);
        }
    }

    #[test]
    fn runtime_that_ends_leaves_the_rest_to_the_sender() {
        let (runtime, release) = busy_runtime();
        let content = content(LARGE);
        let mut hashers = new();
        hashers.push(&content);
        hashers.begin_job_on(runtime.handle());
        runtime.shutdown_background();
        drop(release);
        assert_eq!(finish_here(&mut hashers), digests(&content));
    }
}
