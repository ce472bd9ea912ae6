/// The elements of a field line from the right, without whitespace. `None` is one that is longer than
/// [`LONGEST`](Self::LONGEST).
pub(super) struct Elements<'l> {
    rest: Option<&'l [u8]>,
    last_comma: fn(&[u8]) -> Option<usize>,
}

impl<'l> Elements<'l> {
    /// In bytes, so that the work is limited however long the line is.
    pub(super) const LONGEST: usize = 1024;

    /// `last_comma` finds the comma in front of the last element.
    pub(super) fn of(line: &'l [u8], last_comma: fn(&[u8]) -> Option<usize>) -> Self {
        Self { rest: Some(line), last_comma }
    }
}

impl<'l> Iterator for Elements<'l> {
    type Item = Option<&'l [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        // One byte more for the comma.
        let (far, near) = rest.split_at(rest.len().saturating_sub(Self::LONGEST + 1));
        let Some(comma) = (self.last_comma)(near) else {
            return Some(far.is_empty().then(|| near.trim_ascii()).filter(|all| all.len() <= Self::LONGEST));
        };
        self.rest = rest.get(..far.len() + comma);
        Some(near.get(comma + 1..).map(<[u8]>::trim_ascii))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_address::x_forwarded_for::last_comma;

    #[test]
    fn elements_come_from_the_right_until_one_is_too_long() {
        let all = |line: &'static [u8]| Elements::of(line, last_comma).collect::<Vec<_>>();
        let some = |elements: &[&'static str]| -> Vec<Option<&[u8]>> {
            elements.iter().map(|element| Some(element.as_bytes())).collect()
        };
        assert_eq!(all(b"a, b ,\tc"), some(&["c", "b", "a"]));
        assert_eq!(all(b""), some(&[""]));
        assert_eq!(all(b",a,"), some(&["", "a", ""]));
        for (length, fits) in [(Elements::LONGEST, true), (Elements::LONGEST + 1, false)] {
            let element = vec![b'x'; length];
            let expected = fits.then_some(&element[..]);
            let first = |line: &[u8]| {
                let mut elements = Elements::of(line, last_comma);
                elements.next().flatten().map(<[u8]>::to_vec)
            };
            assert_eq!(first(&element).as_deref(), expected, "{length}");
            assert_eq!(first(&[&b"a,"[..], &element].concat()).as_deref(), expected, "{length}");
        }
    }
}
