use crate::client::escape;

/// Whether content that arrives in pieces is text that a terminal can show: UTF-8 without control characters except line ends
/// and tabs, and without those that change the direction of text. A terminal obeys them, so binary data can change its state,
/// and a hostile text can hide a part of itself.
#[derive(Debug, Default)]
pub(in crate::client) struct TerminalText {
    /// The beginning of a character at the end of the last piece.
    begun: Vec<u8>,
}

impl TerminalText {
    /// Adds a piece. Returns whether all of it is text.
    pub(in crate::client) fn accepts(&mut self, piece: &[u8]) -> bool {
        let joined;
        let bytes = if self.begun.is_empty() {
            piece
        } else {
            joined = [&self.begun, piece].concat();
            &joined
        };
        let (text, rest) = match str::from_utf8(bytes) {
            Ok(text) => (text, &[][..]),
            Err(error) if error.error_len().is_none() => {
                let (text, rest) = bytes.split_at(error.valid_up_to());
                (str::from_utf8(text).unwrap_or_default(), rest)
            }
            Err(_) => return false,
        };
        let is_harmless = |character| "\n\r\t".contains(character) || !escape::changes_text(character);
        let is_text = text.chars().all(is_harmless);
        self.begun = rest.to_vec();
        is_text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_may_be_divided_anywhere() {
        let text = "\u{feff}a\r\n\tä 漢 𝄞 👩\u{200d}🚀".as_bytes();
        for at in 0..=text.len() {
            let mut guard = TerminalText::default();
            let (one, two) = text.split_at(at);
            assert!(guard.accepts(one) && guard.accepts(two), "{at}");
        }
    }

    #[test]
    fn control_characters_and_binary_data_are_no_text() {
        for data in [
            &b"\0"[..],
            b"\x1b[2J",
            b"\x08",
            b"\x7f",
            b"\xc2\x9b",
            b"\xe2\x80\xae",
            b"\xff",
            b"\xc3(",
            b"\x80",
        ] {
            for at in 0..=data.len() {
                let mut guard = TerminalText::default();
                let (one, two) = data.split_at(at);
                assert!(!(guard.accepts(one) && guard.accepts(two)), "{data:?} {at}");
            }
        }
    }
}
