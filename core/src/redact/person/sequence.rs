//! Whether words with capitals are a name, and how many of them.

use super::super::Reason;
use super::super::lexicon::{GIVEN, PROPER, SURNAME, WORD};
use super::super::scan::{Class, Scan};
use super::super::vocabulary::{
    ARTICLE, GENERIC, GREETING, INTRODUCTION, NAME, ORGANISATION, SIGN_OFF, SPEECH, TITLE, TOWARDS,
};
use super::context::{Place, place};
use super::part::Part;

/// A name at the beginning of the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    /// How many parts.
    pub(super) len: usize,
    pub(super) confidence_percent: u8,
    pub(super) reason: Reason,
}

/// Given names, particles and surnames of one person.
const MAX_WORDS: usize = 6;

/// The name that begins with the first of `parts`.
pub(super) fn name(scan: &Scan<'_>, parts: &[Part]) -> Option<Name> {
    let first = &parts[0];
    let titled = is_titled(scan, first);
    if first.particle && !titled
        || is_no_name(first)
        || is_monsieur(scan, parts)
        || is_acronym(first) && !all_upper(parts)
    {
        return None;
    }
    let len = reach(parts, titled);
    let words = &parts[..len];
    // `Turing Award`, `Martin Luther King Library`, `Goldman Sachs & Co`.
    if !titled && (ends_as_organisation(scan, parts, len) || is_street(scan, first)) {
        return None;
    }
    let place = place(scan, first.first, words[len - 1].last);
    let place = if titled { Place::Name } else { place };
    judge(scan, words, place).map(|(confidence_percent, reason)| Name {
        len,
        confidence_percent,
        reason,
    })
}

/// Labels, titles, greetings and words for people in general begin no name, unless they are names above all.
fn is_no_name(part: &Part) -> bool {
    let named = part.classes & (GIVEN | SURNAME) != 0;
    let weak = GREETING | SIGN_OFF | ARTICLE | ORGANISATION | TOWARDS | SPEECH | INTRODUCTION;
    part.marks & (GENERIC | TITLE) != 0
        || part.marks & weak != 0 && !(part.is_given() || part.is_surname())
        || part.marks & NAME != 0 && !named
}

/// `VPN`, `NHS`, `EAN`: short and in capitals.
fn is_acronym(part: &Part) -> bool {
    let len = part.end - part.start;
    let listed = part.classes & (GIVEN | SURNAME) != 0;
    // `SCRAM-SHA`, `ASCII-art`: the piece before the hyphen.
    let hyphen = part.upper && part.last > part.first && !part.is_given();
    part.upper && !part.initial && (len <= 4 || len == 5 && !listed || hyphen && !part.is_surname())
}

fn all_upper(parts: &[Part]) -> bool {
    parts.len() >= 2
        && parts
            .iter()
            .all(|part| part.upper || part.initial || part.particle)
}

/// `M. Garnier` with a given name behind: a title, not an initial.
fn is_monsieur(scan: &Scan<'_>, parts: &[Part]) -> bool {
    let first = &parts[0];
    first.initial
        && scan.slice(first.start..first.end) == "M."
        && parts.get(1).is_some_and(Part::is_given)
}

/// Whether a title stands right before: `Dr. Anna`, `Frau Dr. Yıldız`.
fn is_titled(scan: &Scan<'_>, first: &Part) -> bool {
    let Some(at) = first.first.checked_sub(1) else {
        return false;
    };
    let token = &scan.tokens[at];
    let word = match token.class {
        Class::Word => at,
        Class::Sign if scan.str(at) == "." && at > 0 && scan.gap(at - 1).is_empty() => at - 1,
        _ => return false,
    };
    let known = scan.tokens[word].marks & TITLE != 0 && scan.tokens[word].class == Class::Word;
    // `M. Garnier` is a title, `M. L. King` an initial; nobody can tell, and both are names.
    let monsieur = scan.str(word) == "M" && word != at;
    let text = scan.str(word);
    let lower_word = text.chars().next().is_some_and(char::is_lowercase)
        && matches!(
            text,
            "me" | "pan"
                | "fr"
                | "dame"
                | "sir"
                | "lady"
                | "lord"
                | "officer"
                | "inspector"
                | "father"
                | "sister"
                | "professor"
                | "uncle"
        );
    (known && !lower_word || monsieur) && scan.tokens[first.first].start - scan.tokens[at].end <= 2
}

/// How many parts the name takes: as far as words that may be names go.
fn reach(parts: &[Part], titled: bool) -> usize {
    let mut len = 1;
    while len < parts.len().min(MAX_WORDS) {
        let part = &parts[len];
        // `Mohamed El Haddaoui`: a small word with a capital goes on to the next.
        let links = part.linking && parts.get(len + 1).is_some_and(|next| !next.is_other());
        if part.particle || links {
            len += 1;
            continue;
        }
        let stops = part.marks & (TITLE | GENERIC | SIGN_OFF | GREETING) != 0 && part.classes & (GIVEN | SURNAME) == 0
            || part.is_other() && part.marks & TITLE == 0
            || part.marks & ORGANISATION != 0 && part.classes & SURNAME == 0
            || is_acronym(part) && !parts[0].upper
            // A surname in capitals behind a name in small letters is usual in forms: `Jean DUPONT`; a shout is none.
            || part.upper && !parts[0].upper && part.classes & (GIVEN | SURNAME) == 0 && part.end - part.start <= 3 && !part.initial;
        if stops {
            break;
        }
        len += 1;
    }
    // No name ends with a particle.
    while len > 1 && parts[len - 1].particle {
        len -= 1;
    }
    // `Dr Anna Schmidt Berlin`: behind a full name no more than three further words.
    if titled { len.min(4) } else { len }
}

/// Whether the word behind the name makes the whole another thing's: `Turing Award`, `Victoria Station`, `Ford Focus GmbH`.
fn ends_as_organisation(scan: &Scan<'_>, parts: &[Part], len: usize) -> bool {
    let last = parts[len - 1];
    let behind = parts.get(len).map_or(0, |part| part.marks);
    let next_lower = scan
        .get(last.last + 1)
        .filter(|_| scan.gap(last.last) == " ")
        .map_or(0, |token| token.marks & ORGANISATION);
    // Behind a genitive: `St Thomas's Hospital`, `Dijkstra's algorithm`, `Mother's Day`.
    let genitive = scan.is_sign(last.last + 1, &['\'', '’']) && {
        let thing = last.last + if scan.str(last.last + 2) == "s" { 3 } else { 2 };
        scan.get(thing)
            .is_some_and(|token| token.marks & ORGANISATION != 0)
    };
    let ampersand = scan.is_sign(last.last + 1, &['&'])
        || scan
            .before(parts[0].first)
            .is_some_and(|_| scan.is_sign(parts[0].first - 1, &['&']));
    let inside = parts[1..len].iter().any(|part| {
        part.marks & ORGANISATION != 0
            && part.classes & GIVEN == 0
            && part.classes & WORD != 0
            && part.classes & SURNAME == 0
    });
    let hyphen = scan.is_sign(last.last + 1, &['-']) && scan.gap(last.last).is_empty();
    behind & ORGANISATION != 0
        || next_lower != 0
            && parts[len - 1].classes & PROPER == 0
            && len == 1
            && !parts[0].is_given()
        || genitive
        || ampersand
        || inside
        || hyphen && len > 1
}

/// Whether a word for a street or a square stands before: `Rue Victor Hugo`, `Place Stanislas`.
fn is_street(scan: &Scan<'_>, first: &Part) -> bool {
    first.first.checked_sub(1).is_some_and(|at| {
        let token = &scan.tokens[at];
        token.class == Class::Word
            && token.marks & ORGANISATION != 0
            && token.marks & (TITLE | NAME) == 0
            && token.classes & (GIVEN | SURNAME) == 0
            && scan.gap(at) == " "
            && token.case != super::super::scan::Case::Lower
            || token.class == Class::Word
                && matches!(
                    scan.str(at),
                    "rue"
                        | "avenue"
                        | "place"
                        | "calle"
                        | "via"
                        | "piazza"
                        | "rua"
                        | "ulica"
                        | "avenida"
                        | "plaza"
                        | "boulevard"
                        | "quai"
                )
    })
}

/// How sure it is that `words` at that place are a name.
fn judge(scan: &Scan<'_>, words: &[Part], place: Place) -> Option<(u8, Reason)> {
    let first = &words[0];
    let rest: Vec<&Part> = words[1..].iter().filter(|part| !part.particle).collect();
    let strong_rest = rest.iter().any(|part| part.is_given() || part.is_surname());
    let unknown_rest = rest.iter().any(|part| part.is_unknown() && !part.initial);
    let weak_rest = rest
        .iter()
        .any(|part| part.classes & (GIVEN | SURNAME) != 0);
    let word = first.classes & WORD != 0;
    let proper = first.classes & PROPER != 0;
    let listed = |confidence| Some((confidence, Reason::NameList));
    let by_place = |confidence| Some((confidence, Reason::NameContext));

    if first.is_other() {
        // `Mr Young`, `Mrs Summers`, and nothing else: words are no names without a title.
        return None;
    }
    if place == Place::Name && !(proper && word && rest.is_empty()) {
        // `Name: Invoice Address`, `Dear Customer Support`.
        let sensible = !first.initial || !rest.is_empty();
        return sensible.then_some((86, Reason::NameContext));
    }
    if first.is_given() {
        return match rest.len() {
            0 if place == Place::Article && !is_plain_given(scan, first) => None,
            0 => listed(74),
            _ => listed(90),
        };
    }
    if first.initial {
        // `J. Smith`; behind the end of a sentence, `vitamin C. The`, only a known name.
        let sentence = matches!(place, Place::Article) || ends_phrase(scan, first);
        let dotted = first.end - first.start > 1;
        return match (strong_rest, unknown_rest) {
            (true, _) if dotted => listed(76),
            (_, true) if dotted && !sentence && !is_country(scan, first) => by_place(66),
            _ => None,
        };
    }
    if first.classes & GIVEN != 0 && proper {
        // `Jordan Peterson`, `Paris Hilton`; alone only where persons stand.
        return match place {
            Place::Person if !rest.is_empty() || first.classes & WORD == 0 => by_place(70),
            _ if strong_rest => listed(72),
            _ => None,
        };
    }
    if first.classes & GIVEN != 0 && word {
        return match place {
            Place::Article => None,
            _ if strong_rest => listed(82),
            Place::Person => by_place(76),
            Place::Middle if unknown_rest || weak_rest => listed(74),
            Place::Middle if rest.is_empty() && is_sentence_name(scan, first) => listed(62),
            Place::Start | Place::Neutral if unknown_rest => listed(64),
            _ => None,
        };
    }
    // Unknown words and surnames from here on.
    let surname = first.is_surname();
    if rest.is_empty() {
        return match place {
            Place::Person if surname => by_place(68),
            _ if first.surname_like
                && first.is_unknown()
                && place == Place::Middle
                && first.end - first.start >= 8
                && is_slavic(scan, first) =>
            {
                by_place(60)
            }
            _ => None,
        };
    }
    match place {
        Place::Article => None,
        Place::Person if strong_rest || unknown_rest => by_place(74),
        _ if strong_rest && (surname || first.is_unknown()) && !first.upper => listed(72),
        _ if strong_rest && first.upper && rest.iter().all(|part| part.upper) => listed(66),
        _ if is_arabic(scan, words) && unknown_rest && first.is_unknown() => by_place(66),
        _ => None,
    }
}

/// `Abdulmalik al-Farsi`, `Tamim bin Hamad`: the small word itself says that it is a name.
fn is_arabic(scan: &Scan<'_>, words: &[Part]) -> bool {
    let small = words.iter().filter(|part| part.particle);
    small
        .map(|part| scan.slice(part.start..part.end))
        .any(|word| matches!(word, "al" | "el" | "bin" | "ibn" | "bint"))
}

/// Behind an article a given name is one only where languages put articles before names: `a Luciana`, `la Chiara`, `der Jonas`.
fn is_plain_given(scan: &Scan<'_>, first: &Part) -> bool {
    let before = first.first.checked_sub(1).map_or("", |at| scan.str(at));
    matches!(
        before,
        "o" | "a"
            | "la"
            | "il"
            | "der"
            | "die"
            | "den"
            | "dem"
            | "ο"
            | "η"
            | "os"
            | "as"
            | "my"
            | "his"
            | "her"
            | "our"
            | "your"
            | "their"
            | "l"
            | "el"
    )
}

/// Whether the initial ends a phrase, `Plan B. It`: a word is before it, and no comma or the like.
fn ends_phrase(scan: &Scan<'_>, first: &Part) -> bool {
    scan.before(first.first).is_some_and(|token| {
        let by = token.case == super::super::scan::Case::Lower && is_by(scan.str(first.first - 1));
        token.class == Class::Word && !by
    })
}

/// The second letter of `U.S.`, `U.K.`, `U.N.`, `E.U.`, `D.C.`, `L.A.`: what follows is no surname.
fn is_country(scan: &Scan<'_>, first: &Part) -> bool {
    let letters = &scan.text[..first.end];
    ["U.S.", "U.K.", "U.N.", "E.U.", "D.C.", "L.A."]
        .iter()
        .any(|known| letters.ends_with(known))
}

/// Words before an author.
fn is_by(word: &str) -> bool {
    matches!(
        word,
        "by" | "and" | "von" | "und" | "par" | "et" | "por" | "y" | "e" | "di"
    )
}

/// A word that is also a name, alone in the middle of a sentence: the capital means a name unless the line is a heading.
fn is_sentence_name(scan: &Scan<'_>, first: &Part) -> bool {
    let next = scan.get(first.last + 1);
    let next_small = next.is_none_or(|token| {
        token.class != Class::Word || token.case == super::super::scan::Case::Lower
    });
    let long = first.end - first.start >= 3;
    // German writes every noun with a capital.
    let german = (1..=6).any(|back| first.first >= back && is_german(scan.str(first.first - back)))
        || (1..=5).any(|ahead| is_german(scan.str(first.last + ahead)));
    next_small && long && !german
}

fn is_german(word: &str) -> bool {
    matches!(
        word,
        "der"
            | "die"
            | "das"
            | "und"
            | "ist"
            | "im"
            | "mit"
            | "von"
            | "dem"
            | "den"
            | "ein"
            | "eine"
            | "nicht"
            | "wird"
            | "auf"
            | "zu"
            | "für"
            | "des"
            | "sind"
            | "am"
    )
}

/// Endings so long that the word is a surname: `Kowalczewska`.
fn is_slavic(scan: &Scan<'_>, part: &Part) -> bool {
    let folded = super::super::fold::fold(scan.slice(part.start..part.end));
    [
        "ska", "ski", "wicz", "czyk", "enko", "opoulos", "idis", "ович", "овна", "ская", "ский",
        "енко",
    ]
    .iter()
    .any(|ending| folded.ends_with(ending))
}
