use crate::{Read, reading::Reading};
use bytes::Bytes;
use http_body::Body;
use std::{
    error::Error,
    pin::pin,
    task::{Context, Poll},
};

/// Reads a body to its end. An error becomes part of the result.
///
/// # Panics
///
/// If the body breaks the contract of `http-body` 1:
///
/// - a poll that returns pending wakes its task;
/// - `is_end_stream` is true only if `poll_frame` will return `None`;
/// - the bounds of `size_hint` hold over the data;
/// - there is at most one trailers frame, and no data frame after it;
/// - after `None` or an error polls return `None`, and `is_end_stream` is true.
///
/// Or if the data is not UTF-8.
pub fn read_by_contract<B>(body: B) -> Read
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut body = pin!(body);
    let mut reading = Reading::default();
    let waker = reading.waker();
    let cx = &mut Context::from_waker(&waker);

    while !reading.has_failed() {
        reading.is_end_stream(body.is_end_stream());
        let hint = body.size_hint();
        reading.size_hint(hint.lower(), hint.upper());
        match body.as_mut().poll_frame(cx) {
            Poll::Pending => {
                reading.expect_more("pending");
                reading.pending();
            }
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(chunk) => reading.data(&chunk),
                Err(frame) => reading.trailers(frame.into_trailers().expect("there are two kinds of frames")),
            },
            Poll::Ready(Some(Err(error))) => {
                reading.expect_more("an error");
                reading.error(error);
            }
            Poll::Ready(None) => break,
        }
    }
    for _ in 0..2 {
        assert!(body.is_end_stream(), "it does not know that it has ended");
        assert!(matches!(body.as_mut().poll_frame(cx), Poll::Ready(None)), "a frame after the end");
    }
    reading.finish()
}

/// The tests of both generations' readers.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ScriptedBody,
        Step::{self, Data, End, Error as Fail, Pending, Trailers},
        http_02::read_by_contract as read_by_older_contract,
    };
    use http_body::Frame;
    use std::{
        io,
        panic::{AssertUnwindSafe, catch_unwind},
        pin::Pin,
        task::Waker,
    };

    /// How a body breaks the contract.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Fault {
        Nothing,
        ForgetsToWake,
        WaitsForEver,
        EndsEarly,
        NeverEnds,
        HasLength(u64),
        RepeatsItsData,
        RepeatsItsTrailers,
    }

    /// A body of both generations. Unlike its script it can be polled after its error.
    struct Faulty {
        script: ScriptedBody,
        fault: Fault,
        ended: bool,
    }

    impl Faulty {
        fn new(script: &[Step], fault: Fault) -> Self {
            Self { script: ScriptedBody::new(script.iter().cloned()).sized(), fault, ended: false }
        }

        /// Polls the script unless it has ended or failed.
        fn poll<T>(
            &mut self,
            cx: &mut Context<'_>,
            poll: impl FnOnce(Pin<&mut ScriptedBody>, &mut Context<'_>) -> Poll<T>,
            ends: impl FnOnce(&T) -> bool,
        ) -> Option<Poll<T>> {
            if self.ended {
                return None;
            }
            if self.fault == Fault::WaitsForEver {
                cx.waker().wake_by_ref();
                return Some(Poll::Pending);
            }
            let forgets = self.fault == Fault::ForgetsToWake;
            let mut forgetful = Context::from_waker(Waker::noop());
            let polled = poll(Pin::new(&mut self.script), if forgets { &mut forgetful } else { cx });
            self.ended = matches!(&polled, Poll::Ready(came) if ends(came));
            Some(polled)
        }

        fn late_data(&self) -> Option<Bytes> {
            (self.fault == Fault::RepeatsItsData).then(|| Bytes::from("rows"))
        }

        fn repeats_its_trailers(&self) -> bool {
            self.fault == Fault::RepeatsItsTrailers
        }

        fn says_ended(&self) -> bool {
            match self.fault {
                Fault::EndsEarly => true,
                Fault::NeverEnds => false,
                _ => self.script.has_ended(),
            }
        }

        fn length(&self) -> Option<u64> {
            if let Fault::HasLength(length) = self.fault { Some(length) } else { self.script.exact_length() }
        }
    }

    impl Body for Faulty {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            self.poll(cx, Body::poll_frame, |came| !matches!(came, Some(Ok(_)))).unwrap_or_else(|| {
                let trailers = self.repeats_its_trailers().then(http::HeaderMap::new).map(Frame::trailers);
                Poll::Ready(self.late_data().map(Frame::data).or(trailers).map(Ok))
            })
        }

        fn is_end_stream(&self) -> bool {
            self.says_ended()
        }

        fn size_hint(&self) -> http_body::SizeHint {
            self.length().map_or_else(Default::default, http_body::SizeHint::with_exact)
        }
    }

    impl http_body_04::Body for Faulty {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_data(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
            self.poll(cx, http_body_04::Body::poll_data, |came| matches!(came, Some(Err(_))))
                .unwrap_or_else(|| Poll::Ready(self.late_data().map(Ok)))
        }

        fn poll_trailers(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<io::Result<Option<http_02::HeaderMap>>> {
            self.poll(cx, http_body_04::Body::poll_trailers, |_| true)
                .unwrap_or_else(|| Poll::Ready(Ok(self.repeats_its_trailers().then(http_02::HeaderMap::new))))
        }

        fn is_end_stream(&self) -> bool {
            self.says_ended()
        }

        fn size_hint(&self) -> http_body_04::SizeHint {
            self.length().map_or_else(Default::default, http_body_04::SizeHint::with_exact)
        }
    }

    const ROWS: Step = Trailers(&[("x-rows", "1")]);
    const WHOLE: &[Step] = &[Pending, Data("rows"), End, Pending, ROWS];
    const CUT: &[Step] = &[Pending, Data("rows"), Fail];
    const ENDED: &str = "after it said that it had ended";

    /// What a reader panicked with.
    fn breach(read: fn(Faulty) -> Read, script: &[Step], fault: Fault) -> Option<String> {
        let read = AssertUnwindSafe(|| read(Faulty::new(script, fault)));
        let panic = catch_unwind(read).err()?;
        let formatted = panic.downcast_ref::<String>().cloned();
        formatted.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
    }

    #[track_caller]
    fn assert_found(read: fn(Faulty) -> Read, script: &[Step], fault: Fault, expected: &str) {
        let found = breach(read, script, fault);
        assert!(
            found.as_ref().is_some_and(|found| found.contains(expected)),
            "{fault:?} in {script:?}: {found:?}"
        );
    }

    #[test]
    fn each_breach_of_both_contracts_is_found() {
        let breaches = [
            (WHOLE, Fault::ForgetsToWake, "pending without a wake-up"),
            (&[End, Pending, ROWS], Fault::ForgetsToWake, "pending without a wake-up"),
            (WHOLE, Fault::WaitsForEver, "pending for ever"),
            (&[Data("rows")], Fault::EndsEarly, ENDED),
            (&[ROWS], Fault::EndsEarly, ENDED),
            (WHOLE, Fault::NeverEnds, "does not know that it has ended"),
            (CUT, Fault::NeverEnds, "does not know that it has ended"),
            (WHOLE, Fault::HasLength(3), "with 4 bytes left"),
            (WHOLE, Fault::HasLength(5), "with 4 bytes left"),
            (WHOLE, Fault::HasLength(4), "with 0 bytes left"),
            (WHOLE, Fault::RepeatsItsData, "after the end"),
            (CUT, Fault::RepeatsItsData, "after the end"),
            (WHOLE, Fault::RepeatsItsTrailers, "after the end"),
            (CUT, Fault::RepeatsItsTrailers, "after the end"),
        ];
        for (script, fault, expected) in breaches {
            assert_found(read_by_contract, script, fault, expected);
            assert_found(read_by_older_contract, script, fault, expected);
        }
    }

    #[test]
    fn each_breach_of_the_order_of_frames_is_found() {
        let breaches: [(&[Step], _, _); 4] = [
            (&[ROWS, ROWS], Fault::Nothing, "trailers after the trailers"),
            (&[ROWS, Data("rows")], Fault::Nothing, "data after the trailers"),
            (&[Pending], Fault::EndsEarly, ENDED),
            (&[Fail], Fault::EndsEarly, ENDED),
        ];
        for (script, fault, expected) in breaches {
            assert_found(read_by_contract, script, fault, expected);
        }
    }

    #[test]
    fn a_body_that_keeps_the_contract_is_read() {
        for read in [read_by_contract::<Faulty>, read_by_older_contract] {
            let whole = read(Faulty::new(WHOLE, Fault::Nothing));
            assert_eq!((&*whole.content, whole.pending), ("rows", 2));
            whole.assert_trailer("x-rows", "1");

            let cut = read(Faulty::new(CUT, Fault::Nothing));
            assert_eq!((&*cut.content, cut.pending), ("rows", 1));
            assert!(cut.error.is_some_and(|error| error.to_string() == "scripted"));

            let failed_late = read(Faulty::new(&[Data("rows"), End, Fail], Fault::Nothing));
            assert!(failed_late.error.is_some() && failed_late.trailers.is_none());

            let empty = read(Faulty::new(&[], Fault::Nothing));
            assert!(empty.content.is_empty() && empty.trailers.is_none() && empty.error.is_none());
        }
    }
}
