//! Dates as people write them, in figures and with the names of months.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::fold::fold;
use super::scan::{Class, Scan};

/// Names of the months in twelve languages, January first; the same month's are together.
const MONTHS: [&str; 12] = [
    "january jan januar janner janvier enero gennaio januari janeiro stycznia leden ledna января ιανουαριου tammikuuta ocak ene gen janv styczen tammikuu",
    "february feb februar feber fevrier febrero febbraio februari fevereiro lutego unora февраля φεβρουαριου helmikuuta subat fev febr luty",
    "march mar marz mars marzo maart marco marca brezna марта μαρτιου maaliskuuta mart mrt mrz marzec",
    "april apr avril abril aprile kwietnia dubna апреля απριλιου huhtikuuta nisan abr avr kwiecien",
    "may mai mayo maggio mei maio maja kvetna мая μαιου toukokuuta mayis maj mag",
    "june jun juni juin junio giugno junho czerwca cervna июня ιουνιου kesakuuta haziran giu czerwiec",
    "july jul juli juillet julio luglio julho lipca cervence июля ιουλιου heinakuuta temmuz juil lug lipiec",
    "august aug aout agosto augustus sierpnia srpna августа αυγουστου elokuuta agustos ago augusti sierpien",
    "september sep sept septembre septiembre settembre setembro wrzesnia zari сентября σεπτεμβριου syyskuuta eylul set wrzesien",
    "october oct okt oktober octobre octubre ottobre outubro pazdziernika rijna октября οκτωβριου lokakuuta ekim ott out pazdziernik",
    "november nov novembre noviembre novembro listopada ноября νοεμβριου marraskuuta kasim listopad",
    "december dec dez dezember decembre diciembre dicembre dezembro grudnia prosince декабря δεκεμβριου joulukuuta aralik dic des desember grudzien",
];

/// A date, where it begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date {
    /// First byte.
    pub(super) start: usize,
    /// Byte behind the last one.
    pub(super) end: usize,
    /// Its last token.
    pub(super) last: usize,
}

/// The date with day, month and year that begins at the token `index`.
pub(super) fn date(scan: &Scan<'_>, index: usize) -> Option<Date> {
    let token = scan.get(index)?;
    if scan
        .char_before(token.start)
        .is_some_and(|char| char.is_alphanumeric() || matches!(char, '-' | '/' | '_'))
    {
        return None;
    }
    let last = match token.class {
        Class::Number => figures(scan, index).or_else(|| day_first(scan, index)),
        Class::Word => month_first(scan, index).or_else(|| article_first(scan, index)),
        _ => None,
    }?;
    let end = scan.get(last)?.end;
    let goes_on = scan.char_at(end).is_some_and(|char| {
        char.is_ascii_alphanumeric() && char != 'T' && char != 'г' || matches!(char, '-' | '/')
    });
    (!goes_on).then_some(Date {
        start: token.start,
        end,
        last,
    })
}

fn number(scan: &Scan<'_>, index: usize) -> Option<(usize, u32)> {
    let token = scan
        .get(index)
        .filter(|token| token.class == Class::Number)?;
    let len = token.end - token.start;
    (len <= 4)
        .then(|| scan.str(index).parse().ok().map(|value| (len, value)))
        .flatten()
}

fn is_year((len, value): (usize, u32)) -> bool {
    len == 4 && (1880..=2099).contains(&value) || len == 2
}

fn is_day((len, value): (usize, u32)) -> bool {
    len <= 2 && (1..=31).contains(&value)
}

fn is_month((len, value): (usize, u32)) -> bool {
    len <= 2 && (1..=12).contains(&value)
}

/// `12/03/1980`, `1980-03-12`, `12. 3. 80`; the same sign twice.
fn figures(scan: &Scan<'_>, index: usize) -> Option<usize> {
    let signs = ['/', '-', '.', '–', '\u{2011}'];
    if !scan.is_sign(index + 1, &signs)
        || !scan.gap(index).is_empty()
        || scan.str(index + 1) != scan.str(index + 3)
    {
        return None;
    }
    let (one, two, three) = (
        number(scan, index)?,
        number(scan, index + 2)?,
        number(scan, index + 4)?,
    );
    let day_month = is_day(one) && is_month(two) || is_month(one) && is_day(two);
    let valid =
        day_month && is_year(three) || one.0 == 4 && is_year(one) && is_month(two) && is_day(three);
    valid.then_some(index + 4)
}

/// `14 March 1987`, `1. April 1968`, `1er mai 1990`, `3rd of May 1990`, `12 de octubre de 1969`.
fn day_first(scan: &Scan<'_>, index: usize) -> Option<usize> {
    is_day(number(scan, index)?).then_some(())?;
    let mut at = index + 1;
    for _ in 0..4 {
        let text = scan.str(at);
        let filler = matches!(
            text,
            "." | "st"
                | "nd"
                | "rd"
                | "th"
                | "er"
                | "de"
                | "of"
                | "º"
                | "°"
                | "ª"
                | "-"
                | "/"
                | "ta"
                | "d"
                | "'"
                | "’"
        );
        if !filler {
            break;
        }
        at += 1;
    }
    is_month_name(scan, at).then_some(())?;
    year_behind(scan, at)
}

/// `July 4, 1976`, `Jan. 2nd 1970`.
fn month_first(scan: &Scan<'_>, index: usize) -> Option<usize> {
    is_month_name(scan, index).then_some(())?;
    let mut at = index + 1;
    if scan.str(at) == "." {
        at += 1;
    }
    is_day(number(scan, at)?).then_some(())?;
    if matches!(scan.str(at + 1), "st" | "nd" | "rd" | "th") {
        at += 1;
    }
    year_behind(scan, at)
}

/// `the 5th of June 1971`.
fn article_first(scan: &Scan<'_>, index: usize) -> Option<usize> {
    (scan.str(index) == "the")
        .then(|| day_first(scan, index + 1))
        .flatten()
}

/// The year behind the token `at`, with a comma, a full stop or `de` between.
fn year_behind(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let mut at = at + 1;
    for _ in 0..2 {
        if matches!(
            scan.str(at),
            "." | "," | "de" | "del" | "of" | "-" | "/" | "do"
        ) {
            at += 1;
        }
    }
    let year = number(scan, at)?;
    // `4 July 76` is a date, `4 July 14:00` is none.
    let fine = year.0 == 4 && is_year(year)
        || year.0 == 2 && !scan.is_sign(at + 1, &[':']) && scan.gap(at - 1) != "\n";
    fine.then_some(at)
}

fn is_month_name(scan: &Scan<'_>, index: usize) -> bool {
    let Some(token) = scan
        .get(index)
        .filter(|token| token.class == Class::Word && token.end - token.start <= 24)
    else {
        return false;
    };
    MONTH_NAMES.contains(fold(&scan.text[token.start..token.end]).as_str())
}

/// All of [`MONTHS`]: it is asked for every word.
static MONTH_NAMES: LazyLock<HashSet<&str>> =
    LazyLock::new(|| MONTHS.iter().flat_map(|names| names.split(' ')).collect());

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(text: &str) -> Vec<&str> {
        let scan = Scan::new(text);
        let mut dates = Vec::new();
        let mut index = 0;
        while index < scan.tokens.len() {
            if let Some(date) = date(&scan, index) {
                dates.push(&text[date.start..date.end]);
                index = date.last;
            }
            index += 1;
        }
        dates
    }

    #[test]
    fn dates_of_many_languages() {
        for date in [
            "12/03/1980",
            "1980-03-12",
            "12.3.80",
            "17.2.2011",
            "14 March 1987",
            "1. April 1968",
            "1er mai 1990",
            "3rd of May 1990",
            "12 de octubre de 1969",
            "July 4, 1976",
            "Jan. 2nd 1970",
            "2 Jan. 1970",
            "the 5th of June 1971",
            "7 février 1979",
            "30 noviembre 1988",
            "14 de março de 1999",
            "21.10.1984",
            "05-12-2009",
        ] {
            assert_eq!(dates(&format!("born {date}, in Rome")), [date]);
            assert_eq!(dates(date), [date]);
        }
    }

    #[test]
    fn other_figures() {
        for text in [
            "12/13/14/15",
            "13/13/1980",
            "1.2.3.4",
            "192.0.2.1",
            "12:30",
            "May 2025",
            "12-03",
            "4 July 14:00",
            "1/2",
            "a12/03/1980",
            "2024-13-01",
            "1980-03-12-7",
        ] {
            assert!(dates(text).is_empty(), "{text}: {:?}", dates(text));
        }
    }
}
