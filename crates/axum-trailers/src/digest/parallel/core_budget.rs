use std::{
    num::NonZero,
    sync::{LazyLock, Mutex, PoisonError},
    thread::available_parallelism,
    time::Instant,
};

/// Counts the bodies that have large chunks at the same time as this one.
#[derive(Debug, Default)]
pub(super) struct CoreBudget {
    counted: Option<u64>,
}

/// How many bodies had large chunks in this tenth of a second and in the one before. A body whose reader has stopped does not
/// count for long, and short bodies in sequence count like several at once.
static LATELY: Mutex<Lately> = Mutex::new(Lately { tenth: 0, now: 0, before: 0 });

pub(super) static CORES: LazyLock<usize> = LazyLock::new(|| available_parallelism().map_or(1, NonZero::get));
static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

impl CoreBudget {
    /// Returns whether there are two cores for each of them, one to send it and one to hash it.
    pub(super) fn leaves_cores(&mut self) -> bool {
        let tenth = u64::try_from(BEGIN.elapsed().as_millis() / 100).unwrap_or(u64::MAX);
        let mut lately = LATELY.lock().unwrap_or_else(PoisonError::into_inner);
        lately.reach(tenth);
        if self.counted.replace(tenth) != Some(tenth) {
            lately.now += 1;
        }
        lately.most() * 2 <= *CORES
    }
}

#[derive(Debug)]
struct Lately {
    tenth: u64,
    now: usize,
    before: usize,
}

impl Lately {
    fn reach(&mut self, tenth: u64) {
        if tenth > self.tenth {
            self.before = if tenth == self.tenth + 1 { self.now } else { 0 };
            self.now = 0;
            self.tenth = tenth;
        }
    }

    fn most(&self) -> usize {
        self.now.max(self.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_count_for_a_tenth_of_a_second_and_the_next() {
        let mut lately = Lately { tenth: 0, now: 0, before: 0 };
        let mut most = |tenth, more| {
            lately.reach(tenth);
            lately.now += more;
            lately.most()
        };
        assert_eq!([most(1, 2), most(1, 1), most(2, 1), most(3, 1), most(5, 0)], [2, 3, 3, 1, 0]);
    }
}
