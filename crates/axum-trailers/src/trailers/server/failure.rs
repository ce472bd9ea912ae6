use crate::{
    compat::Fields,
    trailers::{Declaration, Declared},
};
use http::header::TRAILER;
use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// Whether the trailers of a response report a failure, and which fields report it: those passed to
/// [`Sender::fail_with_trailers`](crate::body::Sender::fail_with_trailers).
///
/// It is in the extensions of a response whose body comes from a [`channel`](crate::body::channel). Layers and the
/// server check it at the end of the data: such a body is well-formed but incomplete, so it gets no digest, for
/// example. A server that can't send the fields that report the failure cuts the transfer. If no server
/// [watches](Self::watch) the mark, the body ends in an error instead.
#[derive(Clone, Debug)]
pub struct FailureMark(Arc<dyn Marked>);

/// What a mark is kept in: the state of its body, so that it needs no allocation of its own.
pub(crate) trait Marked: fmt::Debug + Send + Sync {
    fn mark(&self) -> &Mark;

    /// What its body may send.
    fn declaration(&self) -> Option<&Declaration> {
        None
    }
}

#[derive(Debug, Default)]
pub(crate) struct Mark {
    fields: OnceLock<Declared>,
    is_watched: AtomicBool,
    leaves_out_optional: AtomicBool,
}

impl Mark {
    /// Marks the body as failed; these fields report it.
    pub(crate) fn set(&self, fields: Declared) {
        // Only a sender sets it, and setting it consumes the sender, so it is set once.
        let _first = self.fields.set(fields);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.fields.get().is_some()
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.is_watched.load(Relaxed)
    }

    pub(crate) fn leaves_out_optional(&self) -> bool {
        self.leaves_out_optional.load(Relaxed)
    }
}

impl Marked for Mark {
    fn mark(&self) -> &Mark {
        self
    }
}

/// A mark that is never set.
impl Default for FailureMark {
    fn default() -> Self {
        Self(Arc::new(Mark::default()))
    }
}

impl FailureMark {
    pub(crate) fn of(marked: Arc<dyn Marked>) -> Self {
        Self(marked)
    }

    /// Whether the body has ended with a failure in its trailers.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.mark().is_set()
    }

    /// Marks the failure as handled by the server, which checks the mark at the end of the data. Call it before the body
    /// is polled.
    pub fn watch(&self) {
        self.0.mark().is_watched.store(true, Relaxed);
    }

    /// Removes the fields from `Trailer` that need not follow (see [`Declaration`]): for protocols over which unannounced
    /// trailers can be sent. Call it before the body is polled, because the body then sends them only if they have a
    /// value.
    pub fn leave_out_optional(&self, headers: &mut impl Fields) {
        self.0.mark().leaves_out_optional.store(true, Relaxed);
        let Some(declaration) = self.0.declaration().filter(|declaration| declaration.has_others()) else {
            return;
        };
        let announced = Declared::read(headers);
        let required = announced.iter().filter(|name| !declaration.may_lack(name));
        let required = Declared::new(required).expect("they were checked");
        headers.unset(&TRAILER);
        required.write(headers);
    }

    /// Whether the field need not follow although it is announced.
    #[must_use]
    pub fn may_lack(&self, name: impl AsRef<str>) -> bool {
        self.0.declaration().is_some_and(|declaration| declaration.may_lack(name.as_ref()))
    }

    /// Whether a trailer section contains all fields that report the failure. True if there is no failure.
    #[must_use]
    pub fn is_reported_in(&self, section: &impl Fields) -> bool {
        self.0.mark().fields.get().is_none_or(|fields| fields.are_all_in(section))
    }
}
