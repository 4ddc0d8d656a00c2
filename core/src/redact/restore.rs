//! An answer with its values back, on the device, while it streams.

use std::borrow::Borrow;
use std::fmt;

use super::placeholder::{Piece, Placeholders, Reader};

/// Puts values back into an answer that comes in pieces; a placeholder may be split over any of them.
///
/// `P` is the placeholders, or a reference to them.
pub struct Restorer<P> {
    placeholders: P,
    reader: Reader,
}

impl<P: Borrow<Placeholders>> Restorer<P> {
    /// For the answer to a request that these placeholders are of.
    pub fn new(placeholders: P) -> Self {
        Self {
            placeholders,
            reader: Reader::default(),
        }
    }

    /// What can be shown after `delta`. At most one unfinished placeholder, some forty bytes, waits for more.
    pub fn push(&mut self, delta: &str) -> String {
        let mut shown = String::with_capacity(delta.len());
        let placeholders = self.placeholders.borrow();
        self.reader
            .push(delta, |piece| show(placeholders, piece, &mut shown));
        shown
    }

    /// What still waited when the answer ended.
    pub fn finish(self) -> String {
        let mut shown = String::new();
        let placeholders = self.placeholders.borrow();
        self.reader
            .finish(|piece| show(placeholders, piece, &mut shown));
        shown
    }
}

impl<P: Borrow<Placeholders>> fmt::Debug for Restorer<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Restorer")
            .field("placeholders", self.placeholders.borrow())
            .finish_non_exhaustive()
    }
}

fn show(placeholders: &Placeholders, piece: Piece<'_>, shown: &mut String) {
    match piece {
        Piece::Text(text) => shown.push_str(text),
        // A placeholder that was not given out stays: the text had it, or the model made it up.
        Piece::Found(placeholder, written) => {
            shown.push_str(placeholders.value(placeholder).unwrap_or(written))
        }
    }
}

/// `text` with the values back.
pub fn restore(text: &str, placeholders: &Placeholders) -> String {
    let mut restorer = Restorer::new(placeholders);
    let mut restored = restorer.push(text);
    restored.push_str(&restorer.finish());
    restored
}

#[cfg(test)]
mod tests {
    use super::super::{Finding, Kind, Reason, redact};
    use super::*;

    fn placeholders() -> Placeholders {
        let text = "Anna and Ben";
        let found = |start, end| Finding::new(Kind::Person, start..end, 90, Reason::NameList);
        redact(&[(text, &[found(0, 4), found(9, 12)])]).placeholders
    }

    #[test]
    fn values_come_back_at_every_split() {
        let placeholders = placeholders();
        let answer = "Dear [PERSON_1] [and [PERSON_2]], [person\\_1]! [PERSON_3] [x] [";
        let expected = "Dear Anna [and Ben], Anna! [PERSON_3] [x] [";
        assert_eq!(restore(answer, &placeholders), expected);
        for first in 0..=answer.len() {
            for second in first..=answer.len() {
                let mut restorer = Restorer::new(&placeholders);
                let mut shown = String::new();
                for piece in [&answer[..first], &answer[first..second], &answer[second..]] {
                    shown.push_str(&restorer.push(piece));
                }
                shown.push_str(&restorer.finish());
                assert_eq!(shown, expected, "{first}, {second}");
            }
        }
    }

    #[test]
    fn little_waits() {
        let placeholders = placeholders();
        let mut restorer = Restorer::new(&placeholders);
        assert_eq!(restorer.push("see [1"), "see ");
        assert_eq!(restorer.push(" and"), "[1 and");
        let long = format!("[{}", "A".repeat(100));
        assert!(restorer.push(&long).len() > 50);
    }
}
