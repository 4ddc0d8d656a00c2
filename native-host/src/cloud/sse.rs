//! Server-sent events, piece by piece. Source: the HTML standard, section "Parsing an event stream"; fields other than
//! `data` are of no use here and are skipped.

use super::error::CloudError;

/// Longest line, in bytes. A token of an answer takes some two hundred.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// Puts lines together from whatever pieces they come in.
#[derive(Debug, Default)]
pub struct EventStream {
    line: Vec<u8>,
    data: Option<String>,
    /// The last piece ended in a carriage return: a line feed in front of the next one belongs to it.
    was_return: bool,
}

impl EventStream {
    /// Takes a piece, and gives the data of the events that are complete now.
    ///
    /// # Errors
    /// [`CloudError::Invalid`] for a line that is not UTF-8, [`CloudError::TooLarge`] for one without end. What came
    /// before in the same piece is lost then; the stream is of no use any more.
    pub fn push(&mut self, piece: &[u8]) -> Result<Vec<String>, CloudError> {
        let mut events = Vec::new();
        for &byte in piece {
            match byte {
                b'\n' if self.was_return => self.was_return = false,
                b'\n' | b'\r' => {
                    self.was_return = byte == b'\r';
                    events.extend(self.end_line()?);
                }
                _ => {
                    self.was_return = false;
                    self.line.push(byte);
                    let held = self.line.len() + self.data.as_ref().map_or(0, String::len);
                    if held > MAX_LINE_BYTES {
                        return Err(CloudError::TooLarge {
                            limit_bytes: MAX_LINE_BYTES,
                        });
                    }
                }
            }
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Result<Option<String>, CloudError> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return Ok(self.data.take());
        }
        let line = String::from_utf8(line).map_err(|_| CloudError::Invalid("it is not UTF-8"))?;
        let Some(value) = line.strip_prefix("data:") else {
            // A comment, which keeps the connection alive, or a field of no use.
            return Ok(None);
        };
        let value = value.strip_prefix(' ').unwrap_or(value);
        match &mut self.data {
            Some(data) => {
                data.push('\n');
                data.push_str(value);
            }
            None => self.data = Some(value.to_owned()),
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events(pieces: &[&[u8]]) -> Result<Vec<String>, CloudError> {
        let mut stream = EventStream::default();
        let mut events = Vec::new();
        for piece in pieces {
            events.extend(stream.push(piece)?);
        }
        Ok(events)
    }

    #[test]
    fn events_end_with_an_empty_line() {
        assert_eq!(events(&[b"data: a\n\ndata: b\n\n"]).unwrap(), ["a", "b"]);
        assert_eq!(
            events(&[b"data:a\r\n\r\ndata:  b\r\r"]).unwrap(),
            ["a", " b"]
        );
        assert_eq!(events(&[b"data: a\ndata: b\n\n"]).unwrap(), ["a\nb"]);
        assert_eq!(
            events(&[b": ping\n\nid: 7\nevent: x\ndata: a\nretry: 5\n\n"]).unwrap(),
            ["a"]
        );
        assert_eq!(
            events(&[b"data\n\ndatas: x\n\n"]).unwrap(),
            Vec::<String>::new()
        );
        assert_eq!(events(&[b"data: cut off"]).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let refused = events(&[b"data: \xff\n\n"]);
        assert!(
            matches!(refused, Err(CloudError::Invalid(_))),
            "{refused:?}"
        );
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut stream = EventStream::default();
        let mut pieces = 0;
        let refused = loop {
            match stream.push(&[b'x'; 4096]) {
                Ok(_) => pieces += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(refused, CloudError::TooLarge { .. }));
        assert!(pieces <= MAX_LINE_BYTES / 4096);
        // Nor an event that goes on for ever.
        let line = [b"data: ".as_slice(), &[b'y'; 1000], b"\n"].concat();
        assert!(events(&vec![line.as_slice(); 80]).is_err());
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_it_is_cut(
            lines in proptest::collection::vec("(data: ?)?[a-zß語 ]{0,6}", 0..20),
            ends in proptest::collection::vec(proptest::sample::select(&["\n", "\r\n", "\r"][..]), 20),
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let text: String = lines.iter().zip(&ends).flat_map(|(line, end)| [line.as_str(), end]).collect();
            let whole = events(&[text.as_bytes()]).unwrap();
            let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            places.push(text.len());
            places.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for to in places {
                pieces.push(&text.as_bytes()[from..to]);
                from = to;
            }
            prop_assert_eq!(events(&pieces).unwrap(), whole);
        }
    }
}
