use std::{fmt, str::FromStr};

/// The user name and password of `--user`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl FromStr for Credentials {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (user, password) = text.split_once(':').ok_or("expected USER:PASSWORD")?;
        if text.chars().any(char::is_control) {
            return Err("expected USER:PASSWORD without control characters");
        }
        Ok(Self { user: user.to_owned(), password: password.to_owned() })
    }
}

/// Without the password.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_is_what_follows_the_first_colon_and_is_not_in_debug_output() {
        let credentials: Credentials = "a:b:c".parse().expect("valid");
        assert_eq!((&*credentials.user, &*credentials.password), ("a", "b:c"));
        assert!(!format!("{credentials:?}").contains("b:c"));
        for wrong in ["", "user", "user:pass\nword"] {
            assert!(wrong.parse::<Credentials>().is_err(), "{wrong}");
        }
    }
}
