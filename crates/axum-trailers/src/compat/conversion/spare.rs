//! Emptied maps of earlier heads, for reuse. Each thread keeps some: a map's memory is most of what a conversion would
//! have to allocate.

use http_02::Extensions;
use std::cell::RefCell;

/// How many maps of each kind a thread keeps: 85 KB if they are of the usual size, and some 700 KB if they are of the
/// largest. (`http` does not tell how much room a map has for further values of a name. Limits bound what clients send.)
const MOST: usize = 128;

/// Smaller maps are not kept, since they would have to grow. A map has this much room after its first field.
pub const USUAL: usize = 6;

/// Maps with room for more names, or with more values, are not kept: clients must not be able to occupy the server's memory.
const LARGEST: usize = 48;

/// A map that a conversion can start with.
pub trait Spare: Default + Sized + 'static {
    /// Removes everything except the allocation.
    fn clear(&mut self);

    /// Whether it has some room, but not too much.
    fn is_worth_keeping(&self) -> bool;

    /// Gives access to the maps that this thread keeps. `None` before the first one was taken: maps that nobody takes are
    /// not kept.
    fn with_kept<T>(use_it: impl FnOnce(&mut Option<Vec<Self>>) -> T) -> T;
}

/// Returns an empty map.
#[must_use]
pub fn take<S: Spare>() -> S {
    S::with_kept(|kept| kept.get_or_insert_default().pop()).unwrap_or_default()
}

/// Keeps a map for [`take`].
pub fn give<S: Spare>(mut used: S) {
    if used.is_worth_keeping() {
        used.clear();
        S::with_kept(|kept| {
            if let Some(kept) = kept.as_mut().filter(|kept| kept.len() < MOST) {
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

            fn with_kept<T>(use_it: impl FnOnce(&mut Option<Vec<Self>>) -> T) -> T {
                thread_local! {
                    static KEPT: RefCell<Option<Vec<$kind>>> = const { RefCell::new(None) };
                }
                KEPT.with_borrow_mut(use_it)
            }
        }
    };
}

// The capacity is that for names. Further values of a name have an allocation of their own.
spare!(http_02::HeaderMap, |map: &Self| (USUAL..=LARGEST).contains(&map.capacity()) && map.len() <= LARGEST);
spare!(http::HeaderMap, |map: &Self| (USUAL..=LARGEST).contains(&map.capacity()) && map.len() <= LARGEST);
spare!(Extensions, |extensions: &Self| !extensions.is_empty());

#[cfg(test)]
mod tests {
    use super::*;
    use http_02::{HeaderMap, HeaderName, HeaderValue};
    use std::sync::Arc;

    fn map(names: usize) -> HeaderMap {
        let mut map = HeaderMap::new();
        for n in 0..names {
            map.insert(HeaderName::try_from(format!("x-{n}")).expect("a name"), HeaderValue::from(n));
        }
        map
    }

    #[test]
    fn given_map_is_returned_empty_with_its_capacity() {
        let used = map(3);
        let capacity = used.capacity();
        give(map(3));
        assert_eq!(take::<HeaderMap>().capacity(), 0, "nobody had taken one before");
        give(used);
        let next: HeaderMap = take();
        assert_eq!((next.len(), next.capacity()), (0, capacity));
        let another: HeaderMap = take();
        assert_eq!(another.capacity(), 0);

        assert!(take::<Extensions>().is_empty());
        let (value, mut extensions) = (Arc::new(()), Extensions::new());
        extensions.insert(value.clone());
        give(extensions);
        assert_eq!(Arc::strong_count(&value), 1);
        assert!(take::<Extensions>().is_empty());
    }

    #[test]
    fn small_large_and_excess_maps_are_not_kept() {
        let mut values = map(1);
        for n in 0..LARGEST {
            values.append("x-0", HeaderValue::from(n));
        }
        for not_kept in [HeaderMap::new(), HeaderMap::with_capacity(USUAL / 2), map(2 * LARGEST), values] {
            give(not_kept);
            assert_eq!(take::<HeaderMap>().capacity(), 0);
        }
        (0..2 * MOST).for_each(|_| give(map(1)));
        HeaderMap::with_kept(|kept| assert_eq!(kept.as_ref().map(Vec::len), Some(MOST)));
    }
}
