use super::{Declared, why_forbidden};
use crate::compat::Fields;

/// Which trailer fields a producer sends: those that always follow, and those that may be missing.
///
/// Most bodies need only the first kind, for which [`Declared`] is enough:
///
/// ```
/// use axum_trailers::{declared, trailers::{Declaration, STREAM_ERROR}};
///
/// let simple = Declaration::from(declared!["x-row-count"]);
///
/// let more = Declaration::required(declared!["x-row-count"])
///     .optional(declared!["x-next-cursor"])
///     .on_failure(declared!["x-stream-error"]);
/// assert!(more.permits("x-next-cursor") && more.permits(STREAM_ERROR) && !more.permits("x-other"));
/// ```
///
/// | Kind | Passed to `finish` | Passed to `fail_with_trailers` | In `Trailer` |
/// |---|---|---|---|
/// | [`required`](Self::required) | yes | maybe | yes |
/// | [`optional`](Self::optional) | maybe | maybe | only over HTTP/1.1 |
/// | [`on_failure`](Self::on_failure) | no | maybe | only over HTTP/1.1 |
/// | [`undeclared`](Self::undeclared) | maybe | maybe | no: over HTTP/1.1 they are dropped |
///
/// Over HTTP/1.1, HTTP libraries such as hyper send only announced trailers. Optional fields and those of failures are
/// therefore announced there, and a field of failures is sent with an empty value if there was no failure: with a required
/// field or one of failures, a missing trailer section always means a cut transfer. Over HTTP/2 and HTTP/3 they are not announced, and sent only if they have
/// a value. That is what axum-trailers-server does; other servers do over all protocols what it does over HTTP/1.1.
#[derive(Clone, Debug, Default)]
pub struct Declaration {
    required: Declared,
    /// In a box, because hardly any body has them.
    others: Option<Box<Others>>,
}

#[derive(Clone, Debug, Default)]
struct Others {
    optional: Declared,
    on_failure: Declared,
    permits_all: bool,
}

impl Declaration {
    /// Declares fields that follow each body that is complete. They are announced in `Trailer`
    /// ([RFC 9110 §6.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-6.6.2)).
    #[must_use]
    pub fn required(fields: Declared) -> Self {
        Self { required: fields, others: None }
    }

    /// Declares fields that may be missing. They are added to those that were declared before; a field that was declared
    /// as another kind stays that kind.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "`declared!` makes a value")]
    pub fn optional(mut self, fields: Declared) -> Self {
        let new = self.without_declared(&fields);
        let optional = &mut self.others.get_or_insert_default().optional;
        *optional = optional.and(&new);
        self
    }

    /// Declares fields that only report a failure, such as [`STREAM_ERROR`](super::STREAM_ERROR). They are added to those
    /// that were declared before; a field that was declared as another kind stays that kind.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "`declared!` makes a value")]
    pub fn on_failure(mut self, fields: Declared) -> Self {
        let new = self.without_declared(&fields);
        let on_failure = &mut self.others.get_or_insert_default().on_failure;
        *on_failure = on_failure.and(&new);
        self
    }

    /// Permits fields that are not declared. Over HTTP/2 and HTTP/3 they are sent. Over HTTP/1.1, axum-trailers-server
    /// drops them, logs a warning, and counts the trailers as withheld.
    #[must_use]
    pub fn undeclared(mut self) -> Self {
        self.others.get_or_insert_default().permits_all = true;
        self
    }

    /// Whether trailers may contain the field. The name is in lower case, as in a `HeaderName`.
    #[must_use]
    pub fn permits(&self, name: impl AsRef<str>) -> bool {
        let name = name.as_ref();
        let permits_all = self.others.as_ref().is_some_and(|others| others.permits_all);
        self.declares(name) || (permits_all && why_forbidden(name).is_none())
    }

    fn declares(&self, name: &str) -> bool {
        self.required.contains(name) || self.others.as_ref().is_some_and(|others| others.contains(name))
    }

    /// Those of the fields that are not declared yet.
    fn without_declared(&self, fields: &Declared) -> Declared {
        Declared::new(fields.iter().filter(|name| !self.declares(name))).expect("they were checked")
    }

    /// Whether there are never any trailers.
    pub(crate) fn is_empty(&self) -> bool {
        self.required.is_empty() && self.others.as_ref().is_none_or(|others| others.is_empty())
    }

    /// Whether there are fields that may be missing.
    pub(crate) fn has_others(&self) -> bool {
        self.others.is_some()
    }

    /// Announces all fields in a `Trailer` field.
    pub(crate) fn announce(&self, headers: &mut impl Fields) {
        self.required.write(headers);
        if let Some(others) = &self.others {
            others.optional.write(headers);
            others.on_failure.write(headers);
        }
    }

    pub(crate) fn required_fields(&self) -> &Declared {
        &self.required
    }

    pub(crate) fn failure_fields(&self) -> Option<&Declared> {
        self.others.as_ref().map(|others| &others.on_failure)
    }

    /// Whether the field may be missing although it is announced.
    pub(crate) fn may_lack(&self, name: &str) -> bool {
        !self.required.contains(name) && self.others.as_ref().is_some_and(|others| others.contains(name))
    }
}

impl Others {
    fn contains(&self, name: &str) -> bool {
        self.optional.contains(name) || self.on_failure.contains(name)
    }

    fn is_empty(&self) -> bool {
        self.optional.is_empty() && self.on_failure.is_empty() && !self.permits_all
    }
}

/// All of them are required.
impl From<Declared> for Declaration {
    fn from(fields: Declared) -> Self {
        Self::required(fields)
    }
}
