//! What the text itself calls a password, key or token: `password: Tr0ub4dor`, `"api_key": "..."`, `Passwort lautet ...`.

use super::super::scan::{Class, Scan};
use super::super::url::is_blank;
use super::super::vocabulary::{KEY, SECRET};
use super::super::{Finding, Kind, Reason};

/// Words between a label and its value: `the password for the router is`.
const MAX_BETWEEN: usize = 4;
/// Longest value looked at.
const MAX_VALUE_BYTES: usize = 512;

/// Words that join a label and its value in a sentence.
const IS: [&str; 16] = [
    "is",
    "ist",
    "lautet",
    "es",
    "est",
    "e",
    "is",
    "är",
    "är",
    "er",
    "on",
    "jest",
    "являет",
    "é",
    "è",
    "heißt",
];

/// Every value behind a label.
pub(super) fn find(scan: &Scan<'_>, found: &mut Vec<Finding>) {
    for index in 0..scan.tokens.len() {
        let token = &scan.tokens[index];
        let (secret, key) = (token.marks & SECRET != 0, token.marks & KEY != 0);
        if !(secret || key)
            || scan.before(index).is_some_and(|before| {
                before.class == Class::Sign && matches!(scan.str(index - 1), "@" | "/")
            })
        {
            continue;
        }
        let Some((start, joined)) = value_start(scan, index) else {
            continue;
        };
        let Some(value) = value(scan, start, joined) else {
            continue;
        };
        let assigned = joined != Joined::Word;
        let good = if secret {
            is_password(value.text, assigned)
        } else {
            is_token(value.text)
        };
        if good && !is_blank(value.text) {
            let range = value.start..value.start + value.text.len();
            found.push(Finding::new(
                Kind::Secret,
                range,
                if assigned { 93 } else { 80 },
                Reason::Label,
            ));
        }
    }
}

/// How a label and its value are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joined {
    /// `=`, `:=`: values of programs.
    Equals,
    /// `:`
    Colon,
    /// `is`
    Word,
    /// `Bearer ...`
    Nothing,
}

/// Where the value of the label at `index` begins.
fn value_start(scan: &Scan<'_>, index: usize) -> Option<(usize, Joined)> {
    let scheme = ["bearer", "basic"]
        .iter()
        .any(|word| scan.str(index).eq_ignore_ascii_case(word));
    if scheme && scan.gap(index) == " " && scan.get(index + 1)?.class != Class::Sign {
        return Some((scan.get(index + 1)?.start, Joined::Nothing));
    }
    // `pass CC="..."`: short labels are other words as often.
    let short = [
        "pass",
        "passe",
        "pw",
        "clave",
        "key",
        "sid",
        "auth",
        "token",
        "signature",
    ];
    let between = if short
        .iter()
        .any(|word| scan.str(index).eq_ignore_ascii_case(word))
    {
        0
    } else {
        MAX_BETWEEN
    };
    let mut words = 0;
    for at in index + 1..index + 12 {
        let token = scan.get(at)?;
        let text = scan.str(at);
        match token.class {
            Class::Sign if text == "=" || text == ":" => {
                let joined = if text == "=" {
                    Joined::Equals
                } else {
                    Joined::Colon
                };
                // `=>`, `:=`, `::`.
                let arrow = scan.is_sign(at + 1, &['=', '>']) && scan.gap(at).is_empty();
                if text == ":"
                    && (scan.is_sign(at + 1, &[':', '/']) || scan.is_sign(at - 1, &[':']))
                    && scan.gap(at).is_empty()
                {
                    return None;
                }
                let next = scan.get(at + 1 + usize::from(arrow))?;
                let one_line = !matches!(next.class, Class::Line | Class::Blank);
                // `Authorization: Bearer ...` goes on with a label of its own.
                return (one_line && next.marks & KEY == 0).then_some((next.start, joined));
            }
            Class::Sign if text == "-" && scan.is_sign(at + 1, &['>']) => {
                return Some((scan.get(at + 2)?.start, Joined::Equals));
            }
            // `password"`, `client_secret`, `api-key`, `password (root)`.
            Class::Sign
                if matches!(
                    text,
                    "\"" | "'" | "_" | "-" | "(" | ")" | "`" | "*" | "[" | "]" | "“" | "”"
                ) => {}
            Class::Word if IS.contains(&text) => {
                return Some((scan.get(at + 1)?.start, Joined::Word));
            }
            Class::Word if words < between => words += 1,
            Class::Number if scan.gap(at - 1).is_empty() => {}
            _ => return None,
        }
    }
    None
}

struct Value<'t> {
    text: &'t str,
    start: usize,
}

/// The value at byte `start`, without its quotes and the punctuation of the sentence.
fn value<'t>(scan: &Scan<'t>, start: usize, joined: Joined) -> Option<Value<'t>> {
    let rest = &scan.text[start..];
    let quotes = [
        ('"', '"'),
        ('\'', '\''),
        ('`', '`'),
        ('“', '”'),
        ('„', '“'),
        ('«', '»'),
    ];
    let limit = rest.floor_char_boundary(MAX_VALUE_BYTES);
    if let Some((open, close)) = quotes.into_iter().find(|(open, _)| rest.starts_with(*open)) {
        let inner = &rest[open.len_utf8()..limit.max(open.len_utf8())];
        let len = inner
            .find([close, '\n'])
            .filter(|&len| inner[len..].starts_with(close))?;
        return Some(Value {
            text: inner[..len].trim(),
            start: start + open.len_utf8() + (inner[..len].len() - inner[..len].trim_start().len()),
        });
    }
    let len = rest[..limit]
        .find(|char: char| char.is_whitespace() || matches!(char, '"' | '\'' | '<' | '>' | '`'))
        .unwrap_or(limit);
    let mut run = &rest[..len];
    // Values of connection strings end with a semicolon, values of lists with a comma.
    if let Some(at) = run.find(';') {
        run = &run[..at];
    }
    if joined == Joined::Equals {
        // `a=1&b=2` is two, `pass=x&y` is one.
        let pair = run.find('&').filter(|at| run[*at..].contains('='));
        run = &run[..pair.or(run.find([',', ')'])).unwrap_or(run.len())];
    }
    let sentence_end = ['.', ',', ':', ')', '?', ']', '}'];
    let mut trimmed = run.trim_end_matches(sentence_end);
    // An exclamation mark belongs to a password unless the sentence goes on with a capital letter; nobody can know.
    if run.len() - trimmed.len() > 1 {
        trimmed = run.trim_end_matches(['.', ',', ')']);
    }
    (!trimmed.is_empty()).then_some(Value {
        text: trimmed,
        start,
    })
}

/// Whether `value` may be a password rather than the next word of a sentence.
fn is_password(value: &str, assigned: bool) -> bool {
    const MIN_CHARS: usize = 5;
    let chars = value.chars().count();
    let digit = value.chars().any(|char| char.is_ascii_digit());
    let letter = value.chars().any(char::is_alphabetic);
    let inner = value.trim_end_matches(['!', '.', '…']);
    let sign = inner.chars().any(|char| {
        !char.is_alphanumeric() && !matches!(char, '-' | '\'' | '’' | '/' | '.' | '(' | ')')
    });
    let mixed =
        inner.chars().skip(1).any(char::is_uppercase) && inner.chars().any(char::is_lowercase);
    let signed = sign && (letter || digit) && !is_blank(value);
    let chosen = digit && letter
        || signed && (digit || mixed || assigned)
        || mixed && assigned
        || digit && chars >= 6 && assigned;
    (MIN_CHARS..=128).contains(&chars) && chosen && !is_code(value)
}

/// Whether `value` may be a key or token.
fn is_token(value: &str) -> bool {
    const MIN_BYTES: usize = 16;
    let fits = value
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_+/=.~:%".contains(&byte));
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    let mixed = value.bytes().any(|byte| byte.is_ascii_lowercase())
        && value.bytes().any(|byte| byte.is_ascii_uppercase());
    value.len() >= MIN_BYTES
        && fits
        && (digits >= 2 && letters >= 2 || mixed && value.len() >= 24 && digits > 0)
        && !is_code(value)
}

/// Paths, calls and addresses that assignments in programs are full of.
fn is_code(value: &str) -> bool {
    value.contains("://")
        || value.contains("()")
        || value.contains("${")
        || value.contains("process.env")
        || value.starts_with(['/', '$', '~', '<', '{', '['])
        || value.ends_with('(')
        || value.contains('(') && value.ends_with(')')
}

#[cfg(test)]
mod tests {
    use super::super::super::test_support::found;
    use super::*;

    #[test]
    fn passwords() {
        for (text, secret) in [
            ("password: Tr0ub4dor&3", "Tr0ub4dor&3"),
            ("The new root password is Vq9!mT2x#Lp.", "Vq9!mT2x#Lp"),
            ("Mein Passwort lautet Gurkensalat#77 und", "Gurkensalat#77"),
            ("mot de passe : Lavande-2025!", "Lavande-2025!"),
            ("mdp: Lavande-2025", "Lavande-2025"),
            ("La contraseña es Girasol_88x.", "Girasol_88x"),
            ("SMTP_PASSWORD=Winter2024", "Winter2024"),
            ("\"password\": \"N0t-So_Secret\"", "N0t-So_Secret"),
            ("pwd='abc12345'", "abc12345"),
            (
                "password for the wifi is \"blue Tomato 7\"",
                "blue Tomato 7",
            ),
        ] {
            assert_eq!(found(text, Kind::Secret), [secret], "{text}");
        }
    }

    #[test]
    fn keys_and_tokens() {
        for (text, secret) in [
            (
                "api_key = \"0123456789abcdef0123456789abcdef\"",
                "0123456789abcdef0123456789abcdef",
            ),
            ("X-Api-Key: a1b2c3d4e5f6a7b8c9d0", "a1b2c3d4e5f6a7b8c9d0"),
            (
                "Authorization: Bearer a1b2c3d4e5f6a7b8c9d0",
                "a1b2c3d4e5f6a7b8c9d0",
            ),
            (
                "AccountKey=a1b2C3d4+5f6/7b8c9d0==;Suffix=x",
                "a1b2C3d4+5f6/7b8c9d0==",
            ),
            ("token -> a1b2c3d4e5f6a7b8c9d0", "a1b2c3d4e5f6a7b8c9d0"),
        ] {
            assert_eq!(found(text, Kind::Secret), [secret], "{text}");
        }
    }

    #[test]
    fn sentences_and_programs_are_left_alone() {
        for text in [
            "Forgot your password? Click here.",
            "Passwords must have 12 characters.",
            "password: string",
            "password: ********",
            "password = os.environ.get()",
            "token = ${TOKEN}",
            "The key is under the mat.",
            "secret santa: 14 people",
            "primary key: id",
            "token_type: bearer",
            "the token is valid for 30 days",
            "Password policy: min. 12 characters, 90 days",
            "The password is not known.",
            "cache_key=user_settings",
            "Das Passwort ist falsch.",
        ] {
            assert!(
                found(text, Kind::Secret).is_empty(),
                "{text}: {:?}",
                found(text, Kind::Secret)
            );
        }
    }
}
