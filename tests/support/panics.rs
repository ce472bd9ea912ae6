//! Panics of the server, which its threads would hide. Those on purpose are in the code of tests.

use std::{
    panic::{self, PanicHookInfo},
    sync::{Mutex, Once, PoisonError},
    thread,
};

static OF_THE_SERVER: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Notes panics from now on.
pub(crate) fn watch() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if is_of_the_server(panic) {
                OF_THE_SERVER.lock().unwrap_or_else(PoisonError::into_inner).push(panic.to_string());
            }
            print(panic);
        }));
    });
}

fn is_of_the_server(panic: &PanicHookInfo<'_>) -> bool {
    let is_serving = thread::current().name().is_some_and(|name| name.starts_with("trailers"));
    is_serving && panic.location().is_some_and(|place| !place.file().starts_with("tests"))
}

/// Asserts that no server of this process has panicked.
pub(crate) fn assert_none() {
    let panics = OF_THE_SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(panics.is_empty(), "the server of this or another test has panicked: {panics:?}");
}
