//! Dates of birth: a date, and a word beside it that says so.

use super::date::date;
use super::scan::Scan;
use super::vocabulary::{BIRTH, OTHER_DATE};
use super::{Finding, Kind, Reason};

/// Words between the label and the date: `born in Turin on the`.
const MAX_WORDS: usize = 7;

/// A date of birth that begins at the token `index`.
pub(super) fn find(scan: &Scan<'_>, index: usize, found: &mut Vec<Finding>) {
    let Some(date) = date(scan, index) else {
        return;
    };
    let label = scan.label_before(index, MAX_WORDS, BIRTH | OTHER_DATE);
    let before =
        label.is_some_and(|(at, marks)| marks & BIRTH != 0 && !has_date_between(scan, at, index));
    // `12.03.1980 geboren`, `01/02/1980 (date of birth)`.
    let after = label.is_none_or(|(at, _)| has_date_between(scan, at, index))
        && scan.label_after(date.last, 4, BIRTH)
        && !scan.is_sign(date.last + 1, &[',', '.', ';']);
    // In German registers an asterisk stands for birth.
    let star = index > 0 && scan.is_sign(index - 1, &['*']) && scan.str(index + 1) == ".";
    // `(b. 1980-03-12`, `d.o.b. 12/03/1980`.
    let short = says_short(scan, index);
    if before || after || star || short {
        found.push(Finding::new(
            Kind::BirthDate,
            date.start..date.end,
            93,
            Reason::Label,
        ));
    }
}

/// Whether a date stands between its label and this one: then the label is that one's.
fn has_date_between(scan: &Scan<'_>, label: usize, index: usize) -> bool {
    (label + 1..index).any(|at| date(scan, at).is_some_and(|other| other.last < index))
}

/// `d.o.b.`, `D.O.B:` and `b.` before the date.
fn says_short(scan: &Scan<'_>, index: usize) -> bool {
    let from = scan
        .text
        .floor_char_boundary(scan.tokens[index].start.saturating_sub(10));
    let before = scan.text[from..scan.tokens[index].start].to_ascii_lowercase();
    let before = before.trim_end_matches([' ', ':', '.']);
    before.ends_with("d.o.b") || before.ends_with("(b") || before.ends_with(", b")
}

#[cfg(test)]
mod tests {
    use super::super::test_support::found;
    use super::*;

    #[test]
    fn a_word_beside_says_so() {
        for (text, date) in [
            ("Date of birth: 03/11/1962", "03/11/1962"),
            ("DOB 07/04/76, hired 03/15/2012", "07/04/76"),
            ("d.o.b. 22.02.1994", "22.02.1994"),
            ("Herr A, geb. 08.09.1951, wohnt hier", "08.09.1951"),
            ("né à Brest le 03.10.1947", "03.10.1947"),
            ("Mein Sohn ist am 17.2.2011 geboren.", "17.2.2011"),
            ("Nació el 12 de octubre de 1969", "12 de octubre de 1969"),
            ("A (b. 1980-03-12) came", "1980-03-12"),
            ("Müller, *12.03.1980", "12.03.1980"),
            ("Date of birth\n12/03/1980", "12/03/1980"),
            ("12/03/1980 (date of birth)", "12/03/1980"),
        ] {
            assert_eq!(found(text, Kind::BirthDate), [date], "{text}");
        }
    }

    #[test]
    fn other_dates_are_left_alone() {
        for text in [
            "The contract was signed on 5 May 2020.",
            "Born to run, the company was founded; 1 April 1976",
            "birthday party on 1 November 2025",
            "born in 1985",
            "DOB: unknown\n\n12/03/1980",
            "12/03/1980",
        ] {
            assert!(found(text, Kind::BirthDate).is_empty(), "{text}");
        }
        assert_eq!(
            found("born 1 May 1960, died 2 May 2010", Kind::BirthDate),
            ["1 May 1960"]
        );
    }
}
