use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::Body;
use std::{
    error::Error,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// What a body produced.
#[derive(Debug, Default)]
pub struct Read {
    /// Its data.
    pub content: String,
    /// How often a poll was pending.
    pub pending: usize,
    /// Its trailer section, if any.
    pub trailers: Option<HeaderMap>,
    /// Its error, if it failed.
    pub error: Option<Box<dyn Error + Send + Sync>>,
}

impl Read {
    /// Panics unless the body ended without error and has this trailer field exactly once, with this value.
    #[track_caller]
    pub fn assert_trailer(&self, name: &str, value: &str) {
        let values = self.values(name);
        assert_eq!(values, [value.as_bytes()], "the values of the trailer field `{name}`");
    }

    /// Panics unless the body ended without error and lacks this trailer field.
    #[track_caller]
    pub fn assert_no_trailer(&self, name: &str) {
        let values = self.values(name);
        assert!(values.is_empty(), "the trailer field `{name}` came: {values:?}");
    }

    #[track_caller]
    fn values(&self, name: &str) -> Vec<&[u8]> {
        if let Some(error) = &self.error {
            panic!("the body failed: {error}");
        }
        self.trailers.iter().flat_map(|trailers| trailers.get_all(name)).map(HeaderValue::as_bytes).collect()
    }
}

/// Reads a body to its end. An error becomes part of the result.
///
/// # Panics
///
/// If the body breaks the contract of `http-body`:
///
/// - a poll that returns pending wakes its task;
/// - `is_end_stream` is true only if the trailers were returned or there are none;
/// - the bounds of `size_hint` hold;
/// - nothing follows an error, and polls after the end return the end again.
///
/// Or if the data is not UTF-8.
pub fn read_by_contract<B>(body: B) -> Read
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut body = pin!(body);
    let wakes = Arc::new(Wakes::default());
    let task = Waker::from(wakes.clone());
    let cx = &mut Context::from_waker(&task);
    let mut read = Read::default();
    let mut said_ended = false;
    let mut sizes = Vec::new();

    loop {
        said_ended |= body.is_end_stream();
        sizes.push((read.content.len() as u64, body.size_hint()));
        match body.as_mut().poll_data(cx) {
            Poll::Pending => wakes.expect_one(&mut read.pending),
            Poll::Ready(Some(Ok(chunk))) => {
                assert!(!said_ended, "data after it said that it had ended");
                read.content += std::str::from_utf8(&chunk).expect("text");
            }
            Poll::Ready(Some(Err(error))) => {
                read.error = Some(error.into());
                break;
            }
            Poll::Ready(None) => break,
        }
    }
    while read.error.is_none() {
        said_ended |= body.is_end_stream();
        match body.as_mut().poll_trailers(cx) {
            Poll::Pending => wakes.expect_one(&mut read.pending),
            Poll::Ready(Ok(trailers)) => {
                assert!(trailers.is_none() || !said_ended, "trailers after it said that it had ended");
                read.trailers = trailers;
                break;
            }
            Poll::Ready(Err(error)) => read.error = Some(error.into()),
        }
    }
    if read.error.is_none() {
        let total = read.content.len() as u64;
        for (came, hint) in sizes {
            let left = total - came;
            assert!(hint.lower() <= left, "{hint:?} with {left} bytes left");
            assert!(hint.upper().is_none_or(|upper| left <= upper), "{hint:?} with {left} bytes left");
        }
    }
    for _ in 0..2 {
        assert!(body.is_end_stream(), "it does not know that it has ended");
        assert!(matches!(body.as_mut().poll_data(cx), Poll::Ready(None)), "data after the end");
        assert!(matches!(body.as_mut().poll_trailers(cx), Poll::Ready(Ok(None))), "trailers after the end");
    }
    read
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wakes {
    fn expect_one(&self, pending: &mut usize) {
        *pending += 1;
        assert!(self.0.load(Ordering::Relaxed) >= *pending, "pending without a wake-up");
        assert!(*pending < 1000, "pending for ever");
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ScriptedBody,
        Step::{self, Data, End, Pending, Trailers},
    };
    use http_body::SizeHint;
    use std::{
        io,
        panic::{AssertUnwindSafe, catch_unwind},
        pin::Pin,
    };

    /// How a body breaks the contract.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Fault {
        ForgetsToWake,
        EndsEarly,
        IsShorter,
        NeverEnds,
        RepeatsItsTrailers,
    }

    struct Faulty(ScriptedBody, Fault);

    impl Body for Faulty {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_data(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
            if self.1 == Fault::ForgetsToWake {
                return Pin::new(&mut self.0).poll_data(&mut Context::from_waker(Waker::noop()));
            }
            Pin::new(&mut self.0).poll_data(cx)
        }

        fn poll_trailers(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<io::Result<Option<HeaderMap>>> {
            if self.1 == Fault::RepeatsItsTrailers {
                return Poll::Ready(Ok(Some(HeaderMap::new())));
            }
            Pin::new(&mut self.0).poll_trailers(cx)
        }

        fn is_end_stream(&self) -> bool {
            self.1 == Fault::EndsEarly || (self.1 != Fault::NeverEnds && self.0.is_end_stream())
        }

        fn size_hint(&self) -> SizeHint {
            if self.1 == Fault::IsShorter { SizeHint::with_exact(9) } else { self.0.size_hint() }
        }
    }

    const WHOLE: [Step; 4] = [Pending, Data("rows"), End, Trailers(&[("x-rows", "1")])];

    fn panics<T>(attempt: impl FnOnce() -> T) -> bool {
        catch_unwind(AssertUnwindSafe(attempt)).is_err()
    }

    #[test]
    fn each_breach_of_the_contract_is_found() {
        assert!(!panics(|| read_by_contract(ScriptedBody::new(WHOLE).sized())));
        for fault in [
            Fault::ForgetsToWake,
            Fault::EndsEarly,
            Fault::IsShorter,
            Fault::NeverEnds,
            Fault::RepeatsItsTrailers,
        ] {
            assert!(panics(|| read_by_contract(Faulty(ScriptedBody::new(WHOLE), fault))), "{fault:?}");
        }
    }

    #[test]
    fn assertions_compare_name_value_and_count() {
        let read = read_by_contract(ScriptedBody::new(WHOLE));
        read.assert_trailer("x-rows", "1");
        read.assert_no_trailer("x-sum");
        assert!(panics(|| read.assert_trailer("x-rows", "2")));
        assert!(panics(|| read.assert_trailer("x-sum", "1")));
        assert!(panics(|| read.assert_no_trailer("x-rows")));
        let twice = [End, Trailers(&[("x-rows", "1"), ("x-rows", "1")])];
        assert!(panics(|| read_by_contract(ScriptedBody::new(twice)).assert_trailer("x-rows", "1")));
        let failed = Read { error: Some("it broke off".into()), ..Read::default() };
        assert!(panics(|| failed.assert_no_trailer("x-sum")));
    }
}
