//! Words that say that a secret or a number of a person comes next. What a model could write there it has either made up or
//! learned by heart from somebody's text, so nothing is suggested.

/// Names of what is not to be guessed. Several words are one name.
const SECRETS: &[&str] = &[
    "access code",
    "access key",
    "account no",
    "account number",
    "api key",
    "birthday",
    "card no",
    "card number",
    "credit card",
    "customer number",
    "cvc",
    "cvv",
    "date of birth",
    "debit card",
    "dob",
    "driving licence",
    "driver's license",
    "e-mail address",
    "email",
    "email address",
    "iban",
    "id number",
    "insurance number",
    "licence number",
    "license number",
    "login",
    "mobile number",
    "number plate",
    "passcode",
    "passphrase",
    "passport",
    "passport no",
    "passport number",
    "password",
    "phone no",
    "phone number",
    "pin",
    "pin code",
    "recovery code",
    "routing number",
    "secret key",
    "security code",
    "security number",
    "seed phrase",
    "serial number",
    "sort code",
    "ssn",
    "tax id",
    "tax number",
    "telephone number",
    "token",
    "username",
    "user name",
    "verification code",
];

/// What may stand between the name and the secret: at least one of these must, for "I forgot my password" to be none.
const JOINING: &[&str] = &[
    "#", "-", ":", "=", "again", "are", "back", "here", "is", "it's", "its", "no", "no.", "now",
    "of", "on", "still", "the", "to", "was", "were",
];

/// Most pieces of a secret that were written already: "QQ 12 34 56" has four.
const MAX_PIECES: usize = 5;

/// Phrases behind which a date or place of birth comes, without anything between.
const ANNOUNCING: &[&str] = &["born in", "born on", "born the"];

/// Whether the sentence at the end of `text` announces a secret that has not been written yet, or of which only pieces of
/// digits and capitals and one in progress have.
pub(super) fn announces_secret(text: &str) -> bool {
    let line = text.rsplit(['\n', '!', '?']).next().unwrap_or_default();
    let tail = &line[line.ceil_char_boundary(line.len().saturating_sub(LOOK_BACK_BYTES))..];
    let spaced = tail
        .to_lowercase()
        .replace('’', "'")
        .replace([':', '='], " : ");
    let mut words: Vec<&str> = spaced.split_whitespace().collect();
    // The piece in progress may be a joining word itself ("my password is").
    let is_open = !tail.ends_with(char::is_whitespace) && !tail.ends_with([':', '=']);
    if is_open && words.last().is_some_and(|word| !JOINING.contains(word)) {
        words.pop();
    }
    // What was written of it: groups of digits and capitals. The month of a birth is one, too.
    let whole = words.join(" ");
    let is_born = ANNOUNCING.iter().any(|phrase| {
        whole.rfind(phrase).is_some_and(|at| {
            let behind = whole[at + phrase.len()..].split_whitespace().count();
            behind <= 2
        })
    });
    let cased: Vec<&str> = tail.split_whitespace().collect();
    let is_code = |word: &&str| {
        word.chars().any(|char| char.is_ascii_digit()) || word.chars().all(char::is_uppercase)
    };
    let offset = usize::from(
        is_open
            && cased
                .last()
                .is_some_and(|word| !JOINING.contains(&word.to_lowercase().as_str())),
    );
    let pieces = cased
        .iter()
        .rev()
        .skip(offset)
        .take(MAX_PIECES)
        .take_while(|word| is_code(word));
    let pieces = pieces.count().min(
        words
            .iter()
            .rev()
            .take_while(|word| !JOINING.contains(word))
            .count(),
    );
    words.truncate(words.len() - pieces);
    let joining = words
        .iter()
        .rev()
        .take_while(|word| JOINING.contains(word))
        .count();
    let before = words[..words.len() - joining].join(" ");
    let ends_with = |name: &&str| {
        before.strip_suffix(*name).is_some_and(|head| {
            head.is_empty() || head.ends_with(|char: char| !char.is_alphanumeric())
        })
    };
    is_born || (joining > 0 && SECRETS.iter().any(ends_with))
}

/// Longer than any name with what joins it and the secret's beginning.
const LOOK_BACK_BYTES: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_announced_by_a_name_and_a_joining_word() {
        for text in [
            "My password is ",
            "my PIN is",
            "My PIN is 4",
            "password: hun",
            "The card number is: ",
            "Passport no. ",
            "passport number: C01X0",
            "SSN=",
            "She was born on ",
            "he was born in 19",
            "You can reach me, my phone number is now ",
            "driver’s license #",
            "The insurance number is QQ 12 ",
            "My driving licence is ABCDE 901234 M",
            "The number plate is AB57 X",
            "She was born on 14 Aug",
            "The security code on the back is ",
        ] {
            assert!(announces_secret(text), "{text}");
        }
        for text in [
            "I forgot my password ",
            "my password is not w",
            "The pinball machine is ",
            "I am on my way to ",
            "A token of my ",
            "Is that your password? It is ",
            "",
            "🙂",
        ] {
            assert!(!announces_secret(text), "{text}");
        }
    }
}
