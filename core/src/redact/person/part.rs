//! A word that may be part of a name, and the words that follow it on the same line.

use super::super::fold::fold;
use super::super::lexicon::{Classes, GIVEN, PROPER, SURNAME, WORD};
use super::super::scan::{Case, Class, Scan};
use super::super::vocabulary::{self, Marks};
use super::{classes_of, ends_like_surname};

/// Words of one name: title, given names, particles, surnames.
const MAX_PARTS: usize = 8;
/// Pieces joined by hyphens and apostrophes: `Jean-Baptiste`, `O'Neill`, `D'Angelo-Smith`.
const MAX_PIECES: usize = 4;

/// Small words between given name and surname.
const PARTICLES: &str = "van von der den de del della di da dos das do du la le el al bin ibn ben bint ter ten zu zum zur y e af av op vom vander 't 's st";

/// One word of a name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// First byte.
    pub(super) start: usize,
    /// Byte behind the last one.
    pub(super) end: usize,
    /// Its first token.
    pub(super) first: usize,
    /// Its last token.
    pub(super) last: usize,
    /// What the lexicon says.
    pub(super) classes: Classes,
    /// What the vocabulary says.
    pub(super) marks: Marks,
    /// Whether it is one letter with a full stop, or one capital.
    pub(super) initial: bool,
    /// Whether it is a small word: `van`.
    pub(super) particle: bool,
    /// Whether it is such a word with a capital: `El`, `De`.
    pub(super) linking: bool,
    /// Whether it has no small letter.
    pub(super) upper: bool,
    /// Whether an unknown word ends like a surname.
    pub(super) surname_like: bool,
}

impl Part {
    /// A given name that is hardly anything else.
    pub(super) fn is_given(&self) -> bool {
        self.classes & GIVEN != 0 && self.classes & (WORD | PROPER) == 0
    }

    /// A surname that is hardly anything else.
    pub(super) fn is_surname(&self) -> bool {
        self.classes & SURNAME != 0 && self.classes & (WORD | PROPER) == 0
            || self.surname_like && self.classes == 0
    }

    /// In no list, and not a label, title or the like.
    pub(super) fn is_unknown(&self) -> bool {
        self.classes == 0
    }

    /// An ordinary word or another proper noun, and no name.
    pub(super) fn is_other(&self) -> bool {
        self.classes != 0 && self.classes & (GIVEN | SURNAME) == 0
    }
}

/// The words with capitals from the token `index` on, with single spaces and small words between; none if it begins none.
pub(super) fn sequence(scan: &Scan<'_>, index: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    let Some(first) = part(scan, index) else {
        return parts;
    };
    parts.push(first);
    while parts.len() < MAX_PARTS {
        let last = parts[parts.len() - 1];
        let mut particles = Vec::new();
        let mut at = last.last + 1;
        let mut gap_at = last.last;
        while particles.len() < 3 {
            let Some(particle) = particle(scan, at, gap_at) else {
                break;
            };
            gap_at = particle.last;
            at = particle.last + 1;
            // `al-Farsi`, `d'Estaing`: the sign joins it to what follows.
            if scan.is_sign(at, &['-', '\'', '’']) && scan.gap(gap_at).is_empty() {
                gap_at = at;
                at += 1;
            }
            particles.push(particle);
        }
        let joined = gap_at > last.last && !matches!(scan.tokens[gap_at].class, Class::Word);
        let fits = if joined {
            scan.gap(gap_at).is_empty()
        } else {
            is_single_space(scan.gap(gap_at))
        };
        let next = part_after(scan, at, joined).filter(|_| fits);
        let Some(next) = next else { break };
        parts.extend(particles);
        parts.push(next);
    }
    parts
}

fn is_single_space(gap: &str) -> bool {
    matches!(gap, " " | "\u{a0}" | "\u{202f}")
}

/// The part that begins at the token `index`.
pub(super) fn part(scan: &Scan<'_>, index: usize) -> Option<Part> {
    part_after(scan, index, false)
}

fn part_after(scan: &Scan<'_>, index: usize, joined: bool) -> Option<Part> {
    let token = scan.get(index).filter(|token| token.class == Class::Word)?;
    let before = scan.char_before(token.start);
    // Inside of a path, an address, a program or a number there are no names.
    let inside = before.is_some_and(|char| {
        char.is_alphanumeric()
            || matches!(
                char,
                '_' | '@' | '/' | '\\' | '#' | '.' | '=' | '$' | '%' | '&' | '~'
            )
    }) && !(before == Some('.')
        && scan.text[..token.start - 1].ends_with(|char: char| char.is_uppercase()));
    let tight = !joined && before.is_some_and(|char| matches!(char, '-' | '\'' | '’')) && {
        let sign = before.map_or(0, char::len_utf8);
        scan.text[..token.start - sign].ends_with(char::is_alphanumeric)
    };
    if inside || tight || !is_name_case(scan, index) {
        return None;
    }
    let mut last = index;
    for _ in 1..MAX_PIECES {
        let sign = last + 1;
        let next = last + 2;
        let joins = scan.is_sign(sign, &['-', '\'', '’', '‐', '\u{2011}'])
            && scan.gap(last).is_empty()
            && scan.gap(sign).is_empty();
        let Some(piece) = scan
            .get(next)
            .filter(|piece| joins && piece.class == Class::Word)
        else {
            break;
        };
        let text = scan.str(next);
        let apostrophe = matches!(scan.str(sign), "'" | "’");
        // The genitive `Anna's` and the contractions `I'm`, `We're` end the name.
        let clitic = apostrophe && matches!(text, "s" | "S" | "m" | "re" | "ve" | "ll" | "d" | "t")
            || apostrophe && piece.case == Case::Lower && text.len() <= 2;
        if clitic || piece.case == Case::Lower && !apostrophe && piece.classes & GIVEN == 0 {
            break;
        }
        last = next;
    }
    let letters = token.end - token.start;
    let single = last == index && scan.str(index).chars().count() == 1;
    let dotted = single && scan.is_sign(index + 1, &['.']) && scan.gap(index).is_empty();
    if dotted {
        last = index + 1;
    }
    let end = scan.tokens[last].end;
    let after = scan.char_at(end);
    let goes_on = after.is_some_and(|char| {
        char.is_alphanumeric() && !dotted || matches!(char, '_' | '@' | '\\' | '=' | '/')
    }) || after.is_some_and(|char| matches!(char, '.' | ':'))
        && !dotted
        && scan
            .char_at(end + 1)
            .is_some_and(|char| char.is_alphanumeric() || matches!(char, '/' | ':'));
    // `him/her`, `Anna/Ben`: a slash between two words joins no path.
    let slash = after == Some('/') && scan.char_at(end + 1).is_some_and(char::is_uppercase);
    if goes_on && !slash {
        return None;
    }
    let folded = fold(scan.slice(token.start..scan.tokens[last].end));
    let classes = if last == index || dotted {
        token.classes
    } else {
        joined_classes(scan, index, last, &folded)
    };
    Some(Part {
        start: token.start,
        end,
        first: index,
        last,
        classes: if single { 0 } else { classes },
        marks: if last == index {
            token.marks
        } else {
            vocabulary::NONE
        },
        initial: single && letters <= 2 && scan.tokens[index].case == Case::Capital,
        particle: false,
        linking: token.case == Case::Capital && last == index && is_particle(&folded),
        upper: token.case == Case::Upper,
        surname_like: ends_like_surname(&folded),
    })
}

fn joined_classes(scan: &Scan<'_>, first: usize, last: usize, folded: &str) -> Classes {
    // `O'Neill`, `D'Angelo`, `Sant'Angelo`, `N'Guessan`: what begins so is a surname.
    let apostrophe = [
        "o'", "d'", "o’", "d’", "n'", "n’", "m'", "m’", "sant'", "sant’", "dell'", "dall'", "l'",
        "l’",
    ];
    let arabic = ["al-", "el-", "ben-", "abu-", "bin-", "ibn-"];
    if arabic.iter().any(|start| folded.starts_with(start)) {
        return SURNAME;
    }
    if apostrophe.iter().any(|start| folded.starts_with(start)) {
        return SURNAME;
    }
    classes_of(scan, first..last + 1)
}

/// A capital first, and no acronym or product: `iPhone` and `JavaScript` are none, `McDonald` and `DeVito` are.
fn is_name_case(scan: &Scan<'_>, index: usize) -> bool {
    let token = &scan.tokens[index];
    let text = scan.str(index);
    match token.case {
        Case::Capital => true,
        Case::Upper => token.end - token.start >= 2,
        Case::Mixed => {
            let starts = [
                "Mc", "Mac", "De", "Di", "La", "Le", "Van", "Von", "Fitz", "Del", "Al", "El", "O",
            ];
            starts.iter().any(|start| {
                text.strip_prefix(start).is_some_and(|rest| {
                    rest.starts_with(char::is_uppercase)
                        && rest.chars().skip(1).all(char::is_lowercase)
                })
            })
        }
        Case::Lower | Case::None => false,
    }
}

fn is_particle(word: &str) -> bool {
    PARTICLES.split_whitespace().any(|known| known == word)
}

/// A small word between names: `van`, `de la`, `al-`.
fn particle(scan: &Scan<'_>, at: usize, gap_at: usize) -> Option<Part> {
    let token = scan
        .get(at)
        .filter(|token| token.class == Class::Word && token.case == Case::Lower)?;
    let known =
        is_particle(scan.str(at)) || scan.str(at) == "d" && scan.is_sign(at + 1, &['\'', '’']);
    (known && is_single_space(scan.gap(gap_at))).then_some(Part {
        start: token.start,
        end: token.end,
        first: at,
        last: at,
        classes: 0,
        marks: vocabulary::NONE,
        initial: false,
        particle: true,
        linking: false,
        upper: false,
        surname_like: false,
    })
}
