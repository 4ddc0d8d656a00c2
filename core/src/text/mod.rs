//! Text around a caret: offsets, what is at the caret, words, sentences, scripts.
//!
//! Ranges are half-open and count bytes unless a name says `utf16`. **A Rust string holds no lone surrogate**: the
//! browser side replaces each with U+FFFD (`String.prototype.toWellFormed`), which is one UTF-16 code unit as well, so
//! offsets stay true. JSON that still carries one is refused when it is parsed. U+FFFD next to the caret belongs to no
//! script that the model knows, so nothing is suggested there.

mod caret;
mod offset;
mod script;
mod segment;

pub use caret::{CaretText, HalfTyped, normalise};
pub use offset::{byte_of_utf16, head_utf16, tail_utf16, utf16_len, utf16_of_byte};
pub use script::{is_latin_letter, is_showable, is_unknown_script};
pub use segment::{ends_sentence, is_word_char, sentence_starts, units};
