//! Summaries that invent nothing: the most central sentences of the text itself, in its order.
//!
//! **Every sentence of a summary is a substring of the source**, with white space folded. Nothing here calls a model.
//!
//! # Source
//! Erkan and Radev 2004, "LexRank: Graph-based Lexical Centrality as Salience in Text Summarization" (continuous LexRank),
//! with the lead of a text preferred (Edmundson 1969, "New Methods in Automatic Extracting", the location method)
//! through a biased random jump (Otterbacher, Erkan and Radev 2009, "Biased LexRank"), and redundancy avoided by maximal
//! marginal relevance (Carbonell and Goldstein 1998).

mod chunks;
mod rank;
mod select;
mod sentences;
mod terms;

pub use chunks::chunks;
pub(crate) use chunks::first_chunk;

use crate::protocol::SummaryLength;
use sentences::sentences;
use terms::Vectors;

/// Sentences that are compared with each other. Of longer texts those are taken whose words are the most frequent ones of
/// the text (Nenkova and Vanderwende 2005, "The Impact of Frequency on Summarization"), so that the time is bounded.
const MAX_SENTENCES: usize = 800;

/// The summary's sentences in the order of the text; none only if the text has no letter or digit.
///
/// Never more than half of the text's sentences, rounded up: a summary is shorter than its text.
pub fn extract(text: &str, length: SummaryLength) -> Vec<String> {
    let all = sentences(text);
    let vectors = Vectors::new(&all);
    let considered = vectors.most_typical(MAX_SENTENCES);
    let vectors = vectors.only(&considered);
    let ranked = rank::rank(&vectors);
    let mut chosen = select::select(&vectors, &ranked.scores, target(length, all.len()));
    chosen.sort_unstable();
    chosen
        .into_iter()
        .map(|index| all[considered[index]].clone())
        .collect()
}

/// The first `count` sentences: what every other way to summarise has to beat.
pub fn lead(text: &str, count: usize) -> Vec<String> {
    let mut first = sentences(text);
    first.truncate(count);
    first
}

/// The text that [`extract`]'s sentences are shown as: a paragraph, or lines for [`SummaryLength::Long`].
pub fn join(sentences: &[String], length: SummaryLength) -> String {
    let mut joined = String::new();
    for (index, sentence) in sentences.iter().enumerate() {
        if index > 0 {
            joined.push_str(separator(&sentences[index - 1], length));
        }
        joined.push_str(sentence);
    }
    joined
}

/// What stands between `before` and the sentence behind it. Behind a line without a full stop, such as an item of a list,
/// the next sentence would be read as a part of it, so it begins a line.
fn separator(before: &str, length: SummaryLength) -> &'static str {
    match length {
        SummaryLength::Short | SummaryLength::Medium if sentences::is_closed(before) => " ",
        _ => "\n",
    }
}

/// How many of `available` sentences to take: more of a longer text, within the range of the length asked for.
fn target(length: SummaryLength, available: usize) -> usize {
    /// About one sentence in six, as in abstracts of articles.
    const SHARE: usize = 6;
    let wanted = match length {
        SummaryLength::Short => (available / SHARE).clamp(1, 2),
        SummaryLength::Medium => (available / SHARE).clamp(3, 5),
        SummaryLength::Long => (available / SHARE).clamp(6, 8),
    };
    wanted.min(available.div_ceil(2))
}

#[cfg(test)]
mod tests;
