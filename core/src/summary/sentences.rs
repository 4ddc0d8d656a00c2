//! Sentences of a text that may stand in a summary: without headings, menus, tables and repetitions.

use std::collections::HashSet;

use unicode_segmentation::UnicodeSegmentation as _;

use crate::text::ends_sentence;

/// Longest candidate, in characters. A longer one, mostly a text without punctuation, is cut at a comma or a space.
const MAX_SENTENCE_CHARS: usize = 400;

/// Longest piece given to the segmentation at once, in bytes: its look-ahead may be quadratic in a text made for it.
const MAX_BLOCK_BYTES: usize = 2_000;

/// Lines as long as this were probably broken by a mail program, not by the author: shorter than the 65 to 78 columns
/// that such programs break at, by one long word.
const WRAPPED_CHARS: usize = 50;

/// What may be a sentence of the summary.
struct Candidate {
    text: String,
    /// It stood in an item of a list, where a full stop is not expected.
    is_item: bool,
}

/// The sentences of `text`, in order, with white space folded.
pub(super) fn sentences(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for block in blocks(text) {
        for piece in cut_every(&block.text, MAX_BLOCK_BYTES) {
            split(piece, block.is_item, &mut all);
        }
    }
    let mut seen = HashSet::new();
    all.retain(|candidate| {
        candidate.text.chars().any(char::is_alphanumeric)
            && seen.insert(candidate.text.to_lowercase())
    });
    let mut good: Vec<&Candidate> = all.iter().filter(|found| !is_junk(&found.text)).collect();
    // Where sentences have full stops, a line without one is a heading, a caption or a fragment.
    let is_whole = |found: &&Candidate| found.is_item || is_closed(&found.text);
    if good.iter().filter(|found| is_closed(&found.text)).count() * 2 > good.len() {
        good.retain(is_whole);
    }
    // A text of nothing but headings has headings for a summary.
    if good.is_empty() {
        good = all.iter().collect();
    }
    good.into_iter().map(|found| found.text.clone()).collect()
}

/// Whether `sentence` ends with punctuation that closes it, in any script.
pub(super) fn is_closed(sentence: &str) -> bool {
    sentence
        .trim_end_matches(['"', '\'', '”', '’', ')', ']', '»', '」', '』', '）'])
        .ends_with([
            '.', '!', '?', '…', '。', '！', '？', '؟', '۔', '।', '॥', '։', '።', '።', '។', '။',
        ])
}

/// Paragraphs, lines and items of lists, with white space folded. Lines that were wrapped are joined again.
fn blocks(text: &str) -> Vec<Candidate> {
    const LINE_ENDS: [char; 6] = ['\n', '\r', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    let text = text.replace("\r\n", "\n");
    let mut blocks: Vec<Candidate> = Vec::new();
    // Length of the line before; none behind an empty line.
    let mut last_chars = None;
    for line in text.split(LINE_ENDS) {
        let folded = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if folded.is_empty() {
            last_chars = None;
            continue;
        }
        let item = without_marker(&folded);
        let is_item = item.len() < folded.len();
        match (blocks.last_mut(), last_chars) {
            (Some(block), Some(last)) if !is_item && is_wrapped(&block.text, last, &folded) => {
                block.text.push(' ');
                block.text.push_str(&folded);
            }
            _ => blocks.push(Candidate {
                text: item.to_owned(),
                is_item,
            }),
        }
        last_chars = Some(folded.chars().count());
    }
    blocks
}

/// Whether `line` goes on with the sentence that `block` ends in the middle of, after a line of `last_chars`.
fn is_wrapped(block: &str, last_chars: usize, line: &str) -> bool {
    let goes_on = line.starts_with(char::is_lowercase) || last_chars >= WRAPPED_CHARS;
    goes_on && !is_closed(block)
}

/// `line` without the dash, bullet or number that makes it an item of a list.
fn without_marker(line: &str) -> &str {
    let rest = line.trim_start_matches(|char: char| char.is_ascii_digit());
    let has_number = (1..=3).contains(&(line.len() - rest.len()));
    let rest = if has_number {
        rest.strip_prefix(['.', ')'])
    } else {
        line.strip_prefix(['-', '*', '+', '•', '‣', '▪', '◦', '·', '–', '—'])
    };
    match rest.and_then(|rest| rest.strip_prefix(' ')) {
        Some(item) if !item.is_empty() => item,
        _ => line,
    }
}

/// Adds the sentences of `block`. Full stops that end no sentence, such as those of abbreviations, are joined again.
fn split(block: &str, is_item: bool, all: &mut Vec<Candidate>) {
    let mut start = 0;
    for (at, piece) in block.split_sentence_bound_indices() {
        let end = at + piece.len();
        let sentence = block[start..end].trim();
        if end < block.len() && ends_with_abbreviation(sentence) {
            continue;
        }
        all.extend(cut_long(sentence).into_iter().map(|piece| Candidate {
            text: piece.to_owned(),
            is_item,
        }));
        start = end;
    }
}

fn ends_with_abbreviation(sentence: &str) -> bool {
    let is_number = sentence
        .trim_end_matches('.')
        .ends_with(|char: char| char.is_numeric());
    sentence.ends_with('.') && !is_number && !ends_sentence(sentence)
}

/// `sentence` in pieces of at most [`MAX_SENTENCE_CHARS`].
fn cut_long(sentence: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = sentence;
    while let Some((limit, _)) = rest.char_indices().nth(MAX_SENTENCE_CHARS) {
        let head = &rest[..limit];
        let later_half = |&(at, _): &(usize, &str)| at * 2 >= limit;
        let clause = head.rmatch_indices([',', ';', ':', '、', '，', '；']);
        let clause = clause.map(|(at, found)| (at + found.len(), found));
        let space = head.rmatch_indices(' ');
        let cut = clause
            .take(1)
            .find(later_half)
            .or(space.take(1).find(later_half));
        let cut = cut.map_or(limit, |(at, _)| at);
        pieces.push(rest[..cut].trim());
        rest = rest[cut..].trim_start();
    }
    pieces.push(rest);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// `block` in pieces of at most `max_bytes`, cut at spaces where there are any.
fn cut_every(block: &str, max_bytes: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = block;
    while rest.len() > max_bytes {
        let limit = rest.floor_char_boundary(max_bytes);
        let cut = rest[..limit]
            .rfind(' ')
            .filter(|&at| at > 0)
            .unwrap_or(limit);
        pieces.push(&rest[..cut]);
        rest = &rest[cut..];
    }
    pieces.push(rest);
    pieces
}

/// Whether `sentence` is none: a heading, a menu, a button, a row of a table.
fn is_junk(sentence: &str) -> bool {
    /// Headings and menus seldom have more words, sentences seldom fewer.
    const MIN_WORDS_UNCLOSED: usize = 6;
    const MIN_WORDS: usize = 3;
    const MENU_SIGNS: [char; 8] = ['|', '›', '»', '•', '·', '→', '▸', '©'];
    let words = sentence.unicode_words().take(MIN_WORDS_UNCLOSED).count();
    if words < MIN_WORDS || (words < MIN_WORDS_UNCLOSED && !is_closed(sentence)) {
        return true;
    }
    let visible = sentence
        .chars()
        .filter(|char| !char.is_whitespace())
        .count();
    let letters = sentence.chars().filter(|char| char.is_alphabetic()).count();
    letters * 2 < visible || sentence.matches(MENU_SIGNS).count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_of_prose() {
        for (text, expected) in [
            (
                "One came here. Two went there!",
                &["One came here.", "Two went there!"][..],
            ),
            (
                "Dr. Smith met Mr. J. Jones at noon. They ate.",
                &["Dr. Smith met Mr. J. Jones at noon."],
            ),
            (
                "It began in 2019. The end came soon after.",
                &["It began in 2019.", "The end came soon after."],
            ),
            (
                "Wrapped lines that go on\nbelow are one. The next is not.",
                &[
                    "Wrapped lines that go on below are one.",
                    "The next is not.",
                ],
            ),
            (
                "A line without a full stop is one\n\nAnd another one is below it",
                &[
                    "A line without a full stop is one",
                    "And another one is below it",
                ],
            ),
            (
                "他今天早上去了学校。她在家里看书。",
                &["他今天早上去了学校。", "她在家里看书。"],
            ),
            (
                "यह पहला वाक्य है। यह दूसरा वाक्य है।",
                &["यह पहला वाक्य है।", "यह दूसरा वाक्य है।"],
            ),
            (
                "Windows line\r\nends are line ends too.",
                &["Windows line ends are line ends too."],
            ),
        ] {
            assert_eq!(sentences(text), expected, "{text}");
        }
    }

    #[test]
    fn junk_is_left_out_and_items_lose_their_marker() {
        let text = "Home | News | Sport | Weather | More\nAbout us\n\nThe Title\n\nThe council met on Monday. The council met on Monday.\n\
            - The first point is about money for schools\n2. The second point is about roads\n12 14 18 33 (2019) 44 % 51 % of\n\nShare\n© 2026 All | rights | reserved";
        assert_eq!(
            sentences(text),
            [
                "The council met on Monday.",
                "The first point is about money for schools",
                "The second point is about roads"
            ]
        );
    }

    #[test]
    fn nothing_but_headings_stays() {
        assert_eq!(sentences("Yes"), ["Yes"]);
        assert_eq!(sentences("Red\n\nGreen"), ["Red", "Green"]);
        assert_eq!(sentences(" -- \n *** "), Vec::<String>::new());
    }

    #[test]
    fn what_has_no_end_is_cut() {
        for text in [
            "word ".repeat(3_000),
            "字".repeat(5_000),
            ". ".repeat(5_000) + "a",
            "a.1".repeat(9_000),
        ] {
            for sentence in sentences(&text) {
                assert!(sentence.chars().count() <= MAX_SENTENCE_CHARS);
                assert!(!sentence.contains("  "));
            }
        }
    }
}
