use super::{helpers::read_as_server, prelude::*};
use crate::{
    BoxError,
    body::{CHUNK_OVERHEAD, FinishError, Produced, ProducerError, Sender, StreamBody, TrySendError, produce},
    trailers::{Declared, Trailers},
};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use std::{
    error::Error,
    fmt,
    future::{pending, poll_fn, ready},
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
};
use tokio::sync::oneshot;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

const CAPACITY: usize = 1024;
const CHUNK: usize = CAPACITY / 4 - CHUNK_OVERHEAD;

/// A body that can be moved while it is read.
fn boxed<Fut>(
    capacity: usize,
    declared: Declared,
    producer: impl FnOnce(Sender) -> Fut,
) -> Pin<Box<StreamBody<Produced<Fut>>>>
where
    Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    Box::pin(produce(capacity, declared, producer))
}

fn rows() -> Declared {
    Declared::new(["x-rows"]).expect("permitted")
}

/// The events above `INFO` that a test's thread logs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// What `run` returns, and the errors that it logs.
    fn of<T>(run: impl FnOnce() -> T) -> (T, Vec<String>) {
        let log = Self::default();
        let returned = tracing::subscriber::with_default(log.clone(), run);
        let errors = std::mem::take(&mut *log.0.lock().expect("no panic"));
        (returned, errors)
    }
}

struct ErrorField<'e>(&'e mut String);

impl Visit for ErrorField<'_> {
    fn record_error(&mut self, _: &Field, error: &(dyn Error + 'static)) {
        self.0.push_str(&error.to_string());
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() < Level::INFO
    }

    fn event(&self, event: &Event<'_>) {
        let mut error = String::new();
        event.record(&mut ErrorField(&mut error));
        self.0.lock().expect("no panic").push(error);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// Counts how often a task is woken.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// No runtime: the reader polls by itself.
#[test]
fn produced_body_needs_no_task_and_no_runtime() {
    let body = produce(CAPACITY, rows(), |mut sender| async move {
        sender.send("a").await?;
        sender.send("b").await?;
        let mut trailers = Trailers::new();
        trailers.insert("x-rows", 2)?;
        sender.finish(trailers)?;
        Ok(())
    });
    let response = body.into_response();
    assert_eq!(response.headers()["trailer"], "x-rows");
    let read = read_as_server(response);
    assert_eq!((&*read.content, read.pending), ("ab", 0), "it has its data at the first poll");
    read.assert_trailer("x-rows", "2");
}

#[test]
fn full_queue_is_no_deadlock() {
    let body = produce(CAPACITY, Declared::none(), |mut sender| async move {
        for _ in 0..100 {
            sender.send(vec![b'x'; CHUNK]).await?;
        }
        sender.send(vec![b'y'; 2 * CAPACITY]).await?;
        sender.finish(Trailers::new())?;
        Ok(())
    });
    let read = read_by_contract(body);
    assert!(read.error.is_none());
    assert_eq!((read.content.len(), read.pending), (100 * CHUNK + 2 * CAPACITY, 0));
}

#[test]
fn producer_runs_no_further_than_the_capacity_ahead_of_its_reader() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    let mut body = boxed(CAPACITY, Declared::none(), |mut sender| async move {
        loop {
            sender.send(vec![0; CHUNK]).await?;
            counted.fetch_add(1, Relaxed);
        }
    });
    assert_eq!(sent.load(Relaxed), 0, "nothing runs before the first poll");
    for taken in 1..20 {
        next_chunk(&mut body).now_or_never().expect("ready").expect("no error");
        assert!((taken..taken + 4).contains(&sent.load(Relaxed)), "{taken}: {sent:?}");
    }
}

#[test]
fn reader_that_leaves_drops_the_producer_at_an_await_and_logs_nothing() {
    for taken in 0..3 {
        let (kept, mut dropped) = oneshot::channel::<()>();
        let ((), logged) = Log::of(|| {
            let mut body = boxed(CAPACITY, Declared::none(), |mut sender| async move {
                let _kept = kept;
                for _ in 0..2 {
                    sender.send("a").await?;
                }
                pending::<()>().await;
                Ok(())
            });
            for _ in 0..taken {
                next_chunk(&mut body).now_or_never().expect("ready").expect("no error");
            }
            assert_eq!(dropped.try_recv(), Err(oneshot::error::TryRecvError::Empty));
            drop(body);
        });
        assert_eq!(dropped.try_recv(), Err(oneshot::error::TryRecvError::Closed), "after {taken}");
        assert!(logged.is_empty(), "{logged:?}");
    }
}

/// The chunks that arrive before the error, the error, and the log.
fn failing<Fut>(producer: impl FnOnce(Sender) -> Fut) -> (String, ProducerError, Vec<String>)
where
    Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    let (read, logged) = Log::of(|| read_by_contract(produce(CAPACITY, rows(), producer)));
    let error = read.error.expect("a cut transfer").downcast::<ProducerError>().expect("a producer's");
    assert_eq!(read.trailers, None);
    (read.content, *error, logged)
}

#[test]
fn returned_error_cuts_the_transfer_and_is_logged_once() {
    let (content, error, logged) = failing(|mut sender| async move {
        sender.send("a").await?;
        Err("connection lost")?;
        sender.finish(fields(&[("x-rows", "1")]))?;
        Ok(())
    });
    assert_eq!(content, "a");
    assert!(matches!(&error, ProducerError::Failed(reason) if reason.to_string() == "connection lost"));
    assert_eq!(logged, ["connection lost"]);
}

#[test]
fn refused_trailers_are_logged_once() {
    let (content, error, logged) = failing(|mut sender| async move {
        sender.send("a").await?;
        sender.finish(Trailers::new())?;
        Ok(())
    });
    assert_eq!(content, "a");
    let missing = FinishError::Missing { name: http::HeaderName::from_static("x-rows") };
    assert!(matches!(&error, ProducerError::Refused(reason) if *reason == missing), "{error:?}");
    assert_eq!(logged, [missing.to_string()]);
}

#[test]
fn producer_that_returns_without_an_ending_cuts_the_transfer() {
    let (content, error, logged) = failing(|mut sender| async move {
        sender.send("a").await?;
        Ok(())
    });
    assert_eq!(content, "a");
    assert!(matches!(error, ProducerError::Gone), "{error:?}");
    assert!(logged.is_empty(), "{logged:?}");
}

#[test]
fn error_after_the_end_changes_nothing_and_is_logged() {
    for failing in [false, true] {
        let (read, logged) = Log::of(|| {
            let body = produce(CAPACITY, rows(), move |mut sender| async move {
                sender.send("a").await?;
                let trailers = fields(&[("x-rows", "1")]);
                if failing {
                    sender.fail_with_trailers(trailers)?;
                } else {
                    sender.finish(trailers)?;
                }
                Err("too late".into())
            });
            read_as_server(body.into_response())
        });
        assert_eq!(read.content, "a");
        read.assert_trailer("x-rows", "1");
        assert_eq!(logged, ["too late"]);
    }
}

#[test]
fn failure_in_trailers_needs_a_server_that_watches() {
    let failed = |mut sender: Sender| async move {
        sender.send("a").await?;
        sender.fail_with_trailers(fields(&[("x-rows", "1")]))?;
        Ok(())
    };
    let mut body = produce(CAPACITY, rows(), failed);
    body.set_trailers(fields(&[("x-of-success", "1")])).expect("permitted");
    let watched = read_as_server(body.into_response());
    watched.assert_trailer("x-rows", "1");
    watched.assert_no_trailer("x-of-success");
    let unwatched = read_by_contract(produce(CAPACITY, rows(), failed));
    assert!(unwatched.error.is_some());
}

/// What a poll of the data returns after the producer has panicked.
fn after_a_panic<Fut>(producer: impl FnOnce(Sender) -> Fut) -> Poll<Option<Result<Bytes, BoxError>>>
where
    Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    let mut body = pin!(produce(CAPACITY, Declared::none(), producer));
    let cx = &mut Context::from_waker(Waker::noop());
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| poll_data(body.as_mut(), cx)));
    assert!(panicked.is_err());
    poll_data(body, cx)
}

#[test]
fn panic_never_looks_like_an_end() {
    let dropping = after_a_panic(|sender| async move {
        drop(sender);
        panic!("on purpose");
    });
    assert!(matches!(dropping, Poll::Ready(Some(Err(_)))), "{dropping:?}");
    let finishing = after_a_panic(|sender| async move {
        sender.finish(Trailers::new())?;
        panic!("on purpose");
    });
    assert!(matches!(finishing, Poll::Ready(Some(Err(_)))), "{finishing:?}");
    let keeping = after_a_panic(|sender| {
        let kept = Some(sender);
        poll_fn(move |_| if kept.is_some() { panic!("on purpose") } else { Poll::Ready(Ok(())) })
    });
    assert!(matches!(keeping, Poll::Ready(Some(Err(_)))), "{keeping:?}");
}

/// A future that is polled after it has returned would panic.
#[test]
fn producer_is_not_polled_after_it_has_returned() {
    let (keep, kept) = oneshot::channel();
    let mut body = boxed(CAPACITY, Declared::none(), |sender| async move {
        keep.send(sender).expect("a receiver");
        Ok(())
    });
    assert!(next_chunk(&mut body).now_or_never().is_none(), "its sender is elsewhere");
    assert!(next_chunk(&mut body).now_or_never().is_none());
    let mut sender = kept.now_or_never().expect("sent").expect("sent");
    sender.try_send("a").expect("room");
    assert_eq!(next_chunk(&mut body).now_or_never().expect("ready").expect("no error"), "a");
    drop(sender);
    assert!(next_chunk(&mut body).now_or_never().expect("ready").is_err());
}

/// A wake-up of its own task would make a connection poll all that it does once more.
#[test]
fn producer_and_reader_wake_no_task_that_runs() {
    let (go_on, waits) = oneshot::channel::<()>();
    let mut body = pin!(produce(CAPACITY, Declared::none(), |mut sender| async move {
        waits.await?;
        for _ in 0..8 {
            sender.send(vec![0; CHUNK]).await?;
        }
        sender.finish(Trailers::new())?;
        Ok(())
    }));
    let counted = Arc::new(Wakes::default());
    let waker = Waker::from(counted.clone());
    let cx = &mut Context::from_waker(&waker);
    assert!(poll_data(body.as_mut(), cx).is_pending());
    assert_eq!(counted.0.load(Relaxed), 0);
    go_on.send(()).expect("it waits");
    assert_eq!(counted.0.load(Relaxed), 1);
    while let Poll::Ready(Some(chunk)) = poll_data(body.as_mut(), cx) {
        chunk.expect("no error");
    }
    assert!(matches!(poll_data(body.as_mut(), cx), Poll::Ready(None)));
    assert_eq!(counted.0.load(Relaxed), 1);
}

/// The sender waits beside its body, in the same task: nothing polls it again unless the reader wakes it.
#[tokio::test]
async fn sender_that_has_left_its_producer_is_woken_in_the_same_task() {
    let (leave, left) = oneshot::channel();
    let body = produce(CAPACITY, Declared::none(), |sender| async move {
        leave.send(sender).expect("a receiver");
        pending().await
    });
    let feed = async {
        let mut sender = left.await.expect("it leaves");
        for _ in 0..20 {
            sender.send(vec![b'x'; CHUNK]).await.expect("a reader");
        }
        sender.finish(Trailers::new()).expect("a reader");
    };
    let both = futures_util::future::join(feed, read_all(Box::pin(body)));
    let ((), (chunks, _)) =
        tokio::time::timeout(std::time::Duration::from_secs(10), both).await.expect("no deadlock");
    assert_eq!(chunks.len(), 20);
}

/// Such a set polls a future only once the future's own waker was woken.
#[test]
fn producer_that_waits_in_a_set_of_futures_goes_on() {
    let body = produce(CAPACITY, Declared::none(), |mut sender| async move {
        let mut sends: FuturesUnordered<_> = [async {
            for _ in 0..20 {
                sender.send(vec![b'x'; CHUNK]).await?;
            }
            sender.finish(Trailers::new())
        }]
        .into_iter()
        .collect();
        sends.next().await.expect("one")?;
        Ok(())
    });
    let read = read_by_contract(body);
    assert!(read.error.is_none(), "{:?}", read.error);
    assert_eq!(read.content.len(), 20 * CHUNK);
}

#[tokio::test]
async fn sender_may_move_to_a_task() {
    let body = boxed(CAPACITY, Declared::none(), |mut sender| async move {
        tokio::spawn(async move {
            for _ in 0..20 {
                sender.send(vec![b'x'; CHUNK]).await?;
            }
            sender.finish(Trailers::new())
        })
        .await??;
        Ok(())
    });
    let (chunks, _) = read_all(body).await;
    assert_eq!(chunks.iter().map(|chunk| chunk.as_ref().expect("no error").len()).sum::<usize>(), 20 * CHUNK);
}

/// Neither side ever waits for something else, yet a task beside them runs.
#[tokio::test]
async fn endless_producer_lets_other_tasks_run() {
    let mut body = boxed(CAPACITY, Declared::none(), |mut sender| async move {
        loop {
            sender.send("x").await?;
        }
    });
    let ran = Arc::new(AtomicUsize::new(0));
    let counted = ran.clone();
    tokio::spawn(async move { counted.fetch_add(1, Relaxed) });
    for _ in 0..1000 {
        next_chunk(&mut body).await.expect("no error");
    }
    assert_eq!(ran.load(Relaxed), 1);
}

/// The same without a `send` that waits.
#[tokio::test]
async fn producer_that_never_waits_lets_other_tasks_run() {
    let mut body = boxed(CAPACITY, Declared::none(), |mut sender| {
        poll_fn(move |cx| {
            cx.waker().wake_by_ref();
            match sender.try_send("x") {
                Ok(()) | Err(TrySendError::Full(_)) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error.into())),
            }
        })
    });
    let ran = Arc::new(AtomicUsize::new(0));
    let counted = ran.clone();
    tokio::spawn(async move { counted.fetch_add(1, Relaxed) });
    for _ in 0..1000 {
        next_chunk(&mut body).await.expect("no error");
    }
    assert_eq!(ran.load(Relaxed), 1);
}

#[test]
fn finish_of_a_body_that_has_failed_is_an_error() {
    let (leave, left) = oneshot::channel();
    let body = produce(CAPACITY, rows(), |sender| async move {
        leave.send(sender).expect("a receiver");
        Err("connection lost".into())
    });
    let read = read_by_contract(body);
    assert!(read.error.is_some());
    let sender = left.now_or_never().expect("sent").expect("sent");
    // Its reader is gone as well.
    assert_eq!(sender.finish(fields(&[("x-rows", "1")])), Err(FinishError::ReaderGone));

    let (leave, left) = oneshot::channel();
    let mut body = boxed(CAPACITY, rows(), |sender| async move {
        leave.send(sender).expect("a receiver");
        Err("connection lost".into())
    });
    assert!(next_chunk(&mut body).now_or_never().expect("ready").is_err());
    let sender = left.now_or_never().expect("sent").expect("sent");
    assert_eq!(sender.finish(fields(&[("x-rows", "1")])), Err(FinishError::AlreadyFailed));
}

#[test]
fn try_send_takes_what_has_room_and_returns_the_rest() {
    let body = produce(CAPACITY, Declared::none(), |mut sender| async move {
        for _ in 0..4 {
            sender.try_send(vec![b'x'; CHUNK])?;
        }
        assert_eq!(sender.try_send("y"), Err(TrySendError::Full(Bytes::from("y"))));
        assert_eq!(sender.try_send(""), Ok(()), "takes no room");
        sender.send("z").await?;
        sender.try_send("!")?;
        sender.finish(Trailers::new())?;
        Ok(())
    });
    let read = read_by_contract(body);
    assert_eq!(read.content, "x".repeat(4 * CHUNK) + "z!");
}

#[test]
fn try_send_notices_that_the_reader_is_gone() {
    let (mut sender, body) = crate::body::channel(CAPACITY, Declared::none());
    sender.try_send("a").expect("room");
    drop(body);
    let refused = sender.try_send("b").expect_err("no reader");
    assert_eq!(refused.to_string(), "the reader has dropped this body");
    assert_eq!(refused.into_chunk(), "b");
    assert_eq!(sender.try_send(""), Err(TrySendError::Closed(Bytes::new())));
    let gone = FinishError::from(sender.send("c").now_or_never().expect("at once").expect_err("no reader"));
    assert_eq!(gone, FinishError::ReaderGone);
}

/// A `send` that was given up keeps no place in the queue.
#[test]
fn try_send_follows_what_was_sent_before() {
    let (mut sender, body) = crate::body::channel(CAPACITY, Declared::none());
    sender.try_send(vec![b'x'; CAPACITY]).expect("an empty queue");
    assert!(sender.send("given up").now_or_never().is_none());
    assert!(matches!(sender.try_send("y"), Err(TrySendError::Full(_))));
    let mut body = body;
    next_chunk(&mut body).now_or_never().expect("ready").expect("no error");
    sender.try_send("y").expect("room");
    sender.finish(Trailers::new()).expect("nothing declared");
    assert_eq!(read_by_contract(body).content, "y");
}

#[test]
#[should_panic(expected = "at least 1 byte")]
fn capacity_of_zero_panics() {
    let _body = produce(0, Declared::none(), |_| ready(Ok(())));
}

#[test]
fn type_facts() {
    fn send_and_sync<T: Send + Sync + 'static>(_: T) {}
    // The future itself need not be `Sync`.
    send_and_sync(produce(CAPACITY, Declared::none(), |sender| async move {
        let cell = std::cell::Cell::new(1);
        pending::<()>().await;
        cell.set(2);
        drop(sender);
        Ok(())
    }));
    send_and_sync(TrySendError::Full(Bytes::new()));
}
