use super::json::milliseconds;
use serde_json::{Value, json};
use std::{collections::VecDeque, time::Duration};

/// How many pieces are kept from the beginning of the content, and how many from its end.
const KEPT: usize = 32;

/// The pieces in which content is sent or arrives.
#[derive(Default)]
pub(super) struct Pieces {
    bytes: u64,
    count: u64,
    first: Vec<Piece>,
    last: VecDeque<Piece>,
}

#[derive(Clone, Copy)]
struct Piece {
    at: Duration,
    bytes: usize,
}

impl Pieces {
    /// `at` is the time since the request. The body of axum 0.6 also yields empty chunks, which are no pieces.
    pub(super) fn add(&mut self, at: Duration, bytes: usize) {
        if bytes == 0 {
            return;
        }
        self.bytes += bytes as u64;
        self.count += 1;
        let piece = Piece { at, bytes };
        if self.first.len() < KEPT {
            self.first.push(piece);
        } else {
            if self.last.len() == KEPT {
                self.last.pop_front();
            }
            self.last.push_back(piece);
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// `sum` is the name of the member with the number of bytes.
    pub(super) fn to_json(&self, sum: &str) -> Value {
        json!({
            (sum): self.bytes,
            "pieces": self.count,
            "first": self.first.iter().copied().map(Piece::to_json).collect::<Value>(),
            "last": self.last.iter().copied().map(Piece::to_json).collect::<Value>(),
        })
    }
}

impl Piece {
    fn to_json(self) -> Value {
        json!([milliseconds(self.at), self.bytes])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_and_last_pieces_are_kept() {
        let mut pieces = Pieces::default();
        for bytes in 1..=100 {
            pieces.add(Duration::from_millis(bytes), usize::try_from(bytes).expect("small"));
        }
        let json = pieces.to_json("bytes");
        assert_eq!((&json["bytes"], &json["pieces"]), (&5050.into(), &100.into()));
        let kept = |range: std::ops::RangeInclusive<u64>| -> Value {
            range.map(|n| json!([Duration::from_millis(n).as_secs_f64() * 1e3, n])).collect()
        };
        assert_eq!((&json["first"], &json["last"]), (&kept(1..=32), &kept(69..=100)));
    }
}
