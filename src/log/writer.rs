use super::{LogFormat, queue::Queue};
use std::{
    io::{self, ErrorKind, Write},
    sync::Arc,
    thread,
    time::Duration,
};

/// Enough to format and write a line. A process with little memory needs the rest for other things.
const STACK: usize = 256 * 1024;

/// The retry interval if another program has made standard error non-blocking.
const RETRY: Duration = Duration::from_millis(10);

/// Starts the thread that writes the queue's lines to standard error. It runs as long as the process.
pub(super) fn start(queue: Arc<Queue>, format: LogFormat) -> io::Result<()> {
    let thread = thread::Builder::new().name("log".to_owned()).stack_size(STACK);
    thread.spawn(move || write_all(&queue, format)).map(drop)
}

fn write_all(queue: &Queue, format: LogFormat) -> ! {
    loop {
        let batch = queue.take();
        for line in &batch.lines {
            write_or_discard(&mut io::stderr(), line);
        }
        if batch.dropped > 0 {
            write_or_discard(&mut io::stderr(), format.dropped(batch.dropped).as_bytes());
        }
    }
}

/// Writes a line in one call: a pipe takes up to 4 KiB atomically, so lines of several processes do not mix.
pub(super) fn write_or_discard(to: &mut impl Write, mut line: &[u8]) {
    while !line.is_empty() {
        match to.write(line) {
            Ok(written) if written > 0 => line = line.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(RETRY),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Standard error is closed, so the failure can't be reported.
            Ok(_) | Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the next of these answers to each write, and takes that many bytes.
    struct Scripted {
        answers: std::vec::IntoIter<Result<usize, ErrorKind>>,
        written: Vec<u8>,
    }

    impl Scripted {
        fn new(answers: Vec<Result<usize, ErrorKind>>) -> Self {
            Self { answers: answers.into_iter(), written: Vec::new() }
        }
    }

    impl Write for Scripted {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            let taken = self.answers.next().expect("no more writes than answers")?;
            self.written.extend(&line[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn line_is_written_whole_however_it_is_taken() {
        let answers = vec![Err(ErrorKind::WouldBlock), Ok(2), Err(ErrorKind::Interrupted), Ok(3)];
        let mut to = Scripted::new(answers);
        write_or_discard(&mut to, b"line\n");
        assert_eq!(to.written, b"line\n");
    }

    #[test]
    fn line_that_cannot_be_written_is_discarded_after_one_try() {
        for answer in [Ok(0), Err(ErrorKind::BrokenPipe), Err(ErrorKind::StorageFull)] {
            let mut to = Scripted::new(vec![answer]);
            write_or_discard(&mut to, b"line\n");
            assert!(to.written.is_empty());
        }
    }
}
