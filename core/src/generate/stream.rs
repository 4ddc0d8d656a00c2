//! Bytes of tokens to text that may be given out at once.

/// Turns the bytes of one token after the other into text without ever giving out a part of a stop text.
///
/// A token may end inside a character, and a stop text may be spread over tokens: both are held until they are decided.
/// White space at the beginning and at the end of the whole is left out. Bytes that are no UTF-8 become U+FFFD.
#[derive(Debug, Clone)]
pub struct TextStream<'a> {
    stop_texts: &'a [String],
    /// The beginning of a character.
    bytes: Vec<u8>,
    /// Whole characters that are not given out yet.
    held: String,
    /// Whether anything was given out.
    has_begun: bool,
}

/// What came out of one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Text to give out; may be empty.
    pub delta: String,
    /// Whether a stop text came. Then nothing more does.
    pub is_stopped: bool,
}

impl<'a> TextStream<'a> {
    /// A stream that ends at the first of `stop_texts`. Empty ones are ignored.
    pub fn new(stop_texts: &'a [String]) -> Self {
        Self {
            stop_texts,
            bytes: Vec::new(),
            held: String::new(),
            has_begun: false,
        }
    }

    /// Takes the bytes of the next token.
    pub fn push(&mut self, bytes: &[u8]) -> Pushed {
        self.bytes.extend_from_slice(bytes);
        self.read();
        let stop = self.stops().filter_map(|stop| self.held.find(stop)).min();
        let end = stop.unwrap_or_else(|| self.held.len() - self.partial_stop());
        let delta = self.give(end);
        if stop.is_some() {
            self.held.clear();
            self.bytes.clear();
        }
        Pushed {
            delta,
            is_stopped: stop.is_some(),
        }
    }

    /// What is left at the end. `is_complete`: the text ended by itself, so that the beginning of a stop text was none;
    /// otherwise it is left out, because the rest of it may have been about to come.
    pub fn finish(&mut self, is_complete: bool) -> String {
        let end = if is_complete {
            self.held.len()
        } else {
            self.held.len() - self.partial_stop()
        };
        let delta = self.give(end);
        self.held.clear();
        self.bytes.clear();
        delta
    }

    fn stops(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.stop_texts
            .iter()
            .map(String::as_str)
            .filter(|stop| !stop.is_empty())
    }

    /// Moves whole characters from `bytes` to `held`.
    fn read(&mut self) {
        loop {
            match str::from_utf8(&self.bytes) {
                Ok(text) => {
                    self.held.push_str(text);
                    self.bytes.clear();
                    return;
                }
                Err(error) => {
                    let valid = error.valid_up_to();
                    self.held
                        .push_str(str::from_utf8(&self.bytes[..valid]).unwrap_or_default());
                    let Some(broken) = error.error_len() else {
                        self.bytes.drain(..valid);
                        return;
                    };
                    self.held.push(char::REPLACEMENT_CHARACTER);
                    self.bytes.drain(..valid + broken);
                }
            }
        }
    }

    /// Length of the longest end of `held` that a stop text begins with.
    fn partial_stop(&self) -> usize {
        let longest = |stop: &str| {
            stop.char_indices()
                .map(|(at, _)| at)
                .filter(|&at| self.held.ends_with(&stop[..at]))
                .max()
        };
        self.stops().filter_map(longest).max().unwrap_or(0)
    }

    /// Takes the first `end` bytes of `held`, but for white space that may turn out to be the end.
    fn give(&mut self, end: usize) -> String {
        let end = self.held[..end].trim_end().len();
        let given: String = self.held.drain(..end).collect();
        if self.has_begun {
            return given;
        }
        self.has_begun = !given.is_empty();
        given.trim_start().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Everything given out for `tokens`, with `|` between deltas.
    fn streamed(stops: &[&str], tokens: &[&str], is_complete: bool) -> String {
        let stops: Vec<String> = stops.iter().map(|&stop| stop.to_owned()).collect();
        let mut stream = TextStream::new(&stops);
        let mut deltas = Vec::new();
        for token in tokens {
            let Pushed { delta, is_stopped } = stream.push(token.as_bytes());
            deltas.push(delta);
            if is_stopped {
                deltas.push("#".to_owned());
                break;
            }
        }
        deltas.push(stream.finish(is_complete));
        deltas.retain(|delta| !delta.is_empty());
        deltas.join("|")
    }

    #[test]
    fn no_part_of_a_stop_text_comes_out() {
        let stops = &["\nUser:", "<|im_end|>"];
        for (tokens, expected) in [
            (&["Hi", " there", "\nUser:", " x"][..], "Hi| there|#"),
            (&["Hi", "\n", "Us", "er", ": x"], "Hi|#"),
            (&["Hi", "\nUs", "ual"], "Hi|\nUsual"),
            (&["Hi <", "|im_", "end|", ">"], "Hi|#"),
            (&["Hi <", "|im_start"], "Hi| <|im_start"),
            (&["\nUser:"], "#"),
            (&["a\n\n\nUser", ":"], "a|#"),
            (&["a<<|im_end|>b"], "a<|#"),
        ] {
            assert_eq!(streamed(stops, tokens, true), expected, "{tokens:?}");
        }
    }

    #[test]
    fn the_beginning_of_a_stop_text_is_text_only_if_the_end_was_an_end() {
        assert_eq!(streamed(&["User:"], &["Me", " Use"], true), "Me| Use");
        assert_eq!(streamed(&["User:"], &["Me", " Use"], false), "Me");
        assert_eq!(
            streamed(&[""], &["Me"], false),
            "Me",
            "an empty one is none"
        );
    }

    #[test]
    fn characters_are_whole_and_white_space_is_inside() {
        let mut stream = TextStream::new(&[]);
        let mut push = |bytes: &[u8]| stream.push(bytes).delta;
        assert_eq!(push(b" \n"), "");
        assert_eq!(push(b"a\xF0\x9F"), "a");
        assert_eq!(push(b"\x99"), "");
        assert_eq!(push(b"\x82 "), "🙂");
        assert_eq!(push(b"b\xFFc"), " b\u{FFFD}c");
        assert_eq!(push(b"  \n"), "");
        assert_eq!(push(b"\xE2\x82"), "");
        assert_eq!(stream.finish(true), "");
    }

    proptest! {
        #[test]
        fn deltas_are_the_text_up_to_the_stop(
            text in "[ab \n🙂é]{0,30}", stops in proptest::collection::vec("[ab \né]{1,4}", 0..3), cuts in proptest::collection::vec(1usize..4, 1..40),
        ) {
            let stops_found = stops.iter().filter_map(|stop| text.find(stop.as_str()));
            let expected = text[..stops_found.min().unwrap_or(text.len())].trim();
            let mut stream = TextStream::new(&stops);
            let mut out = String::new();
            let mut rest = text.as_bytes();
            let mut is_stopped = false;
            for cut in cuts.iter().cycle() {
                if rest.is_empty() || is_stopped {
                    break;
                }
                let (token, after) = rest.split_at((*cut).min(rest.len()));
                let pushed = stream.push(token);
                is_stopped = pushed.is_stopped;
                out += &pushed.delta;
                rest = after;
                for stop in &stops {
                    prop_assert!(!out.contains(stop.trim()) || expected.contains(stop.trim()));
                }
            }
            out += &stream.finish(true);
            // Two stop texts that overlap: the one that is whole first ends the text, not the one that begins first.
            if stops.len() < 2 {
                prop_assert_eq!(out, expected);
            } else {
                prop_assert!(text.trim().starts_with(out.as_str()));
                for stop in &stops {
                    prop_assert!(!out.contains(stop.as_str()));
                }
            }
        }

        #[test]
        fn any_bytes_give_text(tokens in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..5), 0..20)) {
            let mut stream = TextStream::new(&[]);
            let mut out: String = tokens.iter().map(|token| stream.push(token).delta).collect();
            out += &stream.finish(true);
            let whole = tokens.concat();
            let mut expected = String::from_utf8_lossy(&whole).into_owned();
            if let Err(error) = str::from_utf8(whole.utf8_chunks().last().map_or(&[], |chunk| chunk.invalid()))
                && error.error_len().is_none()
            {
                expected.pop();
            }
            prop_assert_eq!(out, expected.trim());
        }
    }
}
