use super::sealed::Sealed;
use http::{HeaderName, HeaderValue, StatusCode, Version};

/// A field name: a string, bytes, or the `HeaderName` of either generation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be used as a field name",
    label = "use `&str`, `String` or `http::HeaderName`; for `http` 0.2's `HeaderName` enable the feature `axum-06` of axum-trailers"
)]
pub trait FieldName: Sealed {
    /// The name for `http` 1, or `None` if it is malformed.
    fn into_name(self) -> Option<HeaderName>;
}

/// A field value: a string, bytes, a number, or the `HeaderValue` of either generation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be used as a field value",
    label = "use `&str`, `String`, an integer or `http::HeaderValue`; for `http` 0.2's `HeaderValue` enable the feature `axum-06` of axum-trailers"
)]
pub trait FieldValue: Sealed {
    /// The value for `http` 1, or `None` if it is malformed.
    fn into_value(self) -> Option<HeaderValue>;
}

/// The `StatusCode` of either generation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a status of an enabled version of `http`",
    label = "`http` 1 always works; `http` 0.2 (axum 0.6) needs the feature `axum-06` of axum-trailers"
)]
pub trait Status: Sealed {
    /// The status for `http` 1.
    fn into_status(self) -> StatusCode;
}

/// The `Version` of either generation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a protocol version of an enabled version of `http`",
    label = "`http` 1 always works; `http` 0.2 (axum 0.6) needs the feature `axum-06` of axum-trailers"
)]
pub trait ProtocolVersion: Sealed {
    /// The version for `http` 1.
    fn into_version(self) -> Version;
}

macro_rules! names {
    ($($type:ty),+ $(,)?) => {
        $(
            #[diagnostic::do_not_recommend]
            impl FieldName for $type {
                fn into_name(self) -> Option<HeaderName> {
                    self.try_into().ok()
                }
            }
        )+
    };
}

macro_rules! values {
    ($($type:ty),+ $(,)?) => {
        $(
            #[diagnostic::do_not_recommend]
            impl FieldValue for $type {
                fn into_value(self) -> Option<HeaderValue> {
                    self.try_into().ok()
                }
            }
        )+
    };
}

macro_rules! sealed {
    ($($type:ty),+ $(,)?) => {
        $(impl Sealed for $type {})+
    };
}

sealed!(
    &str,
    &String,
    String,
    &[u8],
    Vec<u8>,
    HeaderName,
    &HeaderName,
    HeaderValue,
    &HeaderValue,
    StatusCode
);
sealed!(Version);
sealed!(i16, i32, i64, isize, u16, u32, u64, usize);
names!(&str, &String, String, &[u8], Vec<u8>, HeaderName, &HeaderName);
values!(&str, &String, String, &[u8], Vec<u8>, HeaderName, HeaderValue, &HeaderValue);
values!(i16, i32, i64, isize, u16, u32, u64, usize);

#[diagnostic::do_not_recommend]
impl ProtocolVersion for Version {
    fn into_version(self) -> Version {
        self
    }
}

#[diagnostic::do_not_recommend]
impl Status for StatusCode {
    fn into_status(self) -> StatusCode {
        self
    }
}

#[cfg(feature = "axum-06")]
mod generation_02 {
    use super::{
        FieldName, FieldValue, HeaderName, HeaderValue, ProtocolVersion, Sealed, Status, StatusCode, Version,
    };
    use crate::compat::conversion::{name_1, status_1, value_1, version_1};
    use http_02::{
        HeaderName as Name02, HeaderValue as Value02, StatusCode as Status02, Version as Version02,
    };

    sealed!(Name02, &Name02, Value02, &Value02, Status02, Version02);

    #[diagnostic::do_not_recommend]
    impl FieldName for &Name02 {
        fn into_name(self) -> Option<HeaderName> {
            name_1(self).ok()
        }
    }

    #[diagnostic::do_not_recommend]
    impl FieldName for Name02 {
        fn into_name(self) -> Option<HeaderName> {
            (&self).into_name()
        }
    }

    #[diagnostic::do_not_recommend]
    impl FieldValue for &Value02 {
        fn into_value(self) -> Option<HeaderValue> {
            Some(value_1(self))
        }
    }

    #[diagnostic::do_not_recommend]
    impl FieldValue for Value02 {
        fn into_value(self) -> Option<HeaderValue> {
            (&self).into_value()
        }
    }

    #[diagnostic::do_not_recommend]
    impl ProtocolVersion for Version02 {
        fn into_version(self) -> Version {
            version_1(self)
        }
    }

    #[diagnostic::do_not_recommend]
    impl Status for Status02 {
        fn into_status(self) -> StatusCode {
            status_1(self)
        }
    }
}
