//! What stands before and behind a name.

use super::super::lexicon::{GIVEN, PROPER, WORD};
use super::super::scan::{Case, Class, Scan};
use super::super::vocabulary::{
    ARTICLE, GENERIC, GREETING, INTRODUCTION, NAME, NONE, RELATION, SIGN_OFF, SPEECH, TITLE,
    TOWARDS,
};
use super::part::Part;

/// How much the place of a word says that it is a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Behind an article or the like: rather no name.
    Article,
    /// At the beginning of a sentence or a line, where every word has a capital.
    Start,
    /// Behind a sign or a number.
    Neutral,
    /// Behind a small word, in the middle of a sentence: the capital means something.
    Middle,
    /// Before a verb of speaking, or behind a verb that takes a person.
    Person,
    /// Behind a title, a greeting, a label, a relation, `my name is`; in the line of a signature.
    Name,
}

/// The place of the name that begins at the token `first` and ends at `last`.
pub(super) fn place(scan: &Scan<'_>, first: usize, last: usize) -> Place {
    let behind = behind(scan, last);
    let before = before(scan, first, last);
    before.max(if before == Place::Article {
        Place::Article
    } else {
        behind
    })
}

fn before(scan: &Scan<'_>, first: usize, last: usize) -> Place {
    let Some(previous) = scan.before(first) else {
        return if is_signature(scan, first, last) {
            Place::Name
        } else {
            Place::Start
        };
    };
    let at = first - 1;
    match previous.class {
        Class::Word => word_before(scan, at),
        Class::Number => Place::Neutral,
        Class::Line | Class::Blank => {
            let speaks = is_speaker(scan, last) && scan.tokens[first].classes & GIVEN != 0;
            if is_signature(scan, first, last) || is_label_line(scan, first) || speaks {
                Place::Name
            } else {
                Place::Start
            }
        }
        Class::Sign => sign_before(scan, at),
    }
}

fn word_before(scan: &Scan<'_>, at: usize) -> Place {
    let marks = scan.tokens[at].marks;
    let text = scan.str(at);
    let lower = scan.tokens[at].case == Case::Lower;
    // `Mr`, `Hi`, `my husband`, `My name is`, `je m'appelle`.
    if marks & (TITLE | RELATION) != 0 && !is_title_word_only(text) {
        return Place::Name;
    }
    if marks & GREETING != 0 && is_greeting(scan, at)
        || marks & INTRODUCTION != 0 && introduces(scan, at)
    {
        return Place::Name;
    }
    if introduced(scan, at) {
        return Place::Name;
    }
    if marks & SIGN_OFF != 0 && marks & ARTICLE == 0 && !lower && scan.is_line_start(at) {
        return Place::Name;
    }
    if marks & (TOWARDS | SPEECH) != 0 {
        return Place::Person;
    }
    if matches!(
        text,
        "with" | "to" | "by" | "from" | "mit" | "avec" | "con" | "met" | "com"
    ) && at > 0
        && scan.tokens[at - 1].marks & (TOWARDS | SPEECH) != 0
    {
        return Place::Person;
    }
    if marks & ARTICLE != 0 {
        return Place::Article;
    }
    if lower { Place::Middle } else { Place::Neutral }
}

/// Titles that are mostly other words: `me`, `pan`, `pass`.
fn is_title_word_only(text: &str) -> bool {
    matches!(
        text,
        "me" | "pan"
            | "fr"
            | "sir"
            | "doctor"
            | "sr"
            | "pr"
            | "dame"
            | "madam"
            | "lady"
            | "lord"
            | "partner"
            | "client"
    )
}

/// Whether the token is a given name and hardly anything else.
fn is_given(scan: &Scan<'_>, at: usize) -> bool {
    scan.get(at)
        .is_some_and(|token| token.classes & GIVEN != 0 && token.classes & (WORD | PROPER) == 0)
}

/// `Hi Anna`, `Dear Anna` at the beginning, and not `a warm hello`.
fn is_greeting(scan: &Scan<'_>, at: usize) -> bool {
    let start = (0..4).any(|back| {
        at >= back
            && (scan.is_line_start(at - back)
                || scan.is_sign(at - back, &['.', '!', '?', ':', ',', '>', '¡', '«', '"']))
    });
    start
        || matches!(
            scan.str(at),
            "dear" | "thanks" | "thank" | "danke" | "merci" | "gracias" | "hi" | "hey" | "hello"
        )
}

/// `named`, `heisst`; the short ones only in their phrase.
fn introduces(scan: &Scan<'_>, at: usize) -> bool {
    let before = at.checked_sub(1).map_or("", |index| scan.str(index));
    match scan.str(at).to_lowercase().as_str() {
        "im" | "i" => {
            let starts = scan.is_line_start(at)
                || matches!(before, "," | "." | "!" | "hi" | "hey" | "hello" | "and");
            starts && is_given(scan, at + 1)
        }
        "soy" | "sono" | "sou" | "jag" | "jestem" => true,
        "suis" => matches!(before, "je" | "Je"),
        "bin" => matches!(before, "ich" | "Ich"),
        "ben" => matches!(before, "ik" | "Ik"),
        "ik" => false,
        _ => true,
    }
}

/// `my name is`, `this is`, `I am`, `I'm`, `mein Name ist`, `mi nombre es`.
fn introduced(scan: &Scan<'_>, at: usize) -> bool {
    let text = |back: usize| {
        at.checked_sub(back)
            .map_or(String::new(), |index| scan.str(index).to_lowercase())
    };
    let verb = text(0);
    let is = matches!(
        verb.as_str(),
        "is" | "ist" | "es" | "est" | "è" | "é" | "am" | "m" | "är" | "er"
    );
    let name = [
        "name", "nombre", "nome", "nom", "naam", "namn", "navn", "surname",
    ];
    let named = is
        && (name.contains(&text(1).as_str())
            || matches!((text(1).as_str(), text(2).as_str()), ("here", _)));
    let this = verb == "is"
        && text(1) == "this"
        && (at < 2
            || scan.is_line_start(at - 1)
            || scan.is_sign(at - 2, &['.', ',', '!', ':', '-']));
    let i_am = verb == "am" && text(1) == "i"
        || verb == "m" && matches!(text(1).as_str(), "'" | "’") && text(2) == "i";
    named || this || i_am
}

/// Things that have names, too.
const THINGS: [&str; 22] = [
    "brand", "user", "file", "host", "domain", "product", "company", "project", "table", "column",
    "class", "function", "package", "display", "event", "group", "team", "trade", "code", "street",
    "city", "firma",
];

fn sign_before(scan: &Scan<'_>, at: usize) -> Place {
    let text = scan.str(at);
    match text {
        // `Name: Anna`, `Attn: ...`, `Dr. Anna`.
        ":" | "=" => {
            let label = at
                .checked_sub(1)
                .map_or(NONE, |index| scan.tokens[index].marks);
            // `First name (as in passport): ...`, `Emergency contact: `, `Requested by:`.
            let word = |back: usize| at.checked_sub(back).map_or("", |index| scan.str(index));
            let near = (2..=6).any(|back| {
                at >= back && scan.tokens[at - back].marks & NAME != 0 && word(back).len() >= 4
            }) && scan.is_sign(at - 1, &[')']);
            // `brand name: ...`, `user name: ...` are names of something else.
            let of_thing = [2, 3].into_iter().any(|back| {
                THINGS
                    .iter()
                    .any(|thing| word(back).eq_ignore_ascii_case(thing))
            });
            // `an:`, `von:` and `from:` are labels of a mail's head only.
            let short = word(1).len() <= 4
                && at
                    .checked_sub(1)
                    .is_some_and(|index| !scan.is_line_start(index))
                && label & TITLE == 0;
            if of_thing || label & NAME != 0 && short && word(1) != "Name" && word(1) != "name" {
                return Place::Neutral;
            }
            let by = matches!(
                at.checked_sub(1).map_or("", |index| scan.str(index)),
                "by" | "von" | "par" | "por" | "da" | "door"
            );
            if label & (NAME | TITLE | RELATION | SIGN_OFF) != 0 || near || by {
                Place::Name
            } else {
                Place::Neutral
            }
        }
        "." if at > 0 => {
            let word = &scan.tokens[at - 1];
            if word.class == Class::Word && word.marks & TITLE != 0 && scan.gap(at - 1).is_empty() {
                Place::Name
            } else if scan.ends_sentence(at) {
                Place::Start
            } else {
                Place::Neutral
            }
        }
        "!" | "?" | "…" | ">" | "•" | "*" | "¡" | "¿" | "|" => Place::Start,
        // `Thanks, Anna`, `regards, Anna`, `husband, Anna`, `Hi, Anna`.
        "," | "-" | "–" | "—" => {
            let word = at.checked_sub(1).map(|index| &scan.tokens[index]);
            let marks = word.map_or(NONE, |word| word.marks);
            let dash = text != "," && (at == 0 || scan.is_line_start(at));
            if marks & SIGN_OFF != 0 && (scan.is_line_start_phrase(at) || marks & GREETING != 0)
                || marks & RELATION != 0
                || marks & GREETING != 0 && is_greeting(scan, at - 1)
            {
                Place::Name
            } else if dash {
                Place::Start
            } else {
                Place::Neutral
            }
        }
        _ => Place::Neutral,
    }
}

/// What stands behind: a verb of speaking makes it a person.
fn behind(scan: &Scan<'_>, last: usize) -> Place {
    let Some(next) = scan.get(last + 1) else {
        return Place::Article;
    };
    if next.class == Class::Word && next.case == Case::Lower && next.marks & SPEECH != 0 {
        return Place::Person;
    }
    // `Anna <anna@example.org>`, `Hope's car`.
    let angle = scan.is_sign(last + 1, &['<'])
        || scan.is_sign(last + 1, &['"', '”']) && scan.is_sign(last + 2, &['<']);
    let mail = angle && (2..10).any(|ahead| scan.is_sign(last + ahead, &['@']));
    if mail { Place::Name } else { Place::Article }
}

/// Whether the name is alone on its line, and a line that ends a letter is the one before: `Regards,\nAnna`.
fn is_signature(scan: &Scan<'_>, first: usize, last: usize) -> bool {
    if !ends_line(scan, last) || first < 2 {
        return false;
    }
    let mut at = first - 1;
    // Over the line end and the comma.
    for _ in 0..4 {
        let token = &scan.tokens[at];
        match token.class {
            Class::Line | Class::Blank | Class::Sign if at > 0 => at -= 1,
            _ => break,
        }
    }
    let line_words = (at.saturating_sub(6)..=at)
        .rev()
        .take_while(|&index| !matches!(scan.tokens[index].class, Class::Line | Class::Blank))
        .filter(|&index| scan.tokens[index].class == Class::Word);
    let (mut marks, mut words) = (NONE, 0);
    for index in line_words {
        marks |= scan.tokens[index].marks;
        words += 1;
    }
    marks & SIGN_OFF != 0 && words <= 6 && scan.tokens[at].class == Class::Word
}

/// Whether the name ends its line, perhaps with a comma or a full stop, or with a parenthesis behind it.
fn ends_line(scan: &Scan<'_>, last: usize) -> bool {
    scan.is_line_end(last)
        || scan.is_sign(last + 1, &[',', '.', '(', '|'])
            && (scan.is_line_end(last + 1) || scan.is_sign(last + 1, &['(', '|', ',']))
}

/// Whether the line before holds nothing but a label for a name: `Ship to:\nAnna`.
fn is_label_line(scan: &Scan<'_>, first: usize) -> bool {
    let Some(at) = first.checked_sub(2) else {
        return false;
    };
    if scan.tokens[first - 1].class == Class::Blank {
        return false;
    }
    let colon = scan.is_sign(at, &[':']);
    let word = if colon { at.checked_sub(1) } else { Some(at) };
    let labels = NAME | super::super::vocabulary::ADDRESS;
    word.is_some_and(|word| {
        (colon || scan.is_line_start(word)) && {
            let marks = scan.tokens[word].marks
                | word
                    .checked_sub(1)
                    .map_or(NONE, |index| scan.tokens[index].marks);
            marks & labels != 0 || scan.str(word).eq_ignore_ascii_case("to")
        }
    })
}

/// Whether the name begins its line and a colon follows, as in a chat.
fn is_speaker(scan: &Scan<'_>, last: usize) -> bool {
    scan.is_sign(last + 1, &[':'])
        && scan.gap(last).is_empty()
        && scan
            .get(last + 2)
            .is_some_and(|next| !matches!(next.class, Class::Line | Class::Blank))
}

/// A name in small letters where one is expected: `hi priya`, `my name is kwame mensah`, `tomasz: done`.
pub(super) fn lower_name(scan: &Scan<'_>, index: usize) -> Option<Part> {
    let token = scan
        .get(index)
        .filter(|token| token.class == Class::Word && token.case == Case::Lower)?;
    let is_name = token.classes & GIVEN != 0
        && token.classes & (WORD | PROPER) == 0
        && token.marks & (GENERIC | GREETING | SIGN_OFF | NAME) == 0;
    let touches = scan
        .char_before(token.start)
        .is_some_and(|char| !char.is_whitespace() && !matches!(char, '"' | '(' | '“' | '*'))
        || scan.char_at(token.end).is_some_and(|char| {
            char.is_alphanumeric()
                || matches!(char, '_' | '@' | '/' | '-' | '=' | '.')
                    && scan
                        .char_at(token.end + 1)
                        .is_some_and(char::is_alphanumeric)
        });
    if !is_name || touches || token.end - token.start < 3 {
        return None;
    }
    let speaker = scan.is_line_start(index) && is_speaker(scan, index);
    let at = index.checked_sub(1);
    let greeted = at.is_some_and(|at| {
        let previous = &scan.tokens[at];
        let word = previous.class == Class::Word && !scan.gap(at).is_empty();
        let comma = scan.is_sign(at, &[','])
            && at > 0
            && scan.tokens[at - 1].marks & (GREETING | SIGN_OFF) != 0;
        word && (previous.marks & GREETING != 0 && is_greeting(scan, at)
            || introduced(scan, at)
            || previous.marks & INTRODUCTION != 0 && introduces(scan, at)
            || previous.marks & SIGN_OFF != 0 && scan.is_line_end(index))
            || comma
    });
    let signature = scan.is_line_start(index) && is_signature(scan, index, index);
    if !(speaker || greeted || signature) {
        return None;
    }
    // The surname behind it, if that is none but a name.
    let next = scan.get(index + 1).filter(|next| {
        next.class == Class::Word && next.case == Case::Lower && scan.gap(index) == " "
    });
    let surname = next.is_some_and(|next| next.classes != 0 && next.classes & (WORD | PROPER) == 0);
    let last = index + usize::from(surname);
    Some(Part {
        start: token.start,
        end: scan.tokens[last].end,
        first: index,
        last,
        classes: token.classes,
        marks: NONE,
        initial: false,
        particle: false,
        linking: false,
        upper: false,
        surname_like: false,
    })
}

impl Scan<'_> {
    /// Whether the words before the sign `at` begin their line or sentence: `Many thanks,`.
    fn is_line_start_phrase(&self, at: usize) -> bool {
        (1..=5).any(|back| {
            at >= back
                && (self.is_line_start(at - back) || self.is_sign(at - back, &['.', '!', '?']))
        })
    }
}
