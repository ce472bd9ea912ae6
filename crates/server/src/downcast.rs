use std::any::Any;

/// The same value, if its type is `U`. The compiler knows the answer.
pub(crate) fn downcast<T: 'static, U: 'static>(value: T) -> Result<U, T> {
    let mut value = Some(value);
    let same = (&mut value as &mut dyn Any).downcast_mut::<Option<U>>().and_then(Option::take);
    same.ok_or_else(|| value.expect("it was not taken"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_type_is_converted() {
        assert_eq!(downcast::<_, u8>(1_u8), Ok(1));
        assert_eq!(downcast::<_, u8>("a"), Err("a"));
    }
}
