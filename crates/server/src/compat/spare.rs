//! Maps of heads that have gone their way, emptied, for those that come next. Each thread keeps some: what a map has
//! allocated is most of what a conversion would have to allocate.

use http::Extensions;
use std::cell::RefCell;

/// So many of each kind are kept by a thread: some hundred kilobytes.
const MOST: usize = 128;

/// Maps with less room than this are not kept, since they would have to grow: what an empty one takes for its first field.
pub(super) const USUAL: usize = 6;

/// Nor are those with room for more fields than this: what a client has sent must not stay with the server.
const LARGEST: usize = 48;

/// What a conversion can begin with.
pub(super) trait Spare: Default + Sized + 'static {
    /// Removes everything but what is allocated.
    fn clear(&mut self);

    /// Whether it has room for something, and not for too much.
    fn is_worth_keeping(&self) -> bool;

    fn with_kept<T>(use_it: impl FnOnce(&mut Vec<Self>) -> T) -> T;
}

/// An empty one.
pub(super) fn take<S: Spare>() -> S {
    S::with_kept(Vec::pop).unwrap_or_default()
}

/// Keeps one for [`take`].
pub(super) fn give<S: Spare>(mut used: S) {
    if used.is_worth_keeping() {
        used.clear();
        S::with_kept(|kept| {
            if kept.len() < MOST {
                kept.push(used);
            }
        });
    }
}

macro_rules! spare {
    ($kind:ty, $is_worth_keeping:expr) => {
        impl Spare for $kind {
            fn clear(&mut self) {
                self.clear();
            }

            fn is_worth_keeping(&self) -> bool {
                $is_worth_keeping(self)
            }

            fn with_kept<T>(use_it: impl FnOnce(&mut Vec<Self>) -> T) -> T {
                thread_local! {
                    static KEPT: RefCell<Vec<$kind>> = const { RefCell::new(Vec::new()) };
                }
                KEPT.with_borrow_mut(use_it)
            }
        }
    };
}

spare!(http::HeaderMap, |map: &Self| (USUAL..=LARGEST).contains(&map.capacity()));
spare!(http_1::HeaderMap, |map: &Self| (USUAL..=LARGEST).contains(&map.capacity()));
spare!(Extensions, |extensions: &Self| !extensions.is_empty());

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderName, HeaderValue};

    fn map(names: usize) -> HeaderMap {
        let mut map = HeaderMap::new();
        for n in 0..names {
            map.insert(HeaderName::try_from(format!("x-{n}")).expect("a name"), HeaderValue::from(n));
        }
        map
    }

    #[test]
    fn what_is_given_is_taken_empty_and_with_its_room() {
        let used = map(3);
        let capacity = used.capacity();
        give(used);
        let next: HeaderMap = take();
        assert_eq!((next.len(), next.capacity()), (0, capacity));
        let another: HeaderMap = take();
        assert_eq!(another.capacity(), 0);

        let mut extensions = Extensions::new();
        extensions.insert("secret");
        give(extensions);
        assert!(take::<Extensions>().get::<&str>().is_none());
    }

    #[test]
    fn neither_small_and_large_ones_nor_too_many_are_kept() {
        for not_kept in [HeaderMap::new(), HeaderMap::with_capacity(USUAL / 2), map(2 * LARGEST)] {
            give(not_kept);
            assert_eq!(take::<HeaderMap>().capacity(), 0);
        }
        (0..2 * MOST).for_each(|_| give(map(1)));
        HeaderMap::with_kept(|kept| assert_eq!(kept.len(), MOST));
    }
}
