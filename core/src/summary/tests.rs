use proptest::prelude::*;

use super::*;
use crate::protocol::MAX_SUMMARIZE_UTF16;

const ALL: [SummaryLength; 3] = [
    SummaryLength::Short,
    SummaryLength::Medium,
    SummaryLength::Long,
];

const ARTICLE: &str = "\
Home | News | Sport | Weather | Contact

Wolves return to the Ardel valley
By Jo Brown
12 May 2024, 09:15

Wolves have returned to the Ardel valley after a hundred years, and its farmers are worried. Two packs were seen \
last winter near the village of Orm. Cameras showed at least eleven animals.

The valley council met on Tuesday. It decided to pay farmers for every sheep that wolves kill. Dr. Lena Moss, who \
counts the wolves for the university, said that the packs mostly hunt deer. She asked farmers to build fences and to \
keep dogs with the sheep.

Some farmers say that fences cost more than the sheep are worth. The council will pay for half of each fence. The money \
comes from a fund of the region. Tourists have begun to come to Orm to hear the wolves at night.

A shop in the village sells postcards. The weather was fine. The council will look at the payments for sheep, fences and \
dogs again next year, when the university has counted the wolves once more.

Share this article
© 2024 The Ardel Post | Terms | Privacy | Cookies";

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn an_article_is_summarised_by_its_main_sentences() {
    for (length, range) in ALL.into_iter().zip([1..=2, 3..=5, 6..=8]) {
        let summary = extract(ARTICLE, length);
        assert!(range.contains(&summary.len()), "{summary:?}");
        assert!(
            summary
                .iter()
                .any(|sentence| sentence.starts_with("Wolves have returned")),
            "{summary:?}"
        );
        for junk in [
            "postcards",
            "Share",
            "Terms",
            "Home",
            "By Jo",
            "weather was fine",
        ] {
            assert!(
                !summary.iter().any(|sentence| sentence.contains(junk)),
                "{junk}: {summary:?}"
            );
        }
    }
}

#[test]
fn long_summaries_are_lines_and_others_a_paragraph() {
    let long = extract(ARTICLE, SummaryLength::Long);
    assert_eq!(join(&long, SummaryLength::Long).lines().count(), long.len());
    let medium = extract(ARTICLE, SummaryLength::Medium);
    assert_eq!(join(&medium, SummaryLength::Medium), medium.join(" "));
    let items = [
        "an item of a list".to_owned(),
        "A sentence.".to_owned(),
        "x".to_owned(),
    ];
    assert_eq!(
        join(&items, SummaryLength::Medium),
        "an item of a list\nA sentence. x"
    );
}

#[test]
fn small_texts() {
    for length in ALL {
        assert_eq!(extract("", length), Vec::<String>::new());
        assert_eq!(extract(" \n\t ", length), Vec::<String>::new());
        assert_eq!(extract("--- *** ---", length), Vec::<String>::new());
        assert_eq!(
            extract("Only one sentence is here.", length),
            ["Only one sentence is here."]
        );
        assert_eq!(extract("word", length), ["word"]);
        assert_eq!(
            extract("The first thing is this. The second is that.", length).len(),
            1
        );
    }
}

#[test]
fn other_scripts_and_no_punctuation() {
    let chinese = "今天议会开会讨论狼群问题。农民担心他们的羊。议会决定为每只被狼杀死的羊付钱。天气很好。大学正在统计狼的数量。农民要建围栏保护羊。";
    let summary = extract(chinese, SummaryLength::Short);
    assert_eq!(summary.len(), 1);
    assert!(chinese.contains(&summary[0]) && summary[0].ends_with('。'));
    let spoken =
        "so the wolves came back to the valley and the farmers said we need fences ".repeat(20);
    let summary = extract(&spoken, SummaryLength::Medium);
    assert!(!summary.is_empty());
    assert!(summary.iter().all(|part| folded(&spoken).contains(part)));
}

#[test]
fn the_longest_text_is_ranked_in_bounded_work() {
    let max = MAX_SUMMARIZE_UTF16 as usize;
    let fill = |piece: &dyn Fn(usize) -> String| {
        let mut text = String::new();
        for index in 0.. {
            let next = piece(index);
            if text.len() + next.len() > max {
                return text;
            }
            text += &next;
        }
        text
    };
    for text in [
        fill(&|index| {
            format!(
                "Word{} is like word{} in part {index}. ",
                index % 97,
                index % 89
            )
        }),
        fill(&|index| format!("a b c {index}. ")),
        fill(&|_| "a ".to_owned()),
        fill(&|index| format!("x{index} ")),
        fill(&|index| format!("Line {index} of many that are all the same but this\n")),
        "字".repeat(max),
        ".".repeat(max),
        "a.".repeat(max / 2),
    ] {
        let all = sentences(&text);
        let vectors = Vectors::new(&all);
        let considered = vectors.most_typical(MAX_SENTENCES);
        assert!(considered.len() <= MAX_SENTENCES);
        let ranked = rank::rank(&vectors.only(&considered));
        // Postings have at most 200 sentences, rounds are at most 60 over at most 800² edges.
        assert!(ranked.work <= 45_000_000, "{}", ranked.work);
        assert!(extract(&text, SummaryLength::Long).len() <= 8);
    }
}

#[test]
fn the_lead_is_the_first_sentences() {
    let text = "One came here. Two went there. Three stayed at home.";
    assert_eq!(lead(text, 2), ["One came here.", "Two went there."]);
    assert_eq!(lead(text, 9).len(), 3);
}

proptest! {
    #[test]
    fn a_summary_is_of_the_text_and_in_its_order(
        text in "(([A-Z][a-z]{1,6}( [a-z]{1,7}){2,8}[.!?。]|- [a-z ]{5,30}|[A-Za-z]{3,9} \\| [a-z]{3,5}|\\PC{0,12}|Dr\\. Who)[ \n]{1,2}){0,25}",
    ) {
        let source = folded(&text);
        for (length, most) in ALL.into_iter().zip([2, 5, 8]) {
            let summary = extract(&text, length);
            prop_assert!(summary.len() <= most);
            let mut from = 0;
            for sentence in &summary {
                prop_assert!(!sentence.trim().is_empty() && sentence == sentence.trim());
                let at = source[from..].find(sentence.as_str());
                // A repeated sentence is one candidate, at its first place; a shorter one may be found in a longer one before.
                prop_assert!(at.is_some(), "{sentence:?} not behind {from} in {source:?}");
                from += at.unwrap_or_default();
            }
            prop_assert_eq!(summary.is_empty(), !text.chars().any(char::is_alphanumeric));
            prop_assert_eq!(extract(&text, length), summary, "it is always the same");
        }
    }
}
