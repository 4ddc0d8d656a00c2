//! Names in scripts without spaces and capitals: a surname or an unknown word before an honorific, or behind a label.

use super::super::number::is_unspaced;
use super::super::scan::{Class, Scan};
use super::super::{Finding, Kind, Reason};

/// What follows a name, longer ones first.
const HONORIFICS: [&str; 20] = [
    "女士",
    "先生",
    "小姐",
    "老师",
    "老師",
    "经理",
    "經理",
    "医生",
    "醫生",
    "教授",
    "さん",
    "様",
    "さま",
    "氏",
    "殿",
    "くん",
    "ちゃん",
    "씨",
    "님",
    "선생",
];
/// What stands before a name.
const LABELS: [&str; 13] = [
    "姓名",
    "联系人",
    "聯繫人",
    "収件人",
    "收件人",
    "氏名",
    "お名前",
    "名前",
    "担当者",
    "担当",
    "尊敬的",
    "我叫",
    "이름",
];
/// Chinese and Japanese surnames with one or two signs, and Korean ones, by how often they occur.
const SURNAMES: &str = "王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹袁邓鄧许許傅沈曾彭吕呂苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎閻余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝孔白崔康毛邱秦江史顾顧侯邵孟龙龍万萬段雷钱錢汤湯尹黎易常武乔喬贺賀赖賴龚龔文김이박최정강조윤장임한오서신권황안송전홍";
/// Japanese surnames with two or three signs.
const LONG_SURNAMES: [&str; 36] = [
    "佐藤",
    "鈴木",
    "高橋",
    "田中",
    "伊藤",
    "渡辺",
    "山本",
    "中村",
    "小林",
    "加藤",
    "吉田",
    "山田",
    "佐々木",
    "山口",
    "松本",
    "井上",
    "木村",
    "斎藤",
    "清水",
    "山崎",
    "池田",
    "橋本",
    "阿部",
    "石川",
    "山下",
    "中島",
    "石井",
    "小川",
    "前田",
    "岡田",
    "長谷川",
    "藤田",
    "後藤",
    "近藤",
    "村上",
    "欧阳",
];
/// Characters of the longest name.
const MAX_CHARS: usize = 6;

/// Every such name.
pub(super) fn find(scan: &Scan<'_>, found: &mut Vec<Finding>) {
    for token in &scan.tokens {
        let first = scan.text[token.start..token.end].chars().next();
        if token.class == Class::Word && first.is_some_and(is_unspaced) {
            in_run(scan, token.start, token.end, found);
        }
    }
}

/// Names in the run of letters between the bytes `start` and `end`.
fn in_run(scan: &Scan<'_>, start: usize, end: usize, found: &mut Vec<Finding>) {
    let run = &scan.text[start..end];
    // Where the last find ended, so that each character belongs to one.
    let mut from = 0;
    for (at, _) in run.char_indices() {
        if at < from {
            continue;
        }
        let rest = &run[at..];
        let honorific = HONORIFICS
            .iter()
            .find(|honorific| rest.starts_with(**honorific));
        if let Some(honorific) = honorific
            && let Some(name) = name_before(&run[from..at])
        {
            push(start + at - name.len()..start + at, found);
            from = at + honorific.len();
        } else if let Some(label) = LABELS.iter().find(|label| rest.starts_with(**label))
            && let Some(name) = name_behind(&rest[label.len()..])
        {
            let begin = at + label.len();
            push(start + begin..start + begin + name.len(), found);
            from = begin + name.len();
        }
    }
    // `姓名：王芳`: the label ends the run before.
    let labelled = scan.text[..start]
        .trim_end()
        .strip_suffix([':', '：'])
        .is_some_and(|before| LABELS.iter().any(|label| before.ends_with(label)));
    if labelled
        && from == 0
        && let Some(name) = name_behind(run)
    {
        push(start..start + name.len(), found);
    }
}

fn push(range: std::ops::Range<usize>, found: &mut Vec<Finding>) {
    found.push(Finding::new(Kind::Person, range, 78, Reason::NameContext));
}

/// The name at the end of `run`: from a surname on.
fn name_before(run: &str) -> Option<&str> {
    let starts: Vec<usize> = run
        .char_indices()
        .rev()
        .take(MAX_CHARS)
        .map(|(at, _)| at)
        .collect();
    // The longest that begins with a long surname, else two or three signs that begin with a short one.
    let long = starts.iter().rev().find(|&&at| {
        LONG_SURNAMES
            .iter()
            .any(|surname| run[at..].starts_with(surname))
    });
    let short = || {
        [2, 1, 3, 0]
            .into_iter()
            .filter_map(|back| starts.get(back))
            .find(|&&at| {
                run[at..]
                    .chars()
                    .next()
                    .is_some_and(|sign| SURNAMES.contains(sign))
            })
    };
    long.or_else(short).map(|&at| &run[at..])
}

/// The name at the beginning of `run`, if it begins with a surname.
fn name_behind(run: &str) -> Option<&str> {
    let len = |chars: usize| {
        run.char_indices()
            .nth(chars)
            .map_or(run.len(), |(at, _)| at)
    };
    let long = LONG_SURNAMES
        .iter()
        .find(|surname| run.starts_with(**surname));
    let first = run.chars().next()?;
    // An honorific ends it.
    let end = HONORIFICS
        .iter()
        .filter_map(|honorific| run.find(honorific))
        .min();
    let run = &run[..end.unwrap_or(run.len())];
    let total = run.chars().count();
    let chars = match long {
        Some(surname) => (surname.chars().count() + 2).min(total),
        None if SURNAMES.contains(first) => total.min(3),
        None => return None,
    };
    (chars >= 2).then(|| &run[..len(chars)])
}

#[cfg(test)]
mod tests {
    use super::super::super::test_support::found;
    use super::*;

    #[test]
    fn honorifics_and_labels() {
        for (text, name) in [
            ("请联系王芳女士。", "王芳"),
            ("佐藤健一様、お世話になっております。", "佐藤健一"),
            ("尊敬的李明先生", "李明"),
            ("姓名：张伟", "张伟"),
            ("김민수 씨와 김민수씨", "김민수"),
        ] {
            assert_eq!(
                found(text, Kind::Person).first(),
                Some(&name.to_owned()),
                "{text}"
            );
        }
        for text in ["先生", "注文番号", "今天天气很好", "様々な"] {
            assert!(found(text, Kind::Person).is_empty(), "{text}");
        }
    }
}
