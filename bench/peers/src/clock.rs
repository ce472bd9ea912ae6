//! The clock that a server and the client on one machine share.

use rustix::time::{ClockId, clock_gettime};

/// `CLOCK_MONOTONIC` in nanoseconds. `Instant` uses the same clock, but does not expose its value.
#[must_use]
pub fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    u64::try_from(time.tv_sec * 1_000_000_000 + time.tv_nsec)
        .expect("the clock starts at zero and goes forward")
}
