use prometheus::{IntCounter, Opts};
use std::{
    io::{self, Write},
    mem,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The capacity of the queue, in bytes. The writer holds at most as many in addition.
const MAX_BYTES: usize = 1024 * 1024;

/// Lines that wait to be written. A push only waits for a short lock.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    has_lines: Condvar,
    is_written: Condvar,
    lines_dropped: IntCounter,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<Vec<u8>>,
    bytes: usize,
    /// How many lines were dropped after these.
    dropped: u64,
    is_writing: bool,
}

/// Lines in writing order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) lines: Vec<Vec<u8>>,
    /// How many lines are missing after these.
    pub(super) dropped: u64,
}

impl Queue {
    pub(super) fn new() -> Self {
        let opts = Opts::new("log_lines_dropped_total", HELP).namespace("axum_trailers");
        Self {
            waiting: Mutex::default(),
            has_lines: Condvar::new(),
            is_written: Condvar::new(),
            lines_dropped: IntCounter::with_opts(opts).expect("the name is valid"),
        }
    }

    /// Adds a line, or drops and counts it if there is no room.
    pub(super) fn try_push(&self, line: Vec<u8>) {
        let mut waiting = self.lock();
        if waiting.has_room_for(&line) {
            waiting.push(line);
            self.has_lines.notify_one();
        } else {
            waiting.dropped += 1;
            self.lines_dropped.inc();
        }
    }

    /// Adds a line even if the queue is full, for the few lines that must not be lost.
    pub(super) fn push(&self, line: Vec<u8>) {
        self.lock().push(line);
        self.has_lines.notify_one();
    }

    /// Waits for lines and takes all of them. The previous batch counts as written.
    pub(super) fn take(&self) -> Batch {
        let mut waiting = self.lock();
        waiting.is_writing = false;
        if waiting.lines.is_empty() {
            self.is_written.notify_all();
        }
        let waiting = self.has_lines.wait_while(waiting, |waiting| waiting.lines.is_empty());
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        let Waiting { lines, dropped, .. } =
            mem::replace(&mut *waiting, Waiting { is_writing: true, ..Waiting::default() });
        Batch { lines, dropped }
    }

    /// Waits until all lines are written, but no longer than `at_most`.
    pub(super) fn wait_until_written(&self, at_most: Duration) {
        let is_busy = |waiting: &mut Waiting| waiting.is_writing || !waiting.lines.is_empty();
        // A timeout can't be reported: its log line would have to wait as well.
        let _outcome = self.is_written.wait_timeout_while(self.lock(), at_most, is_busy);
    }

    pub(super) fn lines_dropped(&self) -> &IntCounter {
        &self.lines_dropped
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// After a dropped line, all further lines are dropped until the writer takes the queue. So the number of dropped
    /// lines appears where they are missing. A line of any length fits into an empty queue.
    fn has_room_for(&self, line: &[u8]) -> bool {
        self.lines.is_empty() || (self.dropped == 0 && self.bytes + line.len() <= MAX_BYTES)
    }

    fn push(&mut self, line: Vec<u8>) {
        self.bytes += line.len();
        self.lines.push(line);
    }
}

/// tracing-subscriber writes each event in one call.
impl Write for &Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.try_push(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const HELP: &str = "Log lines dropped because standard error was read too slowly.";

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn batch(lines: &[&[u8]], dropped: u64) -> Batch {
        Batch { lines: lines.iter().map(|line| line.to_vec()).collect(), dropped }
    }

    #[test]
    fn lines_without_room_are_dropped_and_counted_until_the_writer_takes_the_others() {
        let queue = Queue::new();
        let full = vec![b'x'; MAX_BYTES];
        queue.try_push(full.clone());
        queue.try_push(b"a".to_vec());
        queue.try_push(b"b".to_vec());
        assert_eq!(queue.take(), batch(&[&full], 2));
        queue.try_push(b"c".to_vec());
        assert_eq!(queue.take(), batch(&[b"c"], 0));
        assert_eq!(queue.lines_dropped().get(), 2);
    }

    #[test]
    fn short_line_does_not_overtake_a_dropped_one() {
        let queue = Queue::new();
        queue.try_push(b"a".to_vec());
        queue.try_push(vec![b'x'; MAX_BYTES]);
        queue.try_push(b"b".to_vec());
        assert_eq!(queue.take(), batch(&[b"a"], 2));
    }

    #[test]
    fn line_that_must_not_be_missing_and_line_longer_than_the_queue_are_kept() {
        let queue = Queue::new();
        let long = vec![b'x'; 2 * MAX_BYTES];
        queue.try_push(long.clone());
        queue.push(b"the last error".to_vec());
        assert_eq!(queue.take(), batch(&[&long, b"the last error"], 0));
    }

    #[test]
    fn wait_ends_once_all_is_written_or_the_time_is_over() {
        let queue = Queue::new();
        let (short, long) = (Duration::from_millis(20), Duration::from_secs(600));
        queue.wait_until_written(long);
        queue.try_push(b"a".to_vec());
        let began = Instant::now();
        queue.wait_until_written(short);
        queue.take();
        queue.wait_until_written(short);
        assert!(began.elapsed() >= 2 * short, "neither waiting nor taken lines are written");
        std::thread::scope(|scope| {
            scope.spawn(|| queue.take());
            queue.wait_until_written(long);
            queue.push(b"lets the thread end".to_vec());
        });
    }
}
