use super::sealed::Sealed;
use crate::trailers::{TrailerError, Trailers};
use http::HeaderMap;

/// The fields of a trailer section: [`Trailers`], or the `HeaderMap` of either generation, which is checked.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be used as trailers",
    label = "use `Trailers` or `http::HeaderMap`; for `http` 0.2's `HeaderMap` enable the feature `axum-06` of axum-trailers"
)]
pub trait IntoTrailers: Sealed {
    /// The checked fields.
    ///
    /// # Errors
    ///
    /// [`TrailerError`] if a field is not permitted in a trailer section.
    fn into_trailers(self) -> Result<Trailers, TrailerError>;
}

impl Sealed for Trailers {}

#[diagnostic::do_not_recommend]
impl IntoTrailers for Trailers {
    fn into_trailers(self) -> Result<Trailers, TrailerError> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl IntoTrailers for HeaderMap {
    fn into_trailers(self) -> Result<Trailers, TrailerError> {
        self.try_into()
    }
}

#[cfg(feature = "axum-06")]
mod generation_02 {
    use super::{IntoTrailers, TrailerError, Trailers};
    use crate::compat::conversion::{ConversionError, to_1, to_02};
    use http_02::HeaderMap;

    #[diagnostic::do_not_recommend]
    impl IntoTrailers for HeaderMap {
        fn into_trailers(self) -> Result<Trailers, TrailerError> {
            self.try_into()
        }
    }

    /// Checks every field of an existing map.
    impl TryFrom<HeaderMap> for Trailers {
        type Error = TrailerError;

        fn try_from(fields: HeaderMap) -> Result<Self, TrailerError> {
            match to_1(&fields) {
                Ok(fields) => fields.try_into(),
                Err(ConversionError::Name { .. }) => Err(TrailerError::Name),
                Err(ConversionError::TooMany) => Err(TrailerError::TooMany),
            }
        }
    }

    impl TryFrom<Trailers> for HeaderMap {
        type Error = ConversionError;

        fn try_from(trailers: Trailers) -> Result<Self, ConversionError> {
            to_02(trailers.as_map())
        }
    }
}
